"""A port's second binding: a host that is wired before the port's guest moves there.

While a port has one it is in both hosts' views.  When the port's host becomes that one
(the guest has moved) the binding is used up; or it is dropped, and the host's wires go.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import PolicyNotAuthorized
from compute.network import tables
from compute.network.errors import conflict, not_found
from compute.network.frame.bodies import Body
from compute.network.frame.collection import is_service
from compute.network.frame.subjects import of_host, of_network
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.links.dhcp_ports import keep_dhcp_ports
from compute.network.links.networks import hosts_of_network
from compute.network.links.port_fields import VIF_TYPE
from compute.network.links.port_list import COLLECTION
from compute.network.model import Port
from compute.network.trunks.members import ports_below
from compute.network.trunks.port_rules import check_place
from objectstore.kernel.reply import Reply

ACTIVE, INACTIVE = "ACTIVE", "INACTIVE"
CREATE = Schema(
    {
        "type": "object",
        "properties": {
            "binding": {
                "type": "object",
                "properties": {
                    "host": {"type": "string", "minLength": 1, "maxLength": 255},
                    "vnic_type": {"type": "string"},
                    "profile": {"type": ["object", "null"]},
                },
                "required": ["host"],
                "additionalProperties": False,
            }
        },
        "required": ["binding"],
        "additionalProperties": False,
    }
)


class BindingApi:
    """The routes below a port.  For administrators and the cloud's own services."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """All of them."""
        many = "/v2.0/ports/{port_id}/bindings"
        return [
            Route("GET", many, self.list),
            Route("POST", many, self.create),
            Route("PUT", f"{many}/{{host}}/activate", self.activate),
            Route("DELETE", f"{many}/{{host}}", self.delete),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The host that the port is on, and the one that is made ready."""

        def work_on(work: Work) -> list[Body]:
            port = _find(work, call)
            found = [_shown(port, port.host, ACTIVE)] if port.host else []
            second = binding_of(work, port.id)
            return found + ([_shown(port, second, INACTIVE)] if second else [])

        found = self._database.read(call.context, work_on)
        return json_reply(200, {"bindings": found})

    def create(self, call: ApiCall) -> Reply:
        """Make a second host ready; 409 while another one is."""
        host = call.json(CREATE)["binding"]["host"]

        def work_on(work: Work) -> Body:
            port = _find(work, call)
            check_place(work, port, {"binding:host_id": host})
            add_binding(work, port, host)
            return _shown(port, host, INACTIVE)

        found = self._database.write(call.context, work_on)
        return json_reply(201, {"binding": found})

    def activate(self, call: ApiCall) -> Reply:
        """The guest is there now."""
        host = call.parameters["host"]

        def work_on(work: Work) -> Body:
            from compute.network.links.ports import update_port

            port = _find(work, call)
            if port.host != host and binding_of(work, port.id) != host:
                raise not_found("PortBindingNotFound", "Binding for port", port.id)
            return _shown(
                update_port(work, port, {"binding:host_id": host}), host, ACTIVE
            )

        found = self._database.write(call.context, work_on)
        return json_reply(200, {"binding": found})

    def delete(self, call: ApiCall) -> Reply:
        """The second host needs to be ready no more."""

        def work_on(work: Work) -> None:
            port = _find(work, call)
            host = call.parameters["host"]
            if binding_of(work, port.id) != host:
                raise not_found("PortBindingNotFound", "Binding for port", port.id)
            check_place(work, port, {"binding:host_id": host})
            drop_binding(work, port)

        self._database.write(call.context, work_on)
        return empty_reply(204)


def _find(work: Work, call: ApiCall) -> Port:
    if not (work.is_admin or is_service(work)):
        raise PolicyNotAuthorized("(get_port_binding) is disallowed by policy")
    found: Port = COLLECTION.find(work, call.parameters["port_id"])
    return found


def _shown(port: Port, host: str, status: str) -> Body:
    return {
        "host": host,
        "status": status,
        "vif_type": VIF_TYPE,
        "vif_details": {},
        "vnic_type": port.vnic_type,
        "profile": dict(port.profile),
    }


def binding_of(work: Work, port_id: str) -> str:
    """The second host; "" when there is none."""
    bindings = tables.bindings
    found = work.connection.execute(
        sa.select(bindings.c.host).where(bindings.c.port_id == port_id)
    ).scalar()
    return str(found or "")


def bound_to(work: Work, host: str) -> list[str]:
    """The ports whose second host that is."""
    bindings = tables.bindings
    found = work.connection.execute(
        sa.select(bindings.c.port_id).where(bindings.c.host == host)
    )
    return list(found.scalars())


def wired_elsewhere(work: Work, port_ids: Collection[str]) -> set[str]:
    """Those of the ports whose second host has made its wires."""
    bindings = tables.bindings
    found = work.connection.execute(
        sa.select(bindings.c.port_id).where(
            bindings.c.port_id.in_(list(port_ids)), bindings.c.wired.is_(True)
        )
    )
    return set(found.scalars())


def add_binding(work: Work, port: Port, host: str) -> None:
    """See ``BindingApi.create``; fine when it is there.  Subports come along."""
    second = binding_of(work, port.id)
    if host in (port.host, second):
        return
    if second:
        raise conflict(
            "PortBindingAlreadyExists",
            f"Binding for port {port.id} on host {second} already exists.",
        )
    work.connection.execute(
        tables.bindings.insert().values(port_id=port.id, host=host, wired=False)
    )
    work.concern([of_host(host), of_network(port.network_id)])
    for subport in ports_below(work, port.id):
        add_binding(work, subport, host)
    keep_dhcp_ports(work, port.network_id)
    work.touch(hosts_of_network(work, port.network_id))


def drop_binding(work: Work, port: Port) -> bool:
    """The port has no second host; whether that one was wired."""
    second = binding_of(work, port.id)
    if not second:
        return False
    was_wired = port.id in wired_elsewhere(work, [port.id])
    for subport in ports_below(work, port.id):
        drop_binding(work, subport)
    work.touch([second])
    bindings = tables.bindings
    work.connection.execute(bindings.delete().where(bindings.c.port_id == port.id))
    work.concern([of_host(second), of_network(port.network_id)])
    keep_dhcp_ports(work, port.network_id)
    work.touch(hosts_of_network(work, port.network_id))
    return was_wired
