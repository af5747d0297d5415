"""Guests that should run and ended with their host, or with their agent: they return.

Such a guest is *owed*.  It is started as soon as the network agent has made its taps,
which went too, and is tried again for as long as its server should run.  Till then
nobody is told of its state: its server would be shut off, and what is shut off is
nobody's to start.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from compute.agent.guest_spec import guest_spec
from compute.agent.guests import GuestState
from compute.agent.host import HostKit, Neighbours
from compute.agent.volumes import volume_disks
from compute.core.errors import NotFound
from compute.instance.client import Server, ServerBrief, TaskState, VmState
from objectstore.kernel import concurrency
from objectstore.kernel.errors import RingstackError, Unavailable

# Taps are back within seconds, the host of a volume within minutes, some things never.
PAUSE_SECONDS = 1.0
PAUSE_SECONDS_MAX = 30.0

_log = logging.getLogger("compute.agent")


@dataclass(slots=True)
class _Owed:
    """When it is tried next, and why it did not start."""

    kit: HostKit
    due: float
    pause: float = PAUSE_SECONDS
    problem: str = ""


class Returning:
    """The guests that an agent owes."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours
        self._owed: dict[str, _Owed] = {}
        self._starting = concurrency.Semaphore(1)

    def look(
        self,
        kit: HostKit,
        guests: Mapping[str, GuestState],
        briefs: Collection[ServerBrief],
        *,
        is_first: bool,
    ) -> None:
        """Find those that are owed.  ``is_first``: no agent has looked since the host,
        or the last agent, ended; a guest that crashed meanwhile was not seen to."""
        for brief in briefs:
            state = guests.get(brief.id, GuestState.ABSENT)
            is_lost = is_first and state is GuestState.CRASHED
            is_down = state is GuestState.ABSENT or is_lost
            if is_down and brief.id not in self._owed and _should_run(brief):
                now = self._neighbours.clock.monotonic()
                self._owed[brief.id] = _Owed(kit, now)

    def owes(self, server_id: str) -> bool:
        """Whether this guest is to come back yet."""
        return server_id in self._owed

    def step(self, busy: Collection[str]) -> None:
        """Start those whose time has come; ``busy``: servers that are worked on."""
        if not self._owed:
            return
        with self._starting:
            for server_id, owed in list(self._owed.items()):
                if owed.due > self._neighbours.clock.monotonic() or server_id in busy:
                    continue
                try:
                    self._start(owed.kit, server_id)
                    del self._owed[server_id]
                except RingstackError as error:
                    self._put_off(server_id, owed, str(error))

    def _put_off(self, server_id: str, owed: _Owed, problem: str) -> None:
        if problem != owed.problem:
            name = owed.kit.name
            _log.warning("%s: %s does not start again: %s", name, server_id, problem)
        owed.problem = problem
        owed.due = self._neighbours.clock.monotonic() + owed.pause
        owed.pause = min(2 * owed.pause, PAUSE_SECONDS_MAX)

    def _start(self, kit: HostKit, server_id: str) -> None:
        """Nothing when it should not run any more."""
        try:
            server = self._neighbours.instances.server(server_id)
        except NotFound:
            return
        if server.deleted or server.host != kit.name or not _should_run(server):
            return
        if kit.waits_for_ports:
            _check_taps(kit, server)
        volumes = volume_disks(kit, self._neighbours.volumes, server)
        kit.hypervisor.start(guest_spec(kit.disks, server, volumes=volumes))
        _log.warning("%s: started %s again", kit.name, server_id)


def _should_run(server: Server | ServerBrief) -> bool:
    return (
        server.vm_state == VmState.ACTIVE.value
        and server.task_state == TaskState.NONE.value
    )


def _check_taps(kit: HostKit, server: Server) -> None:
    """The network agent makes taps last of all.  What the network service says of the
    ports is not asked: it may still be what was before."""
    for vif in server.vifs:
        if not kit.has_device(vif["tap"]):
            raise Unavailable("its network ports are not wired up again yet")
