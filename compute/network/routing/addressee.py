"""Whom a floating address can lead to: a port's fixed address behind a router."""

from __future__ import annotations

from compute.network import tables
from compute.network.errors import invalid, not_found
from compute.network.frame.work import Work
from compute.network.links import addressing
from compute.network.links.prefixes import parse_address
from compute.network.model import FixedAddress, Port, Router
from compute.network.port_names import OWNER_ROUTER_INTERFACE
from compute.network.routing.router_ports import router_serving


def fixed_address(work: Work, port: Port, wanted: str | None) -> FixedAddress:
    """The port's address that is ``wanted``, or its only one."""
    held = [
        each
        for each in addressing.addresses_of(work, [port.id]).get(port.id, [])
        if ":" not in each.address
    ]
    if wanted:
        address = str(parse_address(wanted, "fixed_ip_address"))
        for each in held:
            if each.address == address:
                return each
        raise invalid(f"Port {port.id} does not have fixed ip {address}", "BadRequest")
    if not held:
        raise invalid(
            f"Cannot add floating IP to port {port.id} that has no fixed IPv4"
            " addresses",
            "BadRequest",
        )
    if len(held) > 1:
        raise invalid(
            f"Port {port.id} has multiple fixed IPv4 addresses. Must provide a specific"
            " IPv4 address when assigning a floating IP",
            "BadRequest",
        )
    return held[0]


def serving_router(
    work: Work, port: Port, fixed: FixedAddress, external_network_id: str
) -> str:
    """The router between the address and the external network; ``NotFound``.

    Of a router's own interface it is that router, which from then on lets everybody
    leave with the floating address who has none of his own.
    """
    if port.device_owner == OWNER_ROUTER_INTERFACE:
        router = work.find(Router, tables.routers, port.device_id)
        leads_there = router and router.external_network_id == external_network_id
        router_id = port.device_id if leads_there else ""
    else:
        router_id = router_serving(work, fixed.subnet_id, external_network_id)
    if not router_id:
        raise not_found(
            "ExternalGatewayForFloatingIPNotFound",
            f"External network {external_network_id} is not reachable from"
            f" subnet {fixed.subnet_id}. Therefore, cannot associate Port {port.id}"
            " with a Floating IP. A router to it",
            "",
        )
    return router_id
