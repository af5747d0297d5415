"""``OS::Neutron::Trunk``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compute.orchestration.frame.resource_type import Change
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import NETWORK
from compute.orchestration.resources.frame.schemas import flag, items, text, whole
from compute.orchestration.resources.neutron.network_thing import NetworkThing, named

SUBPORTS, LOCK = "sub_ports", "admin_state_up"


class Trunk(NetworkThing):
    """A port whose guest speaks for other ports, by tags."""

    name = "OS::Neutron::Trunk"
    description = "A port whose guest speaks for other ports, by tags."
    shelf = "neutron.trunk"
    fields = {"port": "port_id"}
    properties = {
        "name": named("the trunk"),
        "description": text("What it is for", live=True),
        "port": text("Whose guest that is", required=True, is_a="neutron.port"),
        SUBPORTS: items(
            "The other ports",
            {
                "port": text("Which one", required=True, is_a="neutron.port"),
                "segmentation_type": text(
                    "How its frames are tagged", required=True, one_of=("vlan",)
                ),
                "segmentation_id": whole(
                    "With which id", required=True, least=1, most=4094
                ),
            },
            live=True,
        ),
        LOCK: flag("Whether it may be changed", True, live=True),
    }

    def body(self, work: Work, names: Iterable[str]) -> dict[str, Any]:
        """Ports by their ids."""
        body = super().body(work, names)
        for each in body.get(SUBPORTS) or ():
            each["port_id"] = each.pop("port")
        return body

    def update(self, work: Work, change: Change) -> None:
        """Ports that go, go first: one that comes may have their id."""
        body = self.body(work, sorted(change.names))
        wanted = body.pop(SUBPORTS, None)
        if body.pop(LOCK, None):
            self.put(work, {LOCK: True})
        if wanted is not None:
            had = list(self.show(work)[SUBPORTS])
            self._change(work, "remove", [each for each in had if each not in wanted])
            self._change(work, "add", [each for each in wanted if each not in had])
        plain = {name: body[name] for name in ("description",) if name in body}
        if self.mark in change.names:
            plain[self.mark] = self.marked(work)
        if LOCK in change.names and not work.properties[LOCK]:
            plain[LOCK] = False
        if plain:
            self.put(work, plain)

    def delete(self, work: Work) -> None:
        """Also one that is locked: the stack is its owner."""
        shown = self.look(work)
        if shown is not None and not shown[LOCK]:
            self.put(work, {LOCK: True})
        super().delete(work)

    def _change(self, work: Work, verb: str, ports: list[Any]) -> None:
        if ports:
            path = (*self.path(work), work.physical_id, f"{verb}_subports")
            work.cloud.put(NETWORK, *path, body={SUBPORTS: ports})


TYPES = (Trunk(),)
