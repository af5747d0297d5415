"""Where this cloud's own services are, as its catalogue says.

Two things are asked of it: below which URLs the signals of stacks are, and which hosts
webhooks may not name because they are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from compute.core.context import TokenSource
from objectstore.client.caller import Caller
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable

ORCHESTRATION = "orchestration"
# How long the answer is believed.
KEPT_SECONDS = 60.0
TIMEOUT_SECONDS = 30.0
_CATALOGUE = "/v3/auth/catalog"
# Orchestration's endpoints end with it and a project.
_VERSION = "/v1/"


@dataclass(frozen=True, slots=True)
class Known:
    """``signals``: bases of signals' URLs; ``hosts``: names and addresses, as the
    catalogue writes them."""

    signals: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()


class Places:
    """Asks identity now and then."""

    def __init__(self, identity: Caller, service: TokenSource, clock: Clock) -> None:
        self._identity = identity
        self._service = service
        self._clock = clock
        self._known = Known()
        self._until = 0.0

    def known(self) -> Known:
        """What the catalogue says; ``Unavailable`` while nobody can say."""
        if self._clock.monotonic() >= self._until:
            self._known = _known(self._ask())
            self._until = self._clock.monotonic() + KEPT_SECONDS
        return self._known

    def _ask(self) -> list[Mapping[str, Any]]:
        headers = {"X-Auth-Token": self._service.token()}
        with self._identity.request(
            "GET", _CATALOGUE, headers, timeout=TIMEOUT_SECONDS
        ) as answer:
            document = answer.json()
        if answer.status != 200:
            raise Unavailable(f"identity answers {answer.status} for its catalogue")
        found: list[Mapping[str, Any]] = document["catalog"]
        return found


def _known(catalogue: list[Mapping[str, Any]]) -> Known:
    signals: list[str] = []
    hosts: set[str] = set()
    for service in catalogue:
        for endpoint in service["endpoints"]:
            url = str(endpoint["url"])
            hosts.add((urlsplit(url).hostname or "").rstrip(".").lower())
            if service["type"] == ORCHESTRATION:
                signals.append(url.partition(_VERSION)[0].rstrip("/"))
    return Known(tuple(dict.fromkeys(signals)), frozenset(hosts - {""}))
