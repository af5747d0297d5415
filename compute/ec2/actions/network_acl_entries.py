"""Rules of network ACLs, by their numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace as replaced
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, invalid, missing
from compute.ec2.frame.parameters import Parameters
from compute.ec2.kept_things import Kept
from compute.ec2.network_acls import (
    ALL_PROTOCOLS,
    ENTRIES_MAX,
    LAST_RULE,
    OPEN,
    Entry,
    acls_of,
    enforce,
)

_PROTOCOLS = {"all": ALL_PROTOCOLS, "icmp": "1", "tcp": "6", "udp": "17"} | {
    "icmpv6": "58"
}
_ICMP, _ICMPV6, _WITH_PORTS = "1", "58", ("6", "17")
# Of what comes after IPv6's own header: not in IPv4.
_OF_IPV6 = ("0", "41", "43", "44", _ICMPV6, "59", "60")
_ACTIONS = ("allow", "deny")
_NUMBER = re.compile("[0-9]{1,3}")
_NUMBER_MAX, _PORT_MAX, _ICMP_MAX = 255, 65535, 255
_MISSING = "InvalidNetworkAclEntry.NotFound"

Entries = Sequence[Entry]


def create(call: Call) -> Document:
    """``CreateNetworkAclEntry``."""
    entry = _asked(call.parameters)

    def with_it(entries: Entries) -> list[Entry]:
        if _same(entries, entry):
            text = f"The network acl entry identified by {_name(entry)} already exists."
            raise Ec2Error("NetworkAclEntryAlreadyExists", text)
        if sum(each["egress"] is entry["egress"] for each in entries) >= ENTRIES_MAX:
            text = f"A network ACL may have {ENTRIES_MAX} rules in each direction"
            raise Ec2Error("NetworkAclEntryLimitExceeded", text)
        return [*entries, entry]

    return _change(call, with_it)


def replace(call: Call) -> Document:
    """``ReplaceNetworkAclEntry``."""
    entry = _asked(call.parameters)
    return _change(call, lambda entries: [*_without(entries, entry), entry])


def delete(call: Call) -> Document:
    """``DeleteNetworkAclEntry``."""
    parameters = call.parameters
    named = {"ruleNumber": _number(parameters), "egress": _egress(parameters)}
    return _change(call, lambda entries: _without(entries, named))


def _change(call: Call, change: Callable[[Entries], list[Entry]]) -> Document:
    acls = acls_of(call)
    acl = ids.named(acls, ids.ACL, [call.parameters.required("NetworkAclId")])[0]

    def write(kept: Kept) -> Kept:
        return replaced(kept, content={"entries": change(kept.content["entries"])})

    begins = {"entries": OPEN} if acl.is_default else None
    kept = call.kept.change(
        call.signer, acl.id, write, begins=begins, vpc=acl.vpc, things=acls
    )
    if kept is None:
        raise ids.not_found(ids.ACL, acl.id)
    enforce(call, acl=acl.id)
    return {"return": True}


def _same(entries: Entries, named: Entry) -> list[Entry]:
    key = (named["ruleNumber"], named["egress"])
    return [each for each in entries if (each["ruleNumber"], each["egress"]) == key]


def _without(entries: Entries, named: Entry) -> list[Entry]:
    same = _same(entries, named)
    if not same:
        text = f"The network acl entry identified by {_name(named)} does not exist."
        raise Ec2Error(_MISSING, text)
    return [each for each in entries if each not in same]


def _name(entry: Entry) -> str:
    return f"{entry['ruleNumber']} ({'egress' if entry['egress'] else 'ingress'})"


# ---- what a request says -------------------------------------------------------------


def _asked(parameters: Parameters) -> Entry:
    protocol = _protocol(parameters.required("Protocol"))
    action = parameters.required("RuleAction")
    if action not in _ACTIONS:
        raise invalid("RuleAction", action, f"It can be {' or '.join(_ACTIONS)}.")
    entry: dict[str, Any] = {
        "ruleNumber": _number(parameters),
        "protocol": protocol,
        "ruleAction": action,
        "egress": _egress(parameters),
        **_block(parameters),
    }
    if "cidrBlock" in entry and protocol in _OF_IPV6:
        raise invalid("Protocol", protocol, "It is one of IPv6.")
    if protocol in (_ICMP, _ICMPV6):
        entry["icmpTypeCode"] = _icmp(parameters.structure("Icmp"))
    elif protocol in _WITH_PORTS:
        entry["portRange"] = _ports(parameters.structure("PortRange"))
    return entry


def _number(parameters: Parameters) -> int:
    parameters.required("RuleNumber")
    number = parameters.integer("RuleNumber") or 0
    if not 0 < number < LAST_RULE:
        raise invalid("ruleNumber", number, f"It is from 1 to {LAST_RULE - 1}.")
    return number


def _egress(parameters: Parameters) -> bool:
    parameters.required("Egress")
    return parameters.flag("Egress")


def _protocol(text: str) -> str:
    number = _PROTOCOLS.get(text.lower(), text)
    if number == ALL_PROTOCOLS:
        return number
    if _NUMBER.fullmatch(number) and int(number) <= _NUMBER_MAX:
        return str(int(number))
    raise invalid("Protocol", text, "It is a number, or -1 for all.")


def _block(parameters: Parameters) -> dict[str, str]:
    if parameters.text("CidrBlock") and parameters.text("Ipv6CidrBlock"):
        text = "A rule is of CidrBlock or of Ipv6CidrBlock"
        raise Ec2Error("InvalidParameterCombination", text)
    for name, key, kind in (
        ("CidrBlock", "cidrBlock", IPv4Network),
        ("Ipv6CidrBlock", "ipv6CidrBlock", IPv6Network),
    ):
        if text := parameters.text(name):
            try:
                return {key: str(_network(kind, text))}
            except ValueError:
                raise invalid(name, text, "This is not a valid CIDR block.") from None
    raise missing("CidrBlock")


def _network(kind: type[IPv4Network | IPv6Network], text: str) -> object:
    if "%" in text:
        raise ValueError("what is behind it is a link of one host")
    return kind(text, strict=False)


def _ports(given: Parameters) -> dict[str, int]:
    given.required("From")
    given.required("To")
    low, high = given.integer("From") or 0, given.integer("To") or 0
    if not 0 <= low <= high <= _PORT_MAX:
        raise invalid("portRange", f"{low} to {high}")
    return {"from": low, "to": high}


def _icmp(given: Parameters) -> dict[str, int]:
    kind, code = given.integer("Type"), given.integer("Code")
    found = {"code": -1 if code is None else code, "type": -1 if kind is None else kind}
    if not all(-1 <= each <= _ICMP_MAX for each in found.values()):
        raise invalid("icmpTypeCode", f"{found['type']}/{found['code']}")
    if found["type"] == -1 and found["code"] != -1:
        raise invalid("icmpTypeCode", found["code"], "A code needs a type.")
    return found


_ENTRY = (
    "NetworkAclId RuleNumber Protocol RuleAction Egress CidrBlock Ipv6CidrBlock Icmp"
    " PortRange"
)
ACTIONS = {
    "CreateNetworkAclEntry": Action(create, _ENTRY, is_alone=True),
    "ReplaceNetworkAclEntry": Action(replace, _ENTRY, is_alone=True),
    "DeleteNetworkAclEntry": Action(
        delete, "NetworkAclId RuleNumber Egress", is_alone=True
    ),
}
