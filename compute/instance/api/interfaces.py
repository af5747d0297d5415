"""Network interfaces of servers: list, attach, detach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.instance.api.presenting import Presenter
from compute.instance.frame.bodies import Body, Field
from compute.instance.frame.replies import accepted, ok
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.nics import security_group_ids, vif_of
from compute.instance.parts import Parts
from compute.instance.policies import ANY_NETWORK
from compute.instance.ports import OWNER_PREFIX, release_port
from compute.instance.records import Server
from compute.instance.schemas.types import ADDRESS, TAG, UUID
from compute.instance.service.actions import Change, ServerActions
from compute.instance.service.network_choice import usable_network
from compute.network.client import NewPort
from objectstore.kernel.reply import Reply

RULE = "os_compute_api:os-attach-interfaces"
_IPS = {
    "type": "array",
    "maxItems": 1,
    "items": {
        "type": "object",
        "properties": {"ip_address": ADDRESS},
        "required": ["ip_address"],
        "additionalProperties": False,
    },
}
ATTACH = Body(
    "interfaceAttachment",
    (
        Field("net_id", UUID),
        Field("port_id", UUID),
        Field("fixed_ips", _IPS),
        Field("tag", TAG, since=49),
    ),
)
TAG_SINCE = 70


class InterfacesApi:
    """Handlers."""

    def __init__(
        self, parts: Parts, actions: ServerActions, presenter: Presenter
    ) -> None:
        self._parts = parts
        self._actions = actions
        self._presenter = presenter

    def verbs(self) -> list[Verb]:
        """The routes."""
        many = "/servers/{server_id}/os-interface"
        virtual = "/servers/{server_id}/os-virtual-interfaces"
        return [
            Verb("GET", many, self.index),
            Verb("POST", many, self.attach),
            Verb("GET", f"{many}/{{port_id}}", self.show),
            Verb("DELETE", f"{many}/{{port_id}}", self.detach),
            Verb("GET", virtual, self.virtual, until=43),
        ]

    def _server(self, call: ApiCall, rule: str) -> Server:
        server_id = call.parameters["server_id"]
        return self._parts.database.read(
            lambda connection: self._parts.visible(
                connection, call.context, server_id, rule
            )
        )

    def _vifs(self, server: Server) -> list[Mapping[str, Any]]:
        return self._presenter.vifs([server])[server.id]

    def index(self, call: ApiCall) -> Reply:
        """GET .../os-interface."""
        server = self._server(call, f"{RULE}:list")
        found = [_view(call, vif) for vif in self._vifs(server)]
        return ok({"interfaceAttachments": found})

    def virtual(self, call: ApiCall) -> Reply:
        """GET .../os-virtual-interfaces."""
        server = self._server(call, f"{RULE}:list")
        found: list[dict[str, Any]] = []
        for vif in self._vifs(server):
            value = {"id": vif["port_id"], "mac_address": vif["mac"]}
            if minor_of(call) >= 12:
                value["net_id"] = vif["network_id"]
            found.append(value)
        return ok({"virtual_interfaces": found})

    def show(self, call: ApiCall) -> Reply:
        """GET .../os-interface/{port}."""
        server = self._server(call, f"{RULE}:list")
        vif = self._find(server, call.parameters["port_id"])
        return ok({"interfaceAttachment": _view(call, vif)})

    def _find(self, server: Server, port_id: str) -> Mapping[str, Any]:
        for vif in self._vifs(server):
            if vif["port_id"] == port_id:
                return vif
        raise NotFound(f"Instance {server.id} does not have a port with id {port_id}")

    def attach(self, call: ApiCall) -> Reply:
        """POST .../os-interface."""
        body = ATTACH.read(call)["interfaceAttachment"] or {}
        server = self._server(call, RULE)
        self._actions.check(call.context, server, "attach_interface")
        if "port_id" in body and ("net_id" in body or "fixed_ips" in body):
            raise BadRequest("port_id goes with neither net_id nor fixed_ips")
        if "fixed_ips" in body and "net_id" not in body:
            raise BadRequest("Must input network_id when request IP address")
        is_any_allowed = self._parts.allows(call.context, ANY_NETWORK)
        vif = self._plug(server, body, is_any_allowed)
        try:
            self._actions.begin(
                call.context,
                server.id,
                "attach_interface",
                lambda connection, found: Change(
                    {"vifs": [*found.vifs, vif]}, {"port_id": vif["port_id"]}
                ),
                rule=RULE,
            )
        except Exception:
            release_port(self._parts.network, vif["port_id"], ours=vif["ours"])
            raise
        return ok({"interfaceAttachment": _view(call, vif)})

    def _plug(
        self, server: Server, body: Mapping[str, Any], is_any_allowed: bool
    ) -> dict[str, Any]:
        """A port of the server on its host; its interface."""
        network = self._parts.network
        owner = f"{OWNER_PREFIX}{server.availability_zone or 'nova'}"
        brought = "port_id" in body
        if brought:
            port = network.port(server.project_id, body["port_id"])
            if port.device_id:
                raise Conflict(f"Port {port.id} is still in use.")
            port = network.bind_port(
                port.id, device_id=server.id, host=server.host, device_owner=owner
            )
        else:
            network_id = body.get("net_id") or self._only_network(server)
            usable_network(network, server.project_id, network_id, is_any_allowed)
            address = (body.get("fixed_ips") or [{"ip_address": ""}])[0]["ip_address"]
            groups = server.security_groups
            (port,) = network.create_ports(
                server.project_id,
                [
                    NewPort(
                        network_id=network_id,
                        device_id=server.id,
                        device_owner=owner,
                        host=server.host,
                        fixed_address=address,
                        security_group_ids=security_group_ids(
                            network, server.project_id, groups
                        ),
                    )
                ],
            )
        for nic in network.nics_of(server.id):
            if nic.port_id == port.id:
                return vif_of(nic, ours=not brought, tag=body.get("tag", ""))
        raise NotFound(f"Port {port.id} could not be found.")

    def _only_network(self, server: Server) -> str:
        found = self._parts.network.networks(server.project_id)
        usable = [each for each in found if not each.external]
        own = [each for each in usable if each.project_id == server.project_id]
        usable = own or usable
        if len(usable) != 1:
            raise Conflict(
                "Multiple possible networks found, use a Network ID to be more"
                " specific."
                if usable
                else "No network was found for the interface."
            )
        return usable[0].id

    def detach(self, call: ApiCall) -> Reply:
        """DELETE .../os-interface/{port}."""
        server = self._server(call, RULE)
        vif = self._find(server, call.parameters["port_id"])
        arguments = {"port_id": vif["port_id"], "mac": vif["mac"]}
        self._actions.begin(
            call.context,
            server.id,
            "detach_interface",
            lambda connection, found: Change(arguments=arguments),
            rule=RULE,
        )
        return accepted()


def _view(call: ApiCall, vif: Mapping[str, Any]) -> dict[str, Any]:
    value = {
        "net_id": vif["network_id"],
        "port_id": vif["port_id"],
        "mac_addr": vif["mac"],
        "port_state": "ACTIVE" if vif.get("active") else "DOWN",
        "fixed_ips": [
            {"subnet_id": each["subnet_id"], "ip_address": each["address"]}
            for each in vif["addresses"]
        ],
    }
    if minor_of(call) >= TAG_SINCE:
        value["tag"] = vif.get("tag") or None
    return value
