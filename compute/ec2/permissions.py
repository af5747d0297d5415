"""Rules of security groups as EC2 writes them, and as the network room has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from compute.ec2 import ids
from compute.ec2.frame.errors import Ec2Error, invalid, missing
from compute.ec2.frame.parameters import Parameters
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.vpcs import OF_VPC
from compute.ec2.words import mark

# Any protocol.
ALL = "-1"
_PORTS_MAX = 65535
_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_ICMP = ("icmp", "icmpv6", "ipv6-icmp")

Listed = Callable[[str], tuple[str, str]]
"""Of a prefix list's id the uuid of its group, and the family it is of."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One rule as both sides know it; None: any.  ``port_min`` and ``port_max`` are
    ICMP's type and code."""

    protocol: str | None
    port_min: int | None
    port_max: int | None
    ethertype: str
    prefix: str | None = None
    group: str | None = None  # a uuid
    addresses: str | None = None  # of an address group
    description: str = ""

    def fields(self) -> dict[str, Any]:
        """The same as the network room is told it."""
        return {
            "ethertype": self.ethertype,
            "protocol": self.protocol,
            "port_range_min": self.port_min,
            "port_range_max": self.port_max,
            "remote_ip_prefix": self.prefix,
            "remote_group_id": self.group,
            "remote_address_group_id": self.addresses,
            "description": self.description,
        }

    def is_of(self, rule: Thing) -> bool:
        """Whether that rule of the network room is this one."""
        return (
            rule["protocol"] == self.protocol
            and rule["port_range_min"] == self.port_min
            and rule["port_range_max"] == self.port_max
            and rule["ethertype"] == self.ethertype
            and (rule["remote_ip_prefix"] or _any(self)) == (self.prefix or _any(self))
            and rule["remote_group_id"] == self.group
            and (rule.get("remote_address_group_id") or None) == self.addresses
        )


def _any(permission: Permission) -> str | None:
    """What a rule without a prefix is for EC2, which always has one."""
    if permission.group or permission.addresses:
        return None
    return "0.0.0.0/0" if permission.ethertype == "IPv4" else "::/0"


def shown_ports(rule: Thing) -> tuple[int | None, int | None]:
    """EC2 writes any type or code of ICMP as -1, any port of others as all of them."""
    first, last = rule["port_range_min"], rule["port_range_max"]
    if rule["protocol"] is None:
        return None, None
    if rule["protocol"] in _ICMP:
        return -1 if first is None else first, -1 if last is None else last
    if rule["protocol"] in ("tcp", "udp") and first is None:
        return 0, _PORTS_MAX
    return first, last


def group_named(inventory: Inventory, name: str) -> Thing:
    """The project's only group of that name: of those that were made for no VPC, or
    else of all.  ``Ec2Error``."""
    every = [group for group in inventory.groups if group["name"] == name]
    named = [group for group in every if not mark(group, OF_VPC)] or every
    if len(named) != 1:
        text = f"The security group '{name}' does not exist, or several have the name"
        raise Ec2Error("InvalidGroup.NotFound", text)
    return named[0]


def asked_permissions(
    parameters: Parameters, inventory: Inventory, listed: Listed
) -> list[Permission]:
    """The permissions of a request, in either of the two ways to write them."""
    found: list[Permission] = []
    for each in parameters.structures("IpPermissions"):
        found += _of_structure(inventory, each, listed)
    if parameters.has("IpProtocol"):
        cidr = parameters.text("CidrIp")
        base = _base(parameters)
        if name := parameters.text("SourceSecurityGroupName"):
            group = group_named(inventory, name)["id"]
            found.append(Permission(*base, "IPv4", group=group))
        else:
            found.append(Permission(*base, "IPv4", cidr or "0.0.0.0/0"))
    elif name := parameters.text("SourceSecurityGroupName"):
        group = group_named(inventory, name)["id"]
        found.append(Permission(None, None, None, "IPv4", group=group))
    if not found:
        raise missing("IpPermissions")
    return found


def _of_structure(
    inventory: Inventory, each: Parameters, listed: Listed
) -> Iterator[Permission]:
    base = _base(each)
    sources = 0
    for source in each.structures("PrefixListIds"):
        sources += 1
        identifier, text = source.required("PrefixListId"), source.text("Description")
        # A rule is of one family: as its list is, whatever that has by now.
        addresses, family = listed(identifier)
        yield Permission(*base, family, addresses=addresses, description=text)
    for source in each.structures("IpRanges"):
        sources += 1
        cidr, text = source.required("CidrIp"), source.text("Description")
        yield Permission(*base, "IPv4", cidr, description=text)
    for source in each.structures("Ipv6Ranges"):
        sources += 1
        cidr, text = source.required("CidrIpv6"), source.text("Description")
        yield Permission(*base, "IPv6", cidr, description=text)
    for source in each.structures("Groups"):
        sources += 1
        identifier = source.text("GroupId")
        if identifier:
            group = inventory.uuid(ids.GROUP, identifier)
        else:
            group = group_named(inventory, source.required("GroupName"))["id"]
        text = source.text("Description")
        yield Permission(*base, "IPv4", group=group, description=text)
    if not sources:
        raise missing("IpPermissions.IpRanges")


def _base(given: Parameters) -> tuple[str | None, int | None, int | None]:
    """Protocol and ports (or ICMP's type and code) as the network room has them."""
    written = given.required("IpProtocol").lower()
    protocol = _PROTOCOLS.get(written, written)
    if protocol == ALL:
        return None, None, None
    first, last = given.integer("FromPort"), given.integer("ToPort")
    if protocol in _ICMP:
        return protocol, _unless_any(first), _unless_any(last)
    if protocol in ("tcp", "udp"):
        if first is None or last is None:
            raise missing("FromPort" if first is None else "ToPort")
        if not -1 <= first <= last <= _PORTS_MAX:
            raise invalid("FromPort", f"{first} to {last}")
        if first <= 0 and last in (-1, _PORTS_MAX):
            return protocol, None, None
        return protocol, max(first, 1), last
    return protocol, None, None


def _unless_any(number: int | None) -> int | None:
    return None if number == -1 else number
