"""Sets of DHCP options, and what they mean to a VPC's subnets.

A set is a row of ours (decision 84); which one a VPC has its router says.  The network
room is told: name servers and servers of time of subnets, the domain of networks
that were made for a subnet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.errors import coded
from compute.ec2.inventory import Thing
from compute.ec2.vpcs import ALONE, Vpc
from compute.ec2.words import RESERVED, mark

DEFAULT = "default"
# Of a router: the set that its VPC has.
OF_VPC = f"{RESERVED}dhcp"
DOMAIN, RESOLVERS, CLOCKS = "domain-name", "domain-name-servers", "ntp-servers"
# The network's own resolver.
PROVIDED = "AmazonProvidedDNS"

Options = Mapping[str, Sequence[str]]


def set_of(vpc: Vpc) -> str:
    """The id of the set that a VPC has."""
    return (mark(vpc.router, OF_VPC) if vpc.router is not None else "") or DEFAULT


def options_of(call: Call, vpc: Vpc) -> Options:
    """What its subnets are to be told."""
    if (identifier := set_of(vpc)) == DEFAULT:
        return {}
    kept = call.kept.all(call.signer, ids.DHCP_OPTIONS).get(identifier)
    return kept.content if kept else {}


def of_subnet(options: Options) -> dict[str, Any]:
    """What a subnet of the network room is told."""
    servers = [each for each in options.get(RESOLVERS, ()) if each != PROVIDED]
    return {
        "dns_nameservers": servers,
        "ntp_servers": list(options.get(CLOCKS, ())),
    }


def of_network(options: Options) -> dict[str, Any]:
    """What a subnet's network is told."""
    domain = "".join(options.get(DOMAIN, ())).rstrip(".")
    return {"dns_domain": f"{domain}." if domain else ""}


def tell(call: Call, subnets: Sequence[Thing], options: Options) -> None:
    """Tell the network room of all of them."""
    for subnet in subnets:
        with coded(missing="InvalidSubnetID.NotFound"):
            body = {"subnet": of_subnet(options)}
            call.rooms.put("network", "subnets", subnet["id"], body=body)
            if mark(subnet, ALONE):
                network = {"network": of_network(options)}
                path = ("networks", subnet["network_id"])
                call.rooms.put("network", *path, body=network)
