"""Which established flows a change of rules must end, and which it must not.

Rules are asked for the first packet of a flow only.  So when a port loses something
that let packets in or out, the flows that live on it have to be found and ended, and
no others: everybody else's connections go on.  ``may_live`` asks today's rules
about a flow's first packet, as the kernel's conntrack table remembers it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from compute.network.agent.rules.security import (
    ICMP,
    ICMPV6,
    is_stateful,
    members_of,
    transport_of,
)
from compute.network.view import (
    Direction,
    HostView,
    Port,
    Rule,
    SecurityGroup,
)

_FIELD = re.compile(r"(\w+)=(\S+)")


@dataclass(frozen=True, slots=True)
class Permit:
    """One thing that a port may send or receive.  ``remotes`` None: anybody."""

    direction: Direction
    version: int
    protocol: int | None
    low: int | None
    high: int | None
    remotes: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class PortFlows:
    """What decides a port's flows: its conntrack zone, addresses and permits;
    ``permits`` None for a port without security, or without state."""

    zone: int
    addresses: frozenset[str]
    permits: frozenset[Permit] | None


@dataclass(frozen=True, slots=True)
class Flow:
    """A tracked flow by its first packet.  For ICMP, ``port`` is the type."""

    protocol: int
    source: str
    target: str
    source_port: int
    port: int


def port_flows(view: HostView, zones: Mapping[str, int]) -> dict[str, PortFlows]:
    """By port id, for all guests' ports of the view."""
    groups = {group.id: group for group in view.security_groups}
    return {
        port.id: PortFlows(
            zones[port.network_id],
            frozenset(fixed.address for fixed in port.addresses),
            # Without state every packet is asked: no flow lives on what it once had.
            frozenset(_permits(port, groups))
            if port.port_security and is_stateful(port, groups)
            else None,
        )
        for port in view.ports
        if port.is_guest and port.network_id in zones
    }


def has_lost(before: PortFlows, now: PortFlows) -> bool:
    """Whether flows may be under way that today's rules would not let begin."""
    if now.permits is None:
        return False
    if before.permits is None:
        return True
    return not before.permits <= now.permits


def may_live(flow: Flow, port: PortFlows) -> bool:
    """Whether the port's rules of today would let the flow begin."""
    if port.permits is None:
        return True
    if flow.target in port.addresses:
        return any(_matches(p, flow, flow.source) for p in _of(port, Direction.INGRESS))
    if flow.source in port.addresses:
        return any(_matches(p, flow, flow.target) for p in _of(port, Direction.EGRESS))
    return True  # not of this port


def parse_flow(line: str) -> Flow | None:
    """A line of ``conntrack -L``; None for one that is of no use."""
    words = line.split()
    if len(words) < 2 or not words[1].isdigit():
        return None
    first: dict[str, str] = {}
    for name, value in _FIELD.findall(line):
        first.setdefault(name, value)  # the second of each is the answers' side
    if "src" not in first or "dst" not in first:
        return None
    return Flow(
        int(words[1]),
        str(ipaddress.ip_address(first["src"])),
        str(ipaddress.ip_address(first["dst"])),
        int(first.get("sport", "0")),
        int(first.get("dport", first.get("type", "0"))),
    )


def _of(port: PortFlows, direction: Direction) -> Iterator[Permit]:
    return (p for p in port.permits or () if p.direction is direction)


def _matches(permit: Permit, flow: Flow, remote: str) -> bool:
    address = ipaddress.ip_address(remote)
    if permit.version != address.version:
        return False
    if permit.protocol is not None and permit.protocol != flow.protocol:
        return False
    if permit.low is not None and not _in_range(permit, flow):
        return False
    if permit.remotes is None:
        return True
    return any(address in ipaddress.ip_network(prefix) for prefix in permit.remotes)


def _in_range(permit: Permit, flow: Flow) -> bool:
    assert permit.low is not None
    if permit.protocol in (ICMP, ICMPV6):
        return flow.port == permit.low
    return permit.low <= flow.port <= (65535 if permit.high is None else permit.high)


def _permits(port: Port, groups: Mapping[str, SecurityGroup]) -> Iterator[Permit]:
    for name in port.security_groups:
        for rule in groups[name].rules if name in groups else ():
            yield Permit(
                rule.direction,
                rule.version,
                transport_of(rule),
                rule.port_min,
                rule.port_max,
                _remotes(rule, groups),
            )


def _remotes(rule: Rule, groups: Mapping[str, SecurityGroup]) -> tuple[str, ...] | None:
    if rule.remote_group:
        group = groups.get(rule.remote_group)
        return tuple(members_of(group, rule.version)) if group else ()
    if rule.remote_prefix:
        return (str(ipaddress.ip_network(rule.remote_prefix, strict=False)),)
    return None


def ended(flows: Iterable[Flow], port: PortFlows) -> list[Flow]:
    """Those that must end."""
    return [flow for flow in flows if not may_live(flow, port)]
