"""Routes of a table: to the internet by a router's gateway, to others by its routes."""

from __future__ import annotations

from ipaddress import IPv4Network

from compute.ec2 import ids
from compute.ec2.actions.gateways import lead_out
from compute.ec2.call import Call
from compute.ec2.external import external_network
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, missing, unsupported
from compute.ec2.hops import Hop, hops_of, is_local
from compute.ec2.inventory import Thing
from compute.ec2.joining import change_routes
from compute.ec2.vpcs import EVERYWHERE, Table

_MISSING = "InvalidRouteTableID.NotFound"
_LOCAL = "local"


def create(call: Call) -> Document:
    """``CreateRoute``."""
    table, router = _asked(call)
    destination = _destination(call)
    if _old_hop(call, table, router, destination) or (
        destination == EVERYWHERE and router["external_gateway_info"]
    ):
        text = f"The route identified by {destination} already exists."
        raise Ec2Error("RouteAlreadyExists", text)
    _add(call, router, destination, _target(call, table, destination))
    return {"return": True}


def replace(call: Call) -> Document:
    """``ReplaceRoute``: another target for the same destination.  The old one stays
    when the new one cannot be."""
    table, router = _asked(call)
    destination = _destination(call)
    old = _old_hop(call, table, router, destination)
    leads_out = destination == EVERYWHERE and router["external_gateway_info"]
    if old is None and not leads_out:
        raise _no_route(table, destination)
    if call.parameters.text("GatewayId") and leads_out:
        _check_gateway(call, table, destination)
        return {"return": True}
    target = _target(call, table, destination)
    _drop(call, router, old)
    try:
        _add(call, router, destination, target)
    except BaseException:
        _add(call, router, destination, old[1] if old is not None else "")
        raise
    return {"return": True}


def delete(call: Call) -> Document:
    """``DeleteRoute``; that to the VPC itself stays."""
    table, router = _asked(call)
    destination = _destination(call)
    old = _old_hop(call, table, router, destination)
    leads_out = destination == EVERYWHERE and router["external_gateway_info"]
    if old is None and not leads_out:
        raise _no_route(table, destination)
    _drop(call, router, old)
    return {"return": True}


def _asked(call: Call) -> tuple[Table, Thing]:
    table = call.inventory.layout.table(call.parameters.required("RouteTableId"))
    if table.router is None:
        text = f"{table.id} is of what has no router: it cannot be changed"
        raise Ec2Error("OperationNotPermitted", text)
    return table, table.router


def _destination(call: Call) -> str:
    text = call.parameters.required("DestinationCidrBlock")
    try:
        return str(IPv4Network(text, strict=False))
    except ValueError:
        raise invalid("DestinationCidrBlock", text) from None


def _no_route(table: Table, destination: str) -> Ec2Error:
    text = f"no route with destination-cidr-block {destination} in {table.id}"
    return Ec2Error("InvalidRoute.NotFound", text)


def _old_hop(call: Call, table: Table, router: Thing, destination: str) -> Hop | None:
    vpc = call.inventory.layout.vpcs[table.vpc]
    for hop in hops_of(router):
        if hop[0] == destination and not is_local(vpc, hop):
            return hop
    return None


def _drop(call: Call, router: Thing, old: Hop | None) -> None:
    with coded(missing=_MISSING, state="DependencyViolation"):
        if old is not None:
            change_routes(call.inventory, router["id"], "remove_extraroutes", {old})
        else:
            lead_out(call, router["id"], None)


def _target(call: Call, table: Table, destination: str) -> str:
    """The next hop's address that a request wishes for, or "" for the way out."""
    if call.parameters.text("GatewayId"):
        _check_gateway(call, table, destination)
        return ""
    return _nat_address(call, table) or _next_hop(call)


def _add(call: Call, router: Thing, destination: str, target: str) -> None:
    with coded(missing=_MISSING, state="InvalidParameterValue"):
        if target:
            hops = {(destination, target)}
            change_routes(call.inventory, router["id"], "add_extraroutes", hops)
        else:
            lead_out(call, router["id"], external_network(call.inventory))


def _check_gateway(call: Call, table: Table, destination: str) -> None:
    identifier = call.parameters.text("GatewayId")
    if identifier == _LOCAL:
        raise unsupported("GatewayId", "What is local is not to be changed.")
    gateway = call.inventory.layout.gateway(identifier)
    if gateway.vpc is None or gateway.vpc.id != table.vpc:
        text = f"{table.id} and gateway {identifier} belong to different networks"
        raise Ec2Error("InvalidParameterValue", text)
    if destination != EVERYWHERE:
        text = f"To an internet gateway leads {EVERYWHERE}."
        raise unsupported("DestinationCidrBlock", text)


def _nat_address(call: Call, table: Table) -> str:
    """The address, on the transit, of the NAT gateway that a route leads to, if any."""
    identifier = call.parameters.text("NatGatewayId")
    if not identifier:
        return ""
    nat = ids.named(call.inventory.layout.nats, ids.NAT_GATEWAY, [identifier])[0]
    if nat.vpc != table.vpc or not nat.address or not table.address:
        text = f"{table.id} and {identifier} belong to different networks"
        raise Ec2Error("InvalidParameterValue", text)
    return nat.address


def _next_hop(call: Call) -> str:
    """The address of the interface or instance that a route leads to."""
    parameters, inventory = call.parameters, call.inventory
    if identifier := parameters.text("NetworkInterfaceId"):
        uuid = inventory.uuid(ids.INTERFACE, identifier)
        ports = [port for port in inventory.ports if port["id"] == uuid]
    elif identifier := parameters.text("InstanceId"):
        uuid = inventory.uuid(ids.INSTANCE, identifier)
        ports = list(inventory.ports_by_server.get(uuid, []))
        if len(ports) > 1:
            text = f"The instance {identifier} has several interfaces: name one"
            raise Ec2Error("InvalidInstanceID", text)
    else:
        raise missing("GatewayId")
    for port in ports:
        for place in port["fixed_ips"]:
            if place["subnet_id"] in inventory.subnets_by_id:
                return str(place["ip_address"])
    raise ids.not_found(ids.INTERFACE, identifier)


_TARGETS = (
    "RouteTableId DestinationCidrBlock GatewayId NatGatewayId NetworkInterfaceId"
    " InstanceId"
)
ACTIONS = {
    "CreateRoute": Action(create, _TARGETS, is_alone=True),
    "ReplaceRoute": Action(replace, _TARGETS, is_alone=True),
    "DeleteRoute": Action(delete, "RouteTableId DestinationCidrBlock", is_alone=True),
}
