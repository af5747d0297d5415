"""What the routers of one VPC tell each other: where the others' subnets are.

Nothing here asks anybody; it is all decided from a VPC.
"""

from __future__ import annotations

from ipaddress import IPv4Network, ip_address

from compute.ec2.vpcs import Nat, Table, Thing, Vpc

Hop = tuple[str, str]
"""Destination and next hop."""


def hops_of(router: Thing) -> set[Hop]:
    """All static routes of a router."""
    return {(each["destination"], each["nexthop"]) for each in router["routes"]}


def nat_of_hop(vpc: Vpc, hop: Hop) -> Nat | None:
    """The NAT gateway that a route leads to."""
    for nat in vpc.nats:
        if nat.address and nat.address == hop[1]:
            return nat
    return None


def is_local(vpc: Vpc, hop: Hop) -> bool:
    """Whether a route leads to the subnets of another router of the same VPC."""
    if vpc.transit is None or nat_of_hop(vpc, hop) is not None:
        return False
    return ip_address(hop[1]) in IPv4Network(vpc.transit["cidr"])


def missing_hops(vpc: Vpc, node: Table | Nat) -> tuple[set[Hop], set[Hop]]:
    """The routes to the others' subnets that the router of a table or NAT gateway
    lacks, and those that it should not have any more."""
    assert node.router is not None, "the default VPC has no router"
    wanted = {
        (subnet["cidr"], other.address)
        for other in vpc.tables
        if other.address and other.id != node.id
        for subnet in other.subnets
    }
    if not node.address:
        wanted = set()
    has = {hop for hop in hops_of(node.router) if is_local(vpc, hop)}
    return wanted - has, has - wanted
