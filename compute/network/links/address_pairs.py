"""Allowed address pairs of a port, added and taken away without telling the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import PolicyNotAuthorized
from compute.network.frame.bodies import Body
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.links.port_fields import ADDRESS_PAIRS, address_pairs
from compute.network.links.port_list import COLLECTION
from compute.network.links.ports import update_port
from compute.network.links.subnets import on_network
from compute.network.model import Port
from objectstore.kernel.reply import Reply

NAME = "allowed_address_pairs"
CHANGE = Schema(
    {
        "type": "object",
        "properties": {
            "port": {
                "type": "object",
                "properties": {NAME: ADDRESS_PAIRS},
                "required": [NAME],
                "additionalProperties": False,
            }
        },
        "required": ["port"],
        "additionalProperties": False,
    }
)
# Who asks for the port's own MAC address by name means the same as who names none.
Pair = tuple[str, str]
Changed = Callable[[list[Pair], list[Pair]], list[Pair]]


class AddressPairActions:
    """Two actions on a port.  Two who change different pairs at once do not undo each
    other, as they would by writing the whole list."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """Both."""
        path = "/v2.0/ports/{id}/"
        return [
            Route("PUT", path + "add_allowed_address_pairs", self.add),
            Route("PUT", path + "remove_allowed_address_pairs", self.remove),
        ]

    def add(self, call: ApiCall) -> Reply:
        """Those that it has already change nothing."""
        return self._change(call, lambda had, told: [*dict.fromkeys([*had, *told])])

    def remove(self, call: ApiCall) -> Reply:
        """Those that it has not change nothing."""
        return self._change(
            call, lambda had, told: [each for each in had if each not in told]
        )

    def _change(self, call: ApiCall, changed: Changed) -> Reply:
        told = call.json(CHANGE)["port"][NAME]

        def work_on(work: Work) -> Body:
            port = COLLECTION.find(work, call.parameters["id"])
            _enforce(work, port)
            pairs = changed(_pairs(port, port.address_pairs), _pairs(port, told))
            saved = update_port(work, port, {NAME: [_body(port, one) for one in pairs]})
            work.tell("port.update", port.id)
            return COLLECTION.show(work, [saved])[0]

        return json_reply(200, {"port": self._database.write(call.context, work_on)})


def _enforce(work: Work, port: Port) -> None:
    """As for a port whose pairs are written."""
    facts = {name: getattr(port, name) for name in ("id", "project_id", "network_id")}
    target = on_network(work, facts)
    for rule in ("update_port", f"update_port:{NAME}"):
        if not work.policy.allows(work.context, rule, target):
            raise PolicyNotAuthorized(f"({rule}) is disallowed by policy")


def _pairs(port: Port, told: Sequence[Mapping[str, Any]] | None) -> list[Pair]:
    return [
        (pair["ip_address"], pair.get("mac_address", port.mac))
        for pair in address_pairs(told)
    ]


def _body(port: Port, pair: Pair) -> Body:
    address, mac = pair
    return {
        "ip_address": address,
        **({"mac_address": mac} if mac != port.mac else {}),
    }
