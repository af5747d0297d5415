"""ratelimit: slows clients down, and refuses those that do not slow down.

Rates are requests a second:

* ``account_ratelimit``: container PUT and DELETE in one account;
* ``container_ratelimit_SIZE``: object PUT, POST, DELETE and COPY in one container of
  at least SIZE objects; between two sizes the rate is interpolated;
* ``container_listing_ratelimit_SIZE``: the same for GET of the container.

Whoever comes too early waits (a greenlet sleeps); whoever would wait longer
than ``max_sleep_time_seconds`` gets 498 ``Slow down``.  A client that was idle
may catch up ``rate_buffer_seconds`` of requests at once.  Accounts whose
``X-Account-Sysmeta-Global-Write-Ratelimit`` is ``WHITELIST`` (or that are in
``account_whitelist``) are not bounded; ``BLACKLIST`` answers 497; a number there
bounds all writes to the account.

Every worker counts on its own: a rate is per worker.

::

    [filter:ratelimit]
    use = egg:ringstack#ratelimit
    account_ratelimit = 0
    max_sleep_time_seconds = 60
    rate_buffer_seconds = 5
    log_sleep_time_seconds = 0
    account_whitelist =
    account_blacklist =
    # container_ratelimit_0 = 100
    # container_ratelimit_100000 = 20
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import Rejected
from objectstore.kernel.option_types import Seconds
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import BadSettings, Mistake, option
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.rates import Pace, SizeRates
from objectstore.middleware.stored_facts import account_metadata, container_facts

AFTER = ("catch_errors", "gatekeeper", "healthcheck", "info", "cors")
BEFORE = ("tempauth", "copy")

STORED_HEADER = "X-Account-Sysmeta-Global-Write-Ratelimit"
WRITES = frozenset({"PUT", "POST", "DELETE", "COPY"})
CONTAINER_PREFIX = "container_ratelimit_"
LISTING_PREFIX = "container_listing_ratelimit_"
# Swift's own number for an account that is shut out.
BLACKLISTED = 497

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RatelimitSettings:
    """How fast clients may be; 0: as they like."""

    account_ratelimit: float = option(0.0, "Container writes a second", minimum=0)
    max_sleep_time_seconds: Seconds = option(60.0, "Wait so long, then 498")
    rate_buffer_seconds: Seconds = option(5.0, "How much idle time counts")
    log_sleep_time_seconds: Seconds = option(0.0, "Log longer waits; 0: none")
    account_whitelist: tuple[str, ...] = option((), "Accounts without limits")
    account_blacklist: tuple[str, ...] = option((), "Accounts that get 497")


class Ratelimit:
    """The filter; see the module's docstring."""

    def __init__(
        self,
        app: Application,
        settings: RatelimitSettings,
        writes: SizeRates,
        listings: SizeRates,
        clock: Clock,
        sleep: Callable[[float], object],
    ) -> None:
        self.app = app
        self._settings = settings
        self._writes = writes
        self._listings = listings
        self._sleep = sleep
        self._pace = Pace(
            clock, settings.max_sleep_time_seconds, settings.rate_buffer_seconds
        )

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add(
            "ratelimit",
            account_ratelimit=self._settings.account_ratelimit,
            max_sleep_time_seconds=self._settings.max_sleep_time_seconds,
            container_ratelimits=self._writes.pairs(),
            container_listing_ratelimits=self._listings.pairs(),
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Wait, refuse, or go on at once."""
        request = Request(environ)
        _, account, container, name = request.split()
        if not account or request.context.is_internal:
            return self.app(environ, start_response)
        own = account_metadata(request.context, account).get(STORED_HEADER, "")
        if account in self._settings.account_blacklist or own == "BLACKLIST":
            reply = Reply(BLACKLISTED, "Your account has been blacklisted")
            return reply(environ, start_response)
        if account not in self._settings.account_whitelist and own != "WHITELIST":
            for key, rate in self._bounds(request, account, container, name, own):
                self._wait(key, rate)
        return self.app(environ, start_response)

    def _bounds(
        self, request: Request, account: str, container: str, name: str, own: str
    ) -> Iterator[tuple[str, float]]:
        """(what is counted, requests a second) for this request."""
        method = request.method
        if container and not name and method in ("PUT", "DELETE"):
            if self._settings.account_ratelimit:
                yield account, self._settings.account_ratelimit
        elif container and (method in WRITES if name else method == "GET"):
            rates = self._writes if name else self._listings
            facts = container_facts(request.context, account, container)
            rate = rates.at(facts.object_count if facts is not None else 0)
            if rate:
                kind = "write" if name else "list"
                yield f"{kind}/{account}/{container}", rate
        if method in WRITES and own.replace(".", "", 1).isdigit() and float(own) > 0:
            yield f"global/{account}", float(own)

    def _wait(self, key: str, rate: float) -> None:
        seconds = self._pace.wait_for(key, rate)
        if seconds is None:
            _logger.warning("ratelimit: %s: would wait too long: 498", key)
            raise Rejected(498, "Slow down")
        log_above = self._settings.log_sleep_time_seconds
        if log_above and seconds > log_above:
            _logger.info("ratelimit: %s waits %.3f s", key, seconds)
        if seconds > 0:
            self._sleep(seconds)


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    prefixes = (CONTAINER_PREFIX, LISTING_PREFIX)
    special = [name for name in local_conf if name.startswith(prefixes)]
    settings = read_options(
        RatelimitSettings, "ratelimit", global_conf, local_conf, ignore=special
    )
    source = global_conf.get("__file__", "")
    writes = _size_rates(CONTAINER_PREFIX, local_conf, source)
    listings = _size_rates(LISTING_PREFIX, local_conf, source)
    return lambda app: Ratelimit(
        app, settings, writes, listings, SystemClock(), concurrency.sleep
    )


def _size_rates(prefix: str, options: dict[str, str], source: str) -> SizeRates:
    pairs: list[tuple[int, float]] = []
    for name, text in options.items():
        if name.startswith(prefix):
            try:
                pairs.append((int(name.removeprefix(prefix)), float(text)))
            except ValueError:
                wrong = "must be of the form SIZE = REQUESTS_A_SECOND"
                mistake = Mistake(source, "filter:ratelimit", name, wrong)
                raise BadSettings([mistake]) from None
    return SizeRates(pairs)
