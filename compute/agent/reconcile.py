"""What is on a host against what should be.

A guest whose server was deleted while the host was away is removed; so is one whose
server lives on another host by now (it was evacuated, say).  A guest of which
the control plane never heard is not ours to remove: it is told as a leftover.  A
server that should run and whose guest is not there at all (the host lost its memory)
is started again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass

from compute.agent.guest_spec import guest_spec
from compute.agent.guests import GuestState
from compute.agent.host import HostKit, Neighbours
from compute.agent.volumes import volume_disks
from compute.instance.client import ServerBrief, TaskState, VmState
from objectstore.kernel.errors import RingstackError

_log = logging.getLogger("compute.agent")


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something on a host that no server has."""

    host: str
    guest: str
    state: str


class Reconciler:
    """Puts one host right."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._instances = neighbours.instances
        self._volumes = neighbours.volumes

    def run(
        self, kit: HostKit, briefs: Collection[ServerBrief], busy: Collection[str]
    ) -> list[Leftover]:
        """Put right what can be; what cannot.  ``briefs``: the host's servers;
        ``busy``: those being worked on."""
        guests = kit.hypervisor.states()
        servers = {each.id: each for each in briefs}
        strangers = [
            uuid for uuid in guests if uuid not in servers and uuid not in busy
        ]
        leftovers = []
        fates = self._instances.fates(strangers, kit.name) if strangers else {}
        for uuid in strangers:
            if fates.get(uuid) in ("deleted", "moved"):
                _log.warning("%s: removing %s guest %s", kit.name, fates[uuid], uuid)
                kit.hypervisor.destroy(uuid)
                kit.disks.remove(uuid)
            elif uuid not in fates:
                leftovers.append(Leftover(kit.name, uuid, guests[uuid].value))
        for server in servers.values():
            if server.id not in busy and _is_missing(server, guests):
                self._start_again(kit, server)
        for leftover in leftovers:
            _log.warning("%s: guest %s is nobody's", kit.name, leftover.guest)
        return leftovers

    def _start_again(self, kit: HostKit, server: ServerBrief) -> None:
        try:
            record = self._instances.server(server.id)
            if record.task_state == TaskState.NONE.value and not record.deleted:
                volumes = volume_disks(kit, self._volumes, record)
                spec = guest_spec(kit.disks, record, volumes=volumes)
                kit.hypervisor.start(spec)
                _log.warning("%s: started %s again", kit.name, server.id)
        except RingstackError as error:
            _log.warning("%s: %s does not start again: %s", kit.name, server.id, error)


def _is_missing(server: ServerBrief, guests: dict[str, GuestState]) -> bool:
    return (
        server.vm_state == VmState.ACTIVE.value
        and server.task_state == TaskState.NONE.value
        and server.id not in guests
    )
