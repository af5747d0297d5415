"""The routes of a table as documents have them."""

from __future__ import annotations

from typing import Any

from compute.ec2 import ids
from compute.ec2.hops import Hop, hops_of, is_local, nat_of_hop
from compute.ec2.inventory import Inventory
from compute.ec2.vpcs import EVERYWHERE, Table, Vpc

_LOCAL = "local"


def routes(inventory: Inventory, table: Table) -> list[dict[str, Any]]:
    """To its VPC, to the internet if it leads there, and what was added."""
    layout = inventory.layout
    vpc = layout.vpcs[table.vpc]
    found: list[dict[str, Any]] = [
        {
            "destinationCidrBlock": block,
            "gatewayId": _LOCAL,
            "state": "active",
            "origin": "CreateRouteTable",
        }
        for block in vpc.blocks
    ]
    if table.router is None:
        return found
    gateway = layout.gateway_of(table.vpc)
    if table.router["external_gateway_info"] and gateway is not None:
        found.append(_added(EVERYWHERE, gatewayId=gateway.id))
    for hop in sorted(hops_of(table.router)):
        if not is_local(vpc, hop):
            found.append(_added(hop[0], **_target(inventory, vpc, hop)))
    return found


def _added(destination: str, **target: Any) -> dict[str, Any]:
    kind = "Ipv6CidrBlock" if ":" in destination else "CidrBlock"
    return {
        f"destination{kind}": destination,
        **target,
        "state": "active",
        "origin": "CreateRoute",
    }


def _target(inventory: Inventory, vpc: Vpc, hop: Hop) -> dict[str, Any]:
    """Whose address a next hop is, as far as the project can know."""
    if (nat := nat_of_hop(vpc, hop)) is not None:
        return {"natGatewayId": nat.id}
    address = hop[1]
    for port in inventory.ports:
        if address in {place["ip_address"] for place in port["fixed_ips"]}:
            found = {"networkInterfaceId": inventory.id_of(ids.INTERFACE, port["id"])}
            if port["device_owner"].startswith("compute:"):
                found["instanceId"] = inventory.id_of(ids.INSTANCE, port["device_id"])
                found["instanceOwnerId"] = port["project_id"]
            return found
    return {}
