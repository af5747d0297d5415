"""cname_lookup: customers' own host names, by their CNAME records.

A request whose ``Host`` is not below ``storage_domain`` is looked up in the DNS:
its CNAME is followed up to ``lookup_depth`` times, and when it leads below the
domain, it takes the place of ``Host`` (for domain_remap).  Otherwise 400.
Answers are remembered as long as they say; addresses are never looked up.

::

    [filter:cname_lookup]
    use = egg:ringstack#cname_lookup
    storage_domain = example.com
    lookup_depth = 1
    # instead of the machine's own
    nameservers =
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Application, Environ, StartResponse
from objectstore.kernel.settings import BadSettings, Mistake, option
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.storage_domains import as_domains, domain_of, split_host

AFTER = ("catch_errors", "gatekeeper", "healthcheck")
BEFORE = ("domain_remap", "cors", "tempurl", "tempauth", "staticweb", "copy")

REMEMBERED_MAX = 10_000
# Names without a record, and answers that say "do not keep", cost one look-up in
# this many seconds.
SHORTEST_SECONDS = 5.0
LOOKUP_SECONDS_MAX = 5.0

Resolve = Callable[[str], tuple[float, str]]
"""A name to (seconds that the answer is good, what it is a CNAME of or "")."""


@dataclass(frozen=True, slots=True)
class CnameLookupSettings:
    """Whose names are followed how far."""

    storage_domain: tuple[str, ...] = option(("example.com",), "The store's domains")
    lookup_depth: int = option(1, "How many CNAMEs in a row", minimum=1)
    nameservers: tuple[str, ...] = option((), "ADDRESS or ADDRESS:PORT")


class CnameLookup:
    """The filter; see the module's docstring."""

    def __init__(
        self,
        app: Application,
        settings: CnameLookupSettings,
        clock: Clock,
        resolve: Resolve,
    ) -> None:
        self.app = app
        self._depth = settings.lookup_depth
        self._domains = as_domains(settings.storage_domain)
        self._clock = clock
        self._resolve = resolve
        self._remembered: dict[str, tuple[float, str]] = {}

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add("cname_lookup", lookup_depth=self._depth)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Replace foreign hosts by ours."""
        host = environ.get("HTTP_HOST", "")
        if host and self._domains:
            name, port = split_host(host)
            if not self._is_ours(name):
                found = self._follow(name)
                environ["HTTP_HOST"] = f"{found}:{port}" if port else found
        return self.app(environ, start_response)

    def _is_ours(self, name: str) -> bool:
        if "." + name in self._domains or domain_of(name, self._domains):
            return True
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True

    def _follow(self, name: str) -> str:
        for _ in range(self._depth):
            target = self._target(name)
            if not target or target == name:
                raise Rejected(400, "CNAME lookup failed to resolve to a valid domain")
            if domain_of(target, self._domains):
                return target
            name = target
        raise Rejected(400, f"CNAME lookup failed after {self._depth} tries")

    def _target(self, name: str) -> str:
        now = self._clock.monotonic()
        known = self._remembered.get(name)
        if known is not None and known[0] > now:
            return known[1]
        seconds, target = self._resolve(name)
        target = target.rstrip(".").lower()
        if len(self._remembered) >= REMEMBERED_MAX:
            del self._remembered[next(iter(self._remembered))]
        until = now + max(seconds, SHORTEST_SECONDS)
        self._remembered[name] = (until, target)
        return target


def dns_resolve(nameservers: tuple[str, ...]) -> Resolve:
    """Asks the DNS on a native thread: the resolver's sockets would block."""
    # Here, because it takes long to import and few stores use this filter.
    import dns.exception
    import dns.resolver

    resolver = dns.resolver.Resolver(configure=not nameservers)
    resolver.lifetime = LOOKUP_SECONDS_MAX
    if nameservers:
        parted = [split_host(server) for server in nameservers]
        resolver.nameservers = [address.strip("[]") for address, _ in parted]
        resolver.nameserver_ports = {
            address.strip("[]"): int(port) for address, port in parted if port
        }

    def ask(name: str) -> tuple[float, str]:
        try:
            answer = resolver.resolve(name, "CNAME")
        except (dns.exception.DNSException, ValueError):
            return 0.0, ""
        if answer.rrset is None:
            return 0.0, ""
        return float(answer.rrset.ttl), str(answer[0].target)

    return lambda name: concurrency.offload(ask, name)


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(
        CnameLookupSettings, "cname_lookup", global_conf, local_conf
    )
    try:
        for server in settings.nameservers:
            ipaddress.ip_address(split_host(server)[0].strip("[]"))
    except ValueError as error:
        source = global_conf.get("__file__", "")
        mistake = Mistake(source, "filter:cname_lookup", "nameservers", str(error))
        raise BadSettings([mistake]) from None
    resolve = dns_resolve(settings.nameservers)
    return lambda app: CnameLookup(app, settings, SystemClock(), resolve)
