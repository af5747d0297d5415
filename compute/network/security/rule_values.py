"""What a security group rule may say: protocols, ports, remotes.  Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from compute.network.errors import invalid
from compute.network.frame.fields import (
    INTEGER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    Field,
)
from compute.network.links.prefixes import parse_prefix, read_prefix
from compute.network.model import EGRESS, INGRESS, IPV4, IPV6, DefaultRule, SecurityRule

# The names that Neutron takes, with IANA's numbers.
PROTOCOLS: Mapping[str, int] = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "hopopt": 0,
    "icmp": 1,
    "icmpv6": 58,
    "igmp": 2,
    "ip": 0,
    "ipip": 4,
    "ipv6-encap": 41,
    "ipv6-frag": 44,
    "ipv6-icmp": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "ipv6-route": 43,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}
IPV6_ONLY = frozenset(
    number for name, number in PROTOCOLS.items() if name.startswith("ipv6-")
)
# What every rule says, whichever group it is of.
RULE_FIELDS = (
    Field("direction", TEXT, required=True, update=False),
    Field("ethertype", TEXT_OR_NULL, default="IPv4", update=False),
    Field(
        "protocol", {"type": ["string", "integer", "null"]}, default=None, update=False
    ),
    Field("port_range_min", INTEGER_OR_NULL, default=None, update=False),
    Field("port_range_max", INTEGER_OR_NULL, default=None, update=False),
    Field("remote_ip_prefix", TEXT_OR_NULL, default=None, update=False),
)
RULE_COLUMNS = {
    "direction": "direction",
    "ethertype": "ethertype",
    "protocol": "protocol",
    "port_range_min": "port_min",
    "port_range_max": "port_max",
    "remote_ip_prefix": "remote_prefix",
    "remote_group_id": "remote_group_id",
    "remote_address_group_id": "remote_address_group_id",
}
# What means every protocol: no word, and ...
ANY = ("", "any")
# ... what iptables always took for it.
ANY_KEPT = ("ip", "hopopt", "0")
WITH_PORTS = (6, 17, 33, 132, 136)
ICMP, ICMPV6 = 1, 58
PORT_MAX = 65535
ICMP_MAX = 255
PROTOCOL_MAX = 255
PROTOCOL_NUMBER = re.compile("[0-9]{1,9}")


def parse_rule(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a body says of a rule, as it is kept.  ``BadRequest``."""
    ethertype = parse_ethertype(body["ethertype"])
    protocol = parse_protocol(body["protocol"], ethertype)
    low, high = check_ports(
        protocol, ethertype, body["port_range_min"], body["port_range_max"]
    )
    prefix, remote = body["remote_ip_prefix"], body["remote_group_id"]
    addresses = body["remote_address_group_id"]
    if sum(1 for each in (prefix, remote, addresses) if each) > 1:
        raise invalid(
            "Only one of remote_ip_prefix, remote_group_id and remote_address_group_id"
            " may be provided.",
            "SecurityGroupMultipleRemoteEntites"
            if addresses
            else "SecurityGroupRemoteGroupAndRemoteIpPrefix",
        )
    return {
        "direction": parse_direction(body["direction"]),
        "ethertype": ethertype,
        "protocol": protocol,
        "port_min": low,
        "port_max": high,
        "remote_prefix": parse_remote_prefix(prefix, ethertype),
        "remote_group_id": remote or "",
        "remote_address_group_id": addresses or "",
    }


def protocol_number(protocol: str, ethertype: str) -> int | None:
    """The number of a rule's protocol, None for any.  ICMP is ICMPv6 where the rule is
    for IPv6."""
    if protocol in (*ANY, *ANY_KEPT):
        return None
    number = PROTOCOLS[protocol] if protocol in PROTOCOLS else int(protocol)
    if ethertype == IPV6 and number == ICMP:
        return ICMPV6
    return number


def parse_protocol(value: Any, ethertype: str) -> str:
    """As it is kept: "", a name, or a number in text.
    ``SecurityGroupRuleInvalidProtocol``."""
    text = "" if value is None else str(value).lower()
    if text in ANY or text in PROTOCOLS:
        found = "" if text in ANY else text
    elif PROTOCOL_NUMBER.fullmatch(text) and int(text) <= PROTOCOL_MAX:
        found = str(int(text))
    else:
        raise invalid(
            f"Security group rule protocol {text[:40]} not supported. Only protocol"
            f" values {sorted(PROTOCOLS)} and integer representations [0 to"
            f" {PROTOCOL_MAX}] are supported.",
            "SecurityGroupRuleInvalidProtocol",
        )
    number = PROTOCOLS.get(found) if not found.isdigit() else int(found)
    if ethertype == IPV4 and number in IPV6_ONLY:
        raise invalid(
            f"Invalid ethertype {ethertype} for protocol {found}.",
            "SecurityGroupEthertypeConflictWithProtocol",
        )
    return found


def parse_ethertype(value: Any) -> str:
    """``IPv4`` or ``IPv6``, however it is written."""
    for known in (IPV4, IPV6):
        if str(value or IPV4).lower() == known.lower():
            return known
    raise invalid(
        f"Security group rule for ethertype '{str(value)[:20]}' not supported. Allowed"
        " values are ['IPv4', 'IPv6'].",
        "SecurityGroupRuleInvalidEtherType",
    )


def parse_direction(value: str) -> str:
    """``ingress`` or ``egress``."""
    if value.lower() not in (INGRESS, EGRESS):
        raise invalid(f"direction: '{value[:20]}' is not one of {INGRESS}, {EGRESS}.")
    return value.lower()


def parse_remote_prefix(value: str | None, ethertype: str) -> str:
    """A prefix of the rule's version as it was given, "" for any."""
    if not value:
        return ""
    try:
        prefix = read_prefix(value)
    except ValueError:
        parse_prefix(value, "remote_ip_prefix")
        raise
    if (prefix.version == 4) != (ethertype == IPV4):
        raise invalid(
            f"Conflicting value ethertype {ethertype} for CIDR {value[:60]}",
            "SecurityGroupRuleParameterConflict",
        )
    return str(ipaddress.ip_interface(value))


def normalized(prefix: str) -> str:
    """A rule's prefix without bits of the host part; "" for any."""
    return str(read_prefix(prefix)) if prefix else ""


def check_ports(
    protocol: str, ethertype: str, low: int | None, high: int | None
) -> tuple[int | None, int | None]:
    """The range of ports, or the type and code of ICMP, as it is kept."""
    if low is None and high is None:
        return None, None
    number = protocol_number(protocol, ethertype)
    if number in (ICMP, ICMPV6):
        return _check_icmp(low, high)
    if number not in WITH_PORTS:
        raise invalid(
            "Must also specify protocol if port range is given."
            if number is None
            else f"Protocol {protocol} has no ports.",
            "SecurityGroupProtocolRequiredWithPorts",
        )
    for port in (low, high):
        if port is not None and not 0 <= port <= PORT_MAX:
            raise invalid(
                f"Invalid value for port {port}: it is not from 0 to {PORT_MAX}.",
                "SecurityGroupInvalidPortValue",
            )
    if low is None or high is None or low > high:
        raise invalid(
            "For TCP/UDP protocols, port_range_min must be <= port_range_max, and both"
            " be given.",
            "SecurityGroupInvalidPortRange",
        )
    return low, high


def _check_icmp(kind: int | None, code: int | None) -> tuple[int | None, int | None]:
    if kind is None:
        raise invalid(
            "ICMP code (port-range-max) is provided but ICMP type (port-range-min) is"
            " missing.",
            "SecurityGroupMissingIcmpType",
        )
    for name, value in (("type", kind), ("code", code)):
        if value is not None and not 0 <= value <= ICMP_MAX:
            raise invalid(
                f"Invalid value for ICMP {name}: {value} is not from 0 to {ICMP_MAX}.",
                "SecurityGroupInvalidIcmpValue",
            )
    return kind, code


def show_terms(rule: SecurityRule | DefaultRule) -> dict[str, Any]:
    """What a rule says, as the API writes it."""
    return {
        "direction": rule.direction,
        "ethertype": rule.ethertype,
        "protocol": rule.protocol or None,
        "port_range_min": rule.port_min,
        "port_range_max": rule.port_max,
        "remote_ip_prefix": rule.remote_prefix or None,
        "remote_group_id": rule.remote_group_id or None,
        "remote_address_group_id": rule.remote_address_group_id or None,
    }


def show_rule(rule: SecurityRule) -> dict[str, Any]:
    """A group's rule as the API writes it."""
    return {
        **show_terms(rule),
        "security_group_id": rule.group_id,
        "normalized_cidr": normalized(rule.remote_prefix) or None,
        "belongs_to_default_sg": False,
    }
