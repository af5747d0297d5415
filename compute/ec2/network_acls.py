"""Network ACLs: numbered rules of what comes into a VPC's subnets, and leaves them.

The network room enforces them as the packet rules of subnets (decision 84).  Each VPC
has a default one, whose id is like its own; until it is changed it has no row, and the
subnets have no rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.marking import there_or_not
from compute.ec2.rights import WRITERS
from compute.ec2.vpcs import EVERYWHERE, Vpc
from compute.ec2.words import RESERVED, mark

ALL_PROTOCOLS = "-1"
# The one that refuses what no other has let pass.
LAST_RULE = 32767
_ALL_PORTS = {"from": 0, "to": 65535}
# In each direction; what AWS's limit can be raised to.
ENTRIES_MAX = 40
# So often is looked whether others changed the same meanwhile.
_LOOKS_MAX = 10
# Of a subnet: its ACL, where that is not the default one.
OF_SUBNET = f"{RESERVED}acl"

Entry = Mapping[str, Any]
"""A rule as documents have it."""


def _all(is_egress: bool, number: int, action: str) -> Entry:
    return {
        "ruleNumber": number,
        "protocol": ALL_PROTOCOLS,
        "ruleAction": action,
        "egress": is_egress,
        "cidrBlock": EVERYWHERE,
    }


_DIRECTIONS = (True, False)
OPEN = [_all(is_egress, 100, "allow") for is_egress in _DIRECTIONS]
"""What a default ACL begins with."""


@dataclass(frozen=True, slots=True)
class Acl:
    """An ACL; ``subnets``: those of the project that have it."""

    id: str
    vpc: str
    is_default: bool
    entries: Sequence[Entry]
    tags: Mapping[str, str]
    subnets: Sequence[Thing]

    def all_entries(self) -> list[Entry]:
        """With those that nobody can change, in order."""
        last = [_all(is_egress, LAST_RULE, "deny") for is_egress in _DIRECTIONS]
        return sorted(
            [*self.entries, *last],
            key=lambda each: (not each["egress"], each["ruleNumber"]),
        )


def default_of(vpc: str) -> str:
    """The id of a VPC's default ACL."""
    return f"{ids.ACL}-{vpc.removeprefix(f'{ids.VPC}-')}"


def acls_of(call: Call) -> dict[str, Acl]:
    """The project's by their ids."""
    kept = call.kept.all(call.signer, ids.ACL)
    found = {}
    for vpc in call.inventory.layout.vpcs.values():
        default = default_of(vpc.id)
        own = {each.id: each for each in kept.values() if each.vpc == vpc.id}
        subnets: dict[str, list[Thing]] = {each: [] for each in (default, *own)}
        for subnet in vpc.subnets:
            if subnet["project_id"] == call.signer.project_id:
                said = _said(subnet)
                subnets[said if said in own else default].append(subnet)
        for identifier in subnets:
            row = own.get(identifier)
            found[identifier] = Acl(
                identifier,
                vpc.id,
                identifier == default,
                row.content["entries"] if row else OPEN,
                row.tags if row else {},
                subnets[identifier],
            )
    return found


def _said(subnet: Thing) -> str:
    return mark(subnet, OF_SUBNET)


def acl_named(call: Call, identifier: str) -> Acl:
    """The one with that id.  ``Ec2Error``."""
    return ids.named(acls_of(call), ids.ACL, [identifier])[0]


def beginning_rules(call: Call, vpc: Vpc) -> list[dict[str, Any]] | None:
    """The packet rules of a new subnet."""
    row = call.kept.all(call.signer, ids.ACL).get(default_of(vpc.id))
    return packet_rules(row.content["entries"]) if row else None


def enforce(call: Call, *, acl: str = "", subnet: str = "") -> Inventory:
    """Tell the network room the rules of an ACL's subnets, or of one (its uuid); what
    is there after it.

    Rows, marks and subnets cannot be changed at once, and tools change many at a time:
    whoever wrote any of them looks until what he touched is as the others are, so
    whoever is last leaves it so.
    """
    touched = {subnet}
    for _ in range(_LOOKS_MAX):
        now = replace(call, inventory=call.inventory.look_again())
        others = [
            (each, rules)
            for found in acls_of(now).values()
            for rules in [packet_rules(found.entries)]
            for each in found.subnets
            if each["id"] in touched or (acl and acl in (found.id, _said(each)))
            if each.get("packet_rules") != rules
        ]
        if not others:
            return now.inventory
        for each, rules in others:
            touched.add(each["id"])
            tell_rules(now, each, rules)
    raise Ec2Error("Unavailable", "Others change the same network ACLs all the time")


def settle(call: Call) -> Inventory:
    """Give the rules of their ACLs to subnets that OpenStack's user brought to a VPC,
    and that have none yet; what is there after it."""
    bare = [
        (each, rules)
        for acl in acls_of(call).values()
        for rules in [packet_rules(acl.entries)]
        for each in acl.subnets
        if rules is not None and each.get("packet_rules") is None
    ]
    # Whoever only reads leaves it to the next.
    if not bare or not call.signer.roles & WRITERS:
        return call.inventory
    for each, rules in bare:
        tell_rules(call, each, rules)
    return call.inventory.look_again()


def tell_rules(call: Call, subnet: Thing, rules: list[dict[str, Any]] | None) -> None:
    """Give a subnet these rules; it may be gone."""
    body = {"subnet": {"packet_rules": rules}}
    with there_or_not():
        call.rooms.put("network", "subnets", subnet["id"], body=body)


def packet_rules(entries: Sequence[Entry]) -> list[dict[str, Any]] | None:
    """The same as the network room has them, for IPv4, which subnets here are of; None
    where everything passes."""
    ordered = sorted(
        (each for each in entries if each.get("cidrBlock")),
        key=lambda each: each["ruleNumber"],
    )
    firsts = [
        next((each for each in ordered if each["egress"] is is_egress), None)
        for is_egress in _DIRECTIONS
    ]
    if all(first is not None and _is_open(first) for first in firsts):
        return None
    return [_packet_rule(each) for each in ordered]


def _is_open(entry: Entry) -> bool:
    said = (entry["protocol"], entry["ruleAction"], entry["cidrBlock"])
    return said == (ALL_PROTOCOLS, "allow", EVERYWHERE)


def _packet_rule(entry: Entry) -> dict[str, Any]:
    protocol = None if entry["protocol"] == ALL_PROTOCOLS else entry["protocol"]
    ports, icmp = entry.get("portRange"), entry.get("icmpTypeCode")
    low = high = None
    if ports and ports != _ALL_PORTS:
        low, high = ports["from"], ports["to"]
    elif icmp and icmp["type"] != -1:
        low, high = icmp["type"], None if icmp["code"] == -1 else icmp["code"]
    return {
        "direction": "egress" if entry["egress"] else "ingress",
        "action": entry["ruleAction"],
        "protocol": protocol,
        "port_range_min": low,
        "port_range_max": high,
        "remote_ip_prefix": entry["cidrBlock"],
    }
