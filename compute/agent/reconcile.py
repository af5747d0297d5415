"""What is on a host against what should be.

A guest whose server was deleted while the host was away is removed; so is one whose
server lives on another host by now (it was evacuated, say).  A guest of which
the control plane never heard is not ours to remove: it is told as a leftover.
Servers whose guests should run and do not: ``returning``.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from compute.agent.guests import GuestState
from compute.agent.host import HostKit, Neighbours
from compute.instance.client import ServerBrief

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

    def run(
        self,
        kit: HostKit,
        guests: Mapping[str, GuestState],
        briefs: Collection[ServerBrief],
        busy: Collection[str],
    ) -> list[Leftover]:
        """Put right what can be; what cannot.  ``guests``: what is there; ``briefs``:
        the host's servers; ``busy``: those being worked on."""
        servers = {each.id for each in briefs}
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
        for leftover in leftovers:
            _log.warning("%s: guest %s is nobody's", kit.name, leftover.guest)
        return leftovers
