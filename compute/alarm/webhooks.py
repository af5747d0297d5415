"""Posts an alarm's news to a server of a user's choice, and to nothing of ours.

A user who names a URL lends himself our place in the network.  So what is connected to
is a public address (or one that the operator allows), looked up once and connected to
as it was found; no address of this machine and no host of the cloud's catalogue; no
redirect is followed; an answer has ``action_seconds`` from the name to its head, and
of its body nothing is read.  urllib3 blocks, so all of it runs on a native thread.

Signals to stacks of this cloud never get here: see ``delivery``.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping
from dataclasses import replace

import urllib3
from urllib3.exceptions import HTTPError

from compute.alarm.places import Places
from compute.alarm.settings import AlarmSettings
from compute.core.errors import BadRequest
from compute.core.web.connections import Connections, Resolve, system_resolve
from compute.core.web.url_rules import (
    UrlRules,
    WebTarget,
    parse_networks,
    plain_address,
)
from objectstore.kernel import concurrency
from objectstore.kernel.errors import DeadlineExceeded, Unavailable

AGENT = "ringstack-alarm"
# Names that are looked up at once.  Nothing ends a lookup whose server says nothing,
# and each holds a native thread that all else of the process needs, too.
LOOKUPS_MAX = 4
# Any: no packet is sent.
_PROBE_PORT = 9


def url_rules(settings: AlarmSettings) -> UrlRules:
    """What an operator allows; ``ValueError``."""
    return UrlRules(
        schemes=frozenset({"http", "https"}),
        ports=frozenset(settings.webhook_ports),
        hosts=frozenset(),
        hosts_refused=frozenset(
            each.lower() for each in settings.webhook_hosts_refused
        ),
        networks_allowed=parse_networks(settings.webhook_networks_allowed),
    )


class Webhooks:
    """Sends POSTs."""

    def __init__(
        self,
        rules: UrlRules,
        places: Places,
        *,
        seconds: float,
        to_ourselves: bool = False,
        resolve: Resolve = system_resolve,
    ) -> None:
        self._rules = rules
        self._places = places
        self._seconds = seconds
        self._to_ourselves = to_ourselves
        self._resolve = resolve
        self._lookups = threading.BoundedSemaphore(LOOKUPS_MAX)

    def check(self, url: str) -> None:
        """``BadRequest`` for a URL that would never be asked."""
        self._allowed().target(url)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The answer's status.  ``BadRequest`` when we do not go there,
        ``Unavailable`` when nobody answers in time."""
        target = self._allowed().target(url)
        try:
            with concurrency.deadline(self._seconds):
                address = self._address(target)
        except DeadlineExceeded:
            raise Unavailable("the name of its host is not found in time") from None
        connections = Connections(target, address)
        try:
            with connections.cut_after(self._seconds):
                return self._status(connections, target, headers, body)
        finally:
            connections.close()

    def _status(
        self,
        connections: Connections,
        target: WebTarget,
        headers: Mapping[str, str],
        body: bytes,
    ) -> int:
        shown = f"[{target.host}]" if ":" in target.host else target.host
        sent = {"User-Agent": AGENT, **headers, "Host": f"{shown}:{target.port}"}

        def ask() -> int:
            response: urllib3.BaseHTTPResponse = connections.pool.urlopen(
                "POST",
                target.path,
                body=body,
                headers=sent,
                redirect=False,
                retries=False,
                preload_content=False,
            )
            response.close()
            return int(response.status)

        try:
            return int(concurrency.offload(ask))
        except (HTTPError, OSError) as error:
            late = "it does not answer in time" if connections.is_cut else ""
            raise Unavailable(late or type(error).__name__) from None

    def _allowed(self) -> UrlRules:
        if self._to_ourselves:
            return self._rules
        ours = self._places.known().hosts
        return replace(self._rules, hosts_refused=self._rules.hosts_refused | ours)

    def _address(self, target: WebTarget) -> str:
        try:
            found = concurrency.offload(self._look_up, target.host, target.port)
        except OSError:
            raise Unavailable(f"its host {target.host} is not known") from None
        try:
            address = self._rules.choose(target, found)
        except BadRequest:
            # Which address a name has inside is not for everybody to learn.
            raise BadRequest("its host is where webhooks may not go") from None
        plain = plain_address(address)
        if not self._to_ourselves and (is_ours(plain) or self._is_listed(plain)):
            raise BadRequest("its host is one of this cloud's own")
        return address

    def _look_up(self, host: str, port: int) -> list[str]:
        """On a native thread, until the resolver has answered: whoever asked may have
        gone."""
        if not self._lookups.acquire(blocking=False):
            raise Unavailable("too many names are being looked up")
        try:
            return self._resolve(host, port)
        finally:
            self._lookups.release()

    def _is_listed(self, address: str) -> bool:
        """Whether a host of the catalogue has it, whatever name led us there."""
        for host in self._places.known().hosts:
            with contextlib.suppress(OSError):
                found = concurrency.offload(self._look_up, host, _PROBE_PORT)
                if address in map(plain_address, found):
                    return True
        return False


def is_ours(address: str) -> bool:
    """Whether it is one of this machine's: packets to it would come from it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with (
        contextlib.suppress(OSError),
        socket.socket(family, socket.SOCK_DGRAM) as probe,
    ):
        probe.connect((address, _PROBE_PORT))
        return bool(probe.getsockname()[0] == address)
    return False
