"""The network on which the routers of one VPC meet, and what they tell each other.

What should be is decided from the whole VPC (``hops.missing_hops``) whenever one of
its subnets came, went or changed tables; whoever is interrupted leaves what the next
one puts right.
"""

from __future__ import annotations

from ipaddress import IPv4Network

from compute.ec2.frame.errors import Ec2Error
from compute.ec2.hops import Hop, missing_hops
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.marking import add_words, undone
from compute.ec2.vpcs import TRANSIT, Nat, Table, Vpc
from compute.ec2.words import word
from objectstore.kernel.errors import Rejected

# For measurements between networks (RFC 2544), so nobody's addresses.
_TRANSIT_BLOCKS = ("198.19.255.0/24", "198.18.0.0/24")


def align(inventory: Inventory, vpc_id: str) -> None:
    """Tell each router of a VPC where the others' subnets are."""
    vpc = inventory.look_again().layout.vpcs.get(vpc_id)
    if vpc is None or vpc.router is None:
        return
    nodes: list[Table | Nat] = [*vpc.tables, *vpc.nats]
    for node in nodes:
        more, less = missing_hops(vpc, node)
        for verb, hops in (("remove_extraroutes", less), ("add_extraroutes", more)):
            if hops and node.router is not None:
                change_routes(inventory, node.router["id"], verb, hops)


def change_routes(
    inventory: Inventory, router_id: str, verb: str, hops: set[Hop]
) -> None:
    """``add_extraroutes`` or ``remove_extraroutes`` of a router."""
    routes = [{"destination": to, "nexthop": by} for to, by in sorted(hops)]
    body = {"router": {"routes": routes}}
    inventory.rooms.put("network", "routers", router_id, verb, body=body)


def join(inventory: Inventory, vpc: Vpc, router_id: str) -> None:
    """Bring a router of a VPC, and its main one, to where they meet."""
    transit = vpc.transit
    if transit is None or not vpc.tables[0].address:
        transit = _begun(inventory, vpc)
    _meet(inventory, transit, router_id)


def _begun(inventory: Inventory, vpc: Vpc) -> Thing:
    """Where the main router now is.  It is on one transit only, so when several
    processes begin one at once, the others take that of the first."""
    assert vpc.router is not None, "the default VPC has one table"
    transit = vpc.transit or _new_transit(inventory, vpc)
    try:
        _meet(inventory, transit, vpc.router["id"])
    except Rejected:
        if vpc.transit is None:
            inventory.rooms.delete("network", "networks", transit["network_id"])
        now = inventory.look_again().layout.vpcs.get(vpc.id)
        if now is None or now.transit is None or not now.tables[0].address:
            raise
        return now.transit
    return transit


def part(inventory: Inventory, router: Thing, transit: Thing | None) -> None:
    """Take a router from where it met the others."""
    rooms = inventory.rooms
    rooms.put("network", "routers", router["id"], body={"router": {"routes": []}})
    if transit is not None:
        leave(inventory, router["id"], transit["id"])


def leave(inventory: Inventory, router_id: str, subnet_id: str) -> None:
    """Part a router from a subnet."""
    body = {"subnet_id": subnet_id}
    path = ("routers", router_id, "remove_router_interface")
    inventory.rooms.put("network", *path, body=body)


def lead(inventory: Inventory, router_id: str, subnet_id: str) -> None:
    """Have a router lead to a subnet, as its gateway."""
    body = {"subnet_id": subnet_id}
    path = ("routers", router_id, "add_router_interface")
    inventory.rooms.put("network", *path, body=body)


def _meet(inventory: Inventory, transit: Thing, router_id: str) -> None:
    rooms = inventory.rooms
    port = {
        "network_id": transit["network_id"],
        "fixed_ips": [{"subnet_id": transit["id"]}],
        "name": "where route tables meet",
    }
    made = rooms.post("network", "ports", body={"port": port})["port"]
    with undone(rooms, "network", "ports", made["id"]):
        path = ("routers", router_id, "add_router_interface")
        rooms.put("network", *path, body={"port_id": made["id"]})


def _new_transit(inventory: Inventory, vpc: Vpc) -> Thing:
    rooms = inventory.rooms
    name = f"where the route tables of {vpc.id} meet"
    wanted = {"name": name, "port_security_enabled": False}
    network = rooms.post("network", "networks", body={"network": wanted})["network"]
    with undone(rooms, "network", "networks", network["id"]):
        subnet = {
            "network_id": network["id"],
            "name": name,
            "ip_version": 4,
            "cidr": _free_block(vpc),
            "gateway_ip": None,
            "enable_dhcp": False,
        }
        made: Thing = rooms.post("network", "subnets", body={"subnet": subnet})[
            "subnet"
        ]
        add_words(rooms, "subnets", made["id"], [word(TRANSIT, vpc.id)])
    return made


def _free_block(vpc: Vpc) -> str:
    taken = [IPv4Network(block) for block in vpc.blocks]
    for block in _TRANSIT_BLOCKS:
        if not any(IPv4Network(block).overlaps(each) for each in taken):
            return block
    text = f"{vpc.id} has all addresses by which its route tables could meet"
    raise Ec2Error("RouteTableLimitExceeded", text)
