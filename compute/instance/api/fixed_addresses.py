"""``addFixedIp`` and ``removeFixedIp``, until 2.43: one address more or less at a port
that the server has."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest, NotFound
from compute.instance.api.actions import ActionsApi
from compute.instance.api.asked import Asked
from compute.instance.frame.bodies import Field
from compute.instance.frame.replies import accepted
from compute.instance.frame.routes import Verb
from compute.instance.parts import Parts
from compute.instance.schemas.types import ADDRESS, ID
from compute.instance.service.lifecycle import Lifecycle
from compute.network.client import Nic, NicAddress
from objectstore.kernel.reply import Reply

UNTIL = 43


class FixedAddressesApi:
    """Handlers."""

    def __init__(self, parts: Parts, lifecycle: Lifecycle, actions: ActionsApi) -> None:
        self._network = parts.network
        self._lifecycle = lifecycle
        network = (Field("networkId", ID, required=True),)
        address = (Field("address", ADDRESS, required=True),)
        actions.add("addFixedIp", Asked(self.add, network, until=UNTIL))
        actions.add("removeFixedIp", Asked(self.remove, address, until=UNTIL))

    def verbs(self) -> list[Verb]:
        """None of its own: both are actions."""
        return []

    def add(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        """``addFixedIp``: another address of a subnet that the port has one of."""
        server = self._lifecycle.visible(call.context, server_id)
        network_id = str(body["networkId"])
        for nic in self._network.nics_of(server.id):
            if nic.network_id == network_id and nic.addresses:
                another = {"subnet_id": nic.addresses[0].subnet_id}
                self._set(nic, [*map(_given, nic.addresses), another])
                return accepted()
        raise NotFound(f"Instance {server.id} has no address in network {network_id}")

    def remove(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        """``removeFixedIp``."""
        server = self._lifecycle.visible(call.context, server_id)
        address = body["address"]
        for nic in self._network.nics_of(server.id):
            left = [each for each in nic.addresses if each.address != address]
            if len(left) < len(nic.addresses):
                self._set(nic, [_given(each) for each in left])
                return accepted()
        raise BadRequest(f"Instance {server.id} has no fixed address {address}")

    def _set(self, nic: Nic, fixed_ips: list[dict[str, str]]) -> None:
        self._network.update_port(nic.port_id, {"fixed_ips": fixed_ips})


def _given(each: NicAddress) -> dict[str, str]:
    return {"subnet_id": each.subnet_id, "ip_address": each.address}
