"""Sets of DHCP options, and what they mean to a VPC's subnets.

A set is a row of ours (decision 84); which one a VPC has its router says.  The network
room is told: name servers and servers of time of subnets, the domain of networks
that were made for a subnet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.marking import there_or_not
from compute.ec2.vpcs import ALONE, Vpc
from compute.ec2.words import RESERVED, mark

DEFAULT = "default"
# Of a router: the set that its VPC has.
OF_VPC = f"{RESERVED}dhcp"
DOMAIN, RESOLVERS, CLOCKS = "domain-name", "domain-name-servers", "ntp-servers"
# The network's own resolver.
PROVIDED = "AmazonProvidedDNS"
# So often is looked whether others changed the same meanwhile.
_LOOKS_MAX = 10

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


def enforce(call: Call, vpc_id: str, only: str = "") -> Inventory:
    """Tell the network room what a VPC's subnets, or one (its uuid), are to be told;
    what is there after it.

    A VPC's set and its subnets cannot be changed at once: whoever wrote either looks
    until they are of one mind, so whoever is last leaves them so.
    """
    told: dict[str, Options] = {}
    for _ in range(_LOOKS_MAX):
        now = replace(call, inventory=call.inventory.look_again())
        vpc = now.inventory.layout.vpcs.get(vpc_id)
        if vpc is None:
            return now.inventory
        options, own = options_of(now, vpc), call.signer.project_id
        others = [
            each
            for each in vpc.subnets
            if each["project_id"] == own and only in ("", each["id"])
            # The room may write the same otherwise.
            if told.get(each["id"]) != options
            and not _is_told(now.inventory, each, options)
        ]
        if not others:
            return now.inventory
        for subnet in others:
            _tell(now, subnet, options)
            told[subnet["id"]] = options
    raise Ec2Error("Unavailable", "Others change the same DHCP options all the time")


def _is_told(inventory: Inventory, subnet: Thing, options: Options) -> bool:
    if any(subnet.get(key) != value for key, value in of_subnet(options).items()):
        return False
    domain = of_network(options)["dns_domain"]
    return not mark(subnet, ALONE) or all(
        network.get("dns_domain", "") == domain
        for network in inventory.networks
        if network["id"] == subnet["network_id"]
    )


def _tell(call: Call, subnet: Thing, options: Options) -> None:
    """It may be gone."""
    with there_or_not():
        body = {"subnet": of_subnet(options)}
        call.rooms.put("network", "subnets", subnet["id"], body=body)
        if mark(subnet, ALONE):
            network = {"network": of_network(options)}
            call.rooms.put("network", "networks", subnet["network_id"], body=network)
