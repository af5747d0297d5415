"""What routers lead into a subnet and out of it: rules in order, without state.  Pure.

The first rule that fits a packet decides; what none fits is dropped.  Answers need
rules of their own.  Neighbours in the subnet never meet them, nor does what the router
itself and the DHCP service have to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.network import view
from compute.network.errors import invalid
from compute.network.frame.fields import INTEGER_OR_NULL, TEXT, objects
from compute.network.model import IPV4, IPV6
from compute.network.security.rule_values import (
    check_ports,
    normalized,
    parse_direction,
    parse_protocol,
    parse_remote_prefix,
    protocol_number,
)

# As many as AWS lets a network ACL have, in both directions.
RULES_MAX = 80
PASSES = {"allow": True, "deny": False}

SCHEMA = objects(
    {
        "direction": TEXT,
        "action": {"type": "string", "enum": list(PASSES)},
        "protocol": {"type": ["string", "integer", "null"]},
        "port_range_min": INTEGER_OR_NULL,
        "port_range_max": INTEGER_OR_NULL,
        "remote_ip_prefix": {"type": ["string", "null"], "maxLength": 64},
    },
    ("direction", "action"),
)


def parse_packet_rules(
    rules: Sequence[Mapping[str, Any]] | None, version: int
) -> list[dict[str, Any]] | None:
    """As they are kept; None: everything passes.  ``BadRequest``."""
    if rules is None:
        return None
    if len(rules) > RULES_MAX:
        raise invalid(f"packet_rules: more than {RULES_MAX}.")
    ethertype = _ethertype(version)
    return [_parsed(rule, ethertype) for rule in rules]


def _parsed(rule: Mapping[str, Any], ethertype: str) -> dict[str, Any]:
    protocol = parse_protocol(rule.get("protocol"), ethertype)
    low, high = check_ports(
        protocol, ethertype, rule.get("port_range_min"), rule.get("port_range_max")
    )
    prefix = parse_remote_prefix(rule.get("remote_ip_prefix"), ethertype)
    return {
        "direction": parse_direction(rule["direction"]),
        "action": rule["action"],
        "protocol": protocol or None,
        "port_range_min": low,
        "port_range_max": high,
        "remote_ip_prefix": normalized(prefix) or None,
    }


def told(
    rules: Sequence[Mapping[str, Any]] | None, version: int
) -> tuple[view.PacketRule, ...] | None:
    """What agents are told of them."""
    if rules is None:
        return None
    return tuple(
        view.PacketRule(
            passes=PASSES[rule["action"]],
            what=view.Rule(
                id=str(place),
                direction=view.Direction(rule["direction"]),
                version=version,
                protocol=protocol_number(rule["protocol"] or "", _ethertype(version)),
                port_min=rule["port_range_min"],
                port_max=rule["port_range_max"],
                remote_prefix=rule["remote_ip_prefix"] or "",
            ),
        )
        for place, rule in enumerate(rules)
    )


def _ethertype(version: int) -> str:
    return IPV4 if version == 4 else IPV6
