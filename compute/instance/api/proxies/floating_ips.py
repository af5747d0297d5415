"""Floating addresses and their pools, asked of the network service.  A pool is what
is called an external network there."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest, NotFound
from compute.instance.api.actions import ActionsApi
from compute.instance.api.asked import Asked
from compute.instance.api.proxies.frame import proxied
from compute.instance.api.proxies.network_service import NetworkService
from compute.instance.frame.bodies import Field
from compute.instance.frame.replies import accepted, ok
from compute.instance.frame.routes import Verb
from compute.instance.schemas.types import ADDRESS
from compute.instance.service.lifecycle import Lifecycle
from compute.instance.views.proxies import FLOATING, shaped
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import Reply

# The actions of servers lived longer than the lists.
ACTIONS_UNTIL = 43


class FloatingIpProxiesApi:
    """Handlers, and two actions of servers."""

    def __init__(
        self, service: NetworkService, lifecycle: Lifecycle, actions: ActionsApi
    ) -> None:
        self._service = service
        self._lifecycle = lifecycle
        address = Field("address", ADDRESS, required=True)
        fixed = Field("fixed_address", ADDRESS)
        add = Asked(self.add_to_server, (address, fixed), until=ACTIONS_UNTIL)
        remove = Asked(self.remove_from_server, (address,), until=ACTIONS_UNTIL)
        actions.add("addFloatingIp", add)
        actions.add("removeFloatingIp", remove)

    def verbs(self) -> list[Verb]:
        """The routes."""
        return proxied(
            [
                ("GET", "/os-floating-ip-pools", self.pools),
                ("GET", "/os-floating-ips", self.floating_ips),
                ("POST", "/os-floating-ips", self.create),
                ("GET", "/os-floating-ips/{key}", self.floating_ip),
                ("DELETE", "/os-floating-ips/{key}", self.delete),
            ]
        )

    # ---- addresses -------------------------------------------------------------

    def pools(self, call: ApiCall) -> Reply:
        """GET /os-floating-ip-pools."""
        found = self._pools(call)
        return ok({"floating_ip_pools": [{"name": each["name"]} for each in found]})

    def floating_ips(self, call: ApiCall) -> Reply:
        """GET /os-floating-ips."""
        found = self._service.listed(call, "floatingips")
        return ok({"floating_ips": [self._view(call, each) for each in found]})

    def floating_ip(self, call: ApiCall) -> Reply:
        """GET /os-floating-ips/{id}."""
        found = self._service.one(call, "floatingips", "floatingip")
        return ok({"floating_ip": self._view(call, found)})

    def create(self, call: ApiCall) -> Reply:
        """POST /os-floating-ips: from a pool, or from the first."""
        body = call.json() if call.request.has_body else None
        wanted = body.get("pool") if isinstance(body, dict) else None
        pools = self._pools(call)
        chosen = [each for each in pools if wanted in (None, each["name"], each["id"])]
        if not chosen:
            raise NotFound("Floating IP pool not found.")
        values = {"floating_network_id": chosen[0]["id"]}
        made = self._service.make(call, "floatingips", "floatingip", values)
        return ok({"floating_ip": self._view(call, made)})

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /os-floating-ips/{id}."""
        return self._service.delete(call, "floatingips")

    def _pools(self, call: ApiCall) -> list[Any]:
        return self._service.listed(call, "networks", "?router%3Aexternal=true")

    def _view(self, call: ApiCall, found: Any) -> dict[str, Any]:
        pools = {each["id"]: each["name"] for each in self._pools(call)}
        value = shaped(FLOATING, found)
        value["pool"] = pools.get(found["floating_network_id"], "")
        value["instance_id"] = None
        if found.get("port_id"):
            ports = self._service.listed(call, "ports", f"?id={found['port_id']}")
            value["instance_id"] = ports[0]["device_id"] if ports else None
        return value

    # ---- actions of servers ----------------------------------------------------

    def add_to_server(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        """addFloatingIp: to the fixed address named, or to the first."""
        server = self._lifecycle.visible(call.context, server_id)
        floating = self._at(call, body["address"])
        wanted = body.get("fixed_address")
        for port in self._ports(call, server.id):
            for fixed in port["fixed_ips"]:
                address = fixed["ip_address"]
                if wanted in (None, address) and ":" not in address:
                    values = {"port_id": port["id"], "fixed_ip_address": address}
                    return self._associate(call, floating, values)
        raise BadRequest("No fixed IPs associated to instance")

    def remove_from_server(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        """removeFloatingIp."""
        server = self._lifecycle.visible(call.context, server_id)
        floating = self._at(call, body["address"])
        ports = {port["id"] for port in self._ports(call, server.id)}
        if floating.get("port_id") not in ports:
            raise Rejected(
                409,
                f"Floating IP {body['address']} is not associated with instance"
                f" {server.id}.",
            )
        return self._associate(call, floating, {"port_id": None})

    def _at(self, call: ApiCall, address: str) -> Any:
        query = f"?floating_ip_address={quote(address)}"
        found = self._service.listed(call, "floatingips", query)
        if not found:
            raise NotFound(f"Floating IP not found for address {address}.")
        return found[0]

    def _ports(self, call: ApiCall, server_id: str) -> list[Any]:
        return self._service.listed(call, "ports", f"?device_id={server_id}")

    def _associate(self, call: ApiCall, floating: Any, values: Any) -> Reply:
        self._service.change(call, "floatingips", floating["id"], "floatingip", values)
        return accepted()
