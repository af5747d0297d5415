"""Finding hosts for servers: a picture of the hosts, kept for a moment, and the rules.

The picture may be a second old.  That is safe, since a claim is checked by the
database; and the picture is told of our own claims at once, so that a thousand
servers in a row do not all aim at the same host.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from compute.core.sql.database import Connection, Database
from compute.instance.scheduling.choose import Choice, SchedulerKind, choose
from compute.instance.scheduling.snapshot import snapshot
from compute.instance.scheduling.state import HostState, Request
from compute.instance.stores.catalog import AggregateStore
from compute.instance.stores.hosts import Capacity, HostStore
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock

PICTURE_SECONDS = 1.0
# Hosts that a claim tries before a new picture is taken.
CANDIDATES_MAX = 8
# How often we look whether the first host is there.
FIRST_HOST_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one server may go, the best first; or why nowhere."""

    hosts: tuple[str, ...]
    choice: Choice


class Placer:
    """Plans; the caller claims."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        random: Random,
        *,
        kind: SchedulerKind,
        capacity: Capacity,
        down_after_seconds: float,
        first_host_wait_seconds: float,
    ) -> None:
        """``first_host_wait_seconds``: after a start, until hosts have reported."""
        self._database = database
        self._clock = clock
        self._random = random
        self._kind = kind
        self.capacity = capacity
        self._down_after = down_after_seconds
        self._hosts = HostStore()
        self._aggregates = AggregateStore()
        self._picture: dict[str, HostState] = {}
        self._taken_at: float | None = None
        # How often a plan may still wait for the first host.
        self._first_looks = int(first_host_wait_seconds / FIRST_HOST_LOOK_SECONDS)

    def forget(self) -> None:
        """The picture is wrong: take a new one."""
        self._taken_at = None

    def plan(self, requests: Sequence[Request]) -> list[Placement]:
        """A placement for each request, as if the ones before were claimed.

        A cloud that has just started has no hosts for some seconds: their agents ask
        the hypervisor what it can do before they report.  That is no reason to refuse
        a server, so the first plans wait for the first host, once and not for long.
        """
        self._look()
        while self._first_looks > 0 and not self._has_hosts():
            self._first_looks -= 1
            concurrency.sleep(FIRST_HOST_LOOK_SECONDS)
            self.forget()
            self._look()
        self._first_looks = 0
        placements = []
        for request in requests:
            choice = choose(request, self._picture.values(), self._kind, self._random)
            hosts = choice.hosts[:CANDIDATES_MAX]
            if hosts:
                self._note(hosts[0], request)
            placements.append(Placement(hosts, choice))
        return placements

    def zone(self, host: str) -> str:
        """The zone of a host, as of the picture."""
        found = self._picture.get(host)
        return found.zone if found is not None else ""

    def _has_hosts(self) -> bool:
        return any(state.up for state in self._picture.values())

    def _note(self, host: str, request: Request) -> None:
        before = self._picture[host]
        self._picture[host] = dataclasses.replace(
            before,
            vcpus_used=before.vcpus_used + request.vcpus,
            memory_used_mib=before.memory_used_mib + request.memory_mib,
            disk_used_gib=before.disk_used_gib + request.disk_gib,
            servers=before.servers + 1,
        )

    def _look(self) -> None:
        now = self._clock.time()
        if self._taken_at is not None and 0 <= now - self._taken_at < PICTURE_SECONDS:
            return
        picture = self._database.read(lambda connection: self._read(connection, now))
        self._picture = {state.host: state for state in picture}
        self._taken_at = now

    def _read(self, connection: Connection, now: float) -> list[HostState]:
        return snapshot(
            self._hosts.all(connection),
            self._aggregates.all(connection),
            self.capacity,
            now,
            self._down_after,
        )
