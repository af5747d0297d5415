"""Joining routers to subnets, and parting them."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest
from compute.network import tables
from compute.network.errors import conflict, invalid, not_found
from compute.network.frame.bodies import Body
from compute.network.frame.fields import UUID
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.links import addressing, prefixes
from compute.network.links.port_list import COLLECTION as PORTS
from compute.network.links.ports import remove_port
from compute.network.links.subnets import COLLECTION as SUBNETS
from compute.network.links.subnets import ROUTES
from compute.network.links.translations import forwardings_of
from compute.network.model import FloatingIp, Network, Port, Router, Subnet
from compute.network.port_names import OWNER_ROUTER_INTERFACE
from compute.network.routing.placement import place_router
from compute.network.routing.router_ports import (
    connected,
    gateway_of,
    interfaces_of,
    make_router_port,
)
from compute.network.routing.routers import COLLECTION as ROUTERS
from compute.network.routing.routers import change_routes
from compute.network.trunks.port_rules import check_is_no_parent
from objectstore.kernel.reply import Reply

INTERFACE = Schema(
    {
        "type": "object",
        "properties": {"subnet_id": UUID, "port_id": UUID},
        "additionalProperties": False,
    }
)
EXTRA_ROUTES = Schema(
    {
        "type": "object",
        "properties": {
            "router": {
                "type": "object",
                "properties": {"routes": ROUTES},
                "required": ["routes"],
                "additionalProperties": False,
            }
        },
        "required": ["router"],
    }
)


class RouterActions:
    """The actions on a router."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """Their routes."""
        path = "/v2.0/routers/{id}/"
        return [
            Route("PUT", path + "add_router_interface", self.add),
            Route("PUT", path + "remove_router_interface", self.remove),
            Route("PUT", path + "add_extraroutes", self.add_routes),
            Route("PUT", path + "remove_extraroutes", self.remove_routes),
        ]

    def add(self, call: ApiCall) -> Reply:
        """Join a subnet, or a port's."""
        body = call.json(INTERFACE)

        def work_on(work: Work) -> Body:
            return add_interface(work, self._router(work, call), body)

        return json_reply(200, self._database.write(call.context, work_on))

    def remove(self, call: ApiCall) -> Reply:
        """Part from a subnet, or a port's."""
        body = call.json(INTERFACE)

        def work_on(work: Work) -> Body:
            return remove_interface(work, self._router(work, call), body)

        return json_reply(200, self._database.write(call.context, work_on))

    def add_routes(self, call: ApiCall) -> Reply:
        """Add extra routes."""
        return self._change_routes(call, True)

    def remove_routes(self, call: ApiCall) -> Reply:
        """Take extra routes away."""
        return self._change_routes(call, False)

    def _change_routes(self, call: ApiCall, adding: bool) -> Reply:
        routes = call.json(EXTRA_ROUTES)["router"]["routes"] or []

        def work_on(work: Work) -> Body:
            router = change_routes(work, self._router(work, call), routes, adding)
            return ROUTERS.show(work, [router])[0]

        return json_reply(200, {"router": self._database.write(call.context, work_on)})

    def _router(self, work: Work, call: ApiCall) -> Router:
        router = ROUTERS.find(work, call.parameters["id"])
        target = {"project_id": router.project_id}
        work.policy.enforce(work.context, "update_router", target)
        return router


def add_interface(work: Work, router: Router, body: Body) -> Body:
    """Join; what the API answers."""
    if ("subnet_id" in body) == ("port_id" in body):
        raise BadRequest(
            "Bad router request: either subnet_id or port_id must be specified."
        )
    if "port_id" in body:
        port = _take_port(work, router, body["port_id"])
    else:
        port = _port_on(work, router, SUBNETS.find(work, body["subnet_id"]))
    place_router(work, router)
    work.tell("router.interface.create", router.id, port_id=port.id)
    return _answer(work, router, port)


def remove_interface(work: Work, router: Router, body: Body) -> Body:
    """Part; what the API answers."""
    if not body:
        raise BadRequest("Either subnet_id or port_id must be specified")
    port = _joined_port(work, router, body)
    _refuse_while_needed(work, router, port)
    answer = _answer(work, router, port)
    remove_port(work, port)
    current = work.find(Router, tables.routers, router.id)
    assert current is not None
    place_router(work, current)
    work.touch([router.host])
    work.tell("router.interface.delete", router.id, port_id=port.id)
    return answer


def _port_on(work: Work, router: Router, subnet: Subnet) -> Port:
    if not subnet.gateway:
        raise BadRequest(
            "Bad router request: Subnet for router interface must have a gateway IP."
        )
    _check_subnet(work, router, subnet)
    network = work.find(Network, tables.networks, subnet.network_id)
    assert network is not None, "a subnet has a network"
    if addressing.is_taken(work, subnet.id, subnet.gateway):
        raise conflict(
            "IpAddressInUse",
            f"Unable to complete operation for network {network.id}. The IP address"
            f" {subnet.gateway} is in use.",
        )
    return make_router_port(
        work,
        network,
        owner=OWNER_ROUTER_INTERFACE,
        device_id=router.id,
        project_id=router.project_id,
        host=router.host,
        wishes=[{"subnet_id": subnet.id, "ip_address": subnet.gateway}],
    )


def _take_port(work: Work, router: Router, port_id: str) -> Port:
    port = PORTS.find(work, port_id)
    if port.device_id or port.device_owner:
        raise conflict(
            "PortInUse",
            f"Unable to complete operation on port {port.id} for network"
            f" {port.network_id}. Port already has an attached device"
            f" {port.device_id}.",
        )
    check_is_no_parent(work, port)
    held = connected(work, [port])
    if not held:
        raise BadRequest("Bad router request: Port has no fixed IPs.")
    for _, _, subnet in held:
        _check_subnet(work, router, subnet)
    return work.save(
        tables.ports,
        port,
        device_id=router.id,
        device_owner=OWNER_ROUTER_INTERFACE,
        host=router.host,
        port_security=False,
    )


def _check_subnet(work: Work, router: Router, subnet: Subnet) -> None:
    """Two subnets of one router must not meet."""
    prefix = prefixes.parse_prefix(subnet.cidr)
    gateway = gateway_of(work, router)
    ports = [*interfaces_of(work, router.id), *([gateway] if gateway else [])]
    for _, _, other in connected(work, ports):
        if other.id == subnet.id:
            raise BadRequest(
                f"Bad router request: Router already has a port on subnet {subnet.id}."
            )
        if prefix.overlaps(prefixes.parse_prefix(other.cidr)):
            raise BadRequest(
                f"Bad router request: Cidr {subnet.cidr} of subnet {subnet.id} overlaps"
                f" with cidr {other.cidr} of subnet {other.id}."
            )


def _joined_port(work: Work, router: Router, body: Body) -> Port:
    interfaces = interfaces_of(work, router.id)
    port_id, subnet_id = body.get("port_id"), body.get("subnet_id")
    for port, _, subnet in connected(work, interfaces):
        if port_id and port.id != port_id:
            continue
        if subnet_id and subnet.id != subnet_id:
            if port_id:
                raise conflict(
                    "SubnetMismatchForPort",
                    f"Subnet on port {port_id} does not match the requested subnet"
                    f" {subnet_id}.",
                )
            continue
        return port
    if port_id:
        raise not_found(
            "RouterInterfaceNotFound",
            f"Router {router.id} does not have an interface with id",
            port_id,
        )
    raise not_found(
        "RouterInterfaceNotFoundForSubnet",
        f"Router {router.id} has no interface on subnet",
        str(subnet_id),
    )


def _refuse_while_needed(work: Work, router: Router, port: Port) -> None:
    subnets = [subnet for _, _, subnet in connected(work, [port])]
    floating = tables.floating_ips
    here = work.records(FloatingIp, floating, floating.c.router_id == router.id)
    forwarded = forwardings_of(work, floating_ips=[each.id for each in here])
    needed = {each.fixed_address or "" for each in here}
    for address in needed | {each.fixed_address for each in forwarded}:
        for subnet in subnets:
            if _holds(subnet, address):
                raise conflict(
                    "RouterInterfaceInUseByFloatingIP",
                    f"Router interface for subnet {subnet.id} on router {router.id}"
                    " cannot be deleted, as it is required by one or more floating"
                    " IPs.",
                )
    for route in router.routes:
        for subnet in subnets:
            if _holds(subnet, route["nexthop"]):
                raise conflict(
                    "RouterInterfaceInUseByRoute",
                    f"Router interface for subnet {subnet.id} on router {router.id}"
                    " cannot be deleted, as it is required by one or more routes.",
                )


def _holds(subnet: Subnet, address: str) -> bool:

    return bool(address) and prefixes.is_inside(
        prefixes.parse_prefix(address), prefixes.parse_prefix(subnet.cidr)
    )


def _answer(work: Work, router: Router, port: Port) -> dict[str, Any]:
    held = addressing.addresses_of(work, [port.id]).get(port.id, [])
    if not held:
        raise invalid(f"port {port.id} has no address.")
    return {
        "id": router.id,
        "tenant_id": router.project_id,
        "project_id": router.project_id,
        "port_id": port.id,
        "network_id": port.network_id,
        "subnet_id": held[0].subnet_id,
        "subnet_ids": [each.subnet_id for each in held],
        "tags": [],
    }
