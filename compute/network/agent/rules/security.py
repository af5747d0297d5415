"""Security groups and anti-spoofing as text for nft: what the bridges let through.

Ports without port security are not named here and pass.  For the others three
questions are asked, each in base chains of its own in the bridge family:

* ``source`` (prerouting): is the sender who it says it is (``anti_spoofing.py``)?
* ``egress`` (forward, to the host): may the guest send this?
* ``ingress`` (forward, from the host): may the guest receive this?

Not every kernel tracks connections in the bridge family.  All hand bridged IP packets
to the ip hooks (br_netfilter), where connections are tracked; the ``inet`` table
(``desired/host_rules.py``) writes the state into the packet's mark, and the chains
here, which run after it, read the mark.  A packet without a mark counts as new: what
is not known to be established must pass the rules, so a host whose br_netfilter is
switched off is closed, not open.

For ports whose groups are stateless the rules are asked for every packet, whatever
its mark.

A TCP segment without state that is no SYN is dropped.  Taking it up as a new flow
would bring back to life those whose rule was removed, whenever the guest sends first.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence

from compute.network.agent.metadata_address import (
    METADATA6_ADDRESS,
    METADATA_ADDRESS,
    METADATA_PORT,
)
from compute.network.agent.names import DHCP_PREFIX, TABLE
from compute.network.agent.rules.anti_spoofing import (
    collapsed,
    prefix_of,
    source_chains,
)
from compute.network.agent.rules.paces import port_paces
from compute.network.port_names import TAP_PREFIX, tap_name
from compute.network.quality import UNMARKED
from compute.network.view import Direction, Port, Rule, SecurityGroup

MARK_ESTABLISHED = "0x72730001"
MARK_NEW = "0x72730002"
MARK_INVALID = "0x72730003"

ICMP = 1
ICMPV6 = 58
# Listener queries and reports, solicitations and advertisements of neighbours: what a
# guest needs to have an address at all.  (Router solicitations: outgoing only.)
NEIGHBOUR_TYPES_OUT = "{ 130, 131, 132, 133, 135, 136, 143 }"
NEIGHBOUR_TYPES_IN = "{ 130, 135, 136 }"
ROUTER_ADVERTISEMENT = "134"
# Of either kind of VLAN tag.
TAGGED = "{ 0x8100, 0x88a8 }"


def bridge_table(
    ports: Sequence[Port],
    groups: Mapping[str, SecurityGroup],
) -> str:
    """The whole table of the bridge family for these guests' ports.

    Groups that are named but not given let nothing pass.
    """
    guarded = sorted(
        (port for port in ports if port.is_guest and port.port_security),
        key=lambda port: port.id,
    )
    used = {name for port in guarded for name in port.security_groups if name in groups}
    lines = [f"table bridge {TABLE} {{"]
    for name in sorted(_remote_groups(groups, used)):
        for version in (4, 6):
            lines += _member_set(groups[name], version)
    for name in sorted(used):
        for direction in Direction:
            lines += _chain(
                f"{direction.value}_{name}", _group_rules(groups, name, direction)
            )
    for port in guarded:
        for name, checks in source_chains(port):
            lines += _chain(name, checks)
        stateful = is_stateful(port, groups)
        lines += _chain(f"egress_{tap_name(port.id)}", _egress(port, used, stateful))
        lines += _chain(f"ingress_{tap_name(port.id)}", _ingress(port, used, stateful))
    lines += _tags(ports)
    lines += port_paces(ports)
    taps = [tap_name(port.id) for port in guarded]
    known = [tap_name(port.id) for port in ports if port.is_guest]
    for chain, hook, priority, rules in (
        ("metadata", "forward", 9, _own_metadata()),
        ("source", "prerouting", -300, _dispatch("iifname", "source", taps)),
        ("marks", "prerouting", -290, _marks(ports)),
        ("egress", "forward", 10, _judged("iifname", "egress", taps, known)),
        ("ingress", "forward", 11, _judged("oifname", "ingress", taps, known)),
        ("egress_host", "input", 10, _judged("iifname", "egress", taps, known)),
        ("ingress_host", "output", 10, _judged("oifname", "ingress", taps, known)),
    ):
        base = f"type filter hook {hook} priority {priority}; policy accept;"
        lines += _chain(chain, [base, *rules])
    lines.append("}")
    return "\n".join(lines) + "\n"


def is_stateful(port: Port, groups: Mapping[str, SecurityGroup]) -> bool:
    """Whether answers to what may pass, pass.  A port is in groups of one sort."""
    held = (groups[name] for name in port.security_groups if name in groups)
    return all(group.is_stateful for group in held)


def _tags(ports: Sequence[Port]) -> list[str]:
    """Tagged frames of a trunk's guest are its subports': they go by other ways
    (``vlans/programs.py``), and on the bridge of the trunk's own network nobody passes
    for one of them."""
    trunks = sorted({tap_name(one.trunk_port_id) for one in ports if one.trunk_port_id})
    if not trunks:
        return []
    taps = ", ".join(f'"{tap}"' for tap in trunks)
    tagged = f"ether type {TAGGED} drop"
    lines: list[str] = []
    for chain, hook, priority, side in (
        ("tags", "prerouting", -310, "iifname"),
        ("tags_out", "forward", 8, "oifname"),
        ("tags_host", "output", 8, "oifname"),
    ):
        base = f"type filter hook {hook} priority {priority}; policy accept;"
        lines += _chain(chain, [base, f"{side} {{ {taps} }} {tagged}"])
    return lines


def _own_metadata() -> list[str]:
    """The metadata address of the link is that of this host's service alone: other
    hosts' are not asked, and no guest passes for it.  It hears nobody but guests of
    this host: what comes by a wire may call itself like one of them."""
    service = f'"{DHCP_PREFIX}*"'
    target = f"@th,64,128 0x{int(ipaddress.IPv6Address(METADATA6_ADDRESS)):x}"
    return [
        f"oifname != {service} ip6 daddr {METADATA6_ADDRESS} drop",
        f'iifname != "{TAP_PREFIX}*" ip6 daddr {METADATA6_ADDRESS} drop',
        f"oifname != {service} icmpv6 type nd-neighbor-solicit {target} drop",
        f"iifname != {service} ip6 saddr {METADATA6_ADDRESS} drop",
        f"iifname != {service} icmpv6 type nd-neighbor-advert {target} drop",
    ]


def _marks(ports: Sequence[Port]) -> list[str]:
    """What guests send bears the mark of their QoS policy, if that has one."""
    return [
        f'iifname "{tap_name(port.id)}" ether type {kind} {family} dscp set {mark}'
        for port in sorted(ports, key=lambda port: port.id)
        if port.is_guest and (mark := port.quality.dscp_mark) != UNMARKED
        for kind, family in (("ip", "ip"), ("ip6", "ip6"))
    ]


def transport_of(rule: Rule) -> int | None:
    """The protocol's number; what is called ICMP is ICMPv6 in IPv6."""
    if rule.version == 6 and rule.protocol == ICMP:
        return ICMPV6
    return rule.protocol


# ---- chains --------------------------------------------------------------------


def _chain(name: str, rules: Iterable[str]) -> list[str]:
    return [f"  chain {name} {{", *(f"    {rule}" for rule in rules), "  }"]


def _dispatch(which: str, prefix: str, taps: list[str]) -> list[str]:
    if not taps:
        return []
    cases = ", ".join(f'"{tap}" : jump {prefix}_{tap}' for tap in taps)
    return [f"{which} vmap {{ {cases} }}"]


def _judged(which: str, prefix: str, taps: list[str], known: list[str]) -> list[str]:
    """Each tap's own chain; a tap on our bridges that nobody told of passes nothing
    (its mark shows that the bridge is ours)."""
    rules = _dispatch(which, prefix, taps)
    if known:
        names = ", ".join(f'"{tap}"' for tap in sorted(known))
        rules.append(f"{which} {{ {names} }} accept")
    marks = f"{{ {MARK_ESTABLISHED}, {MARK_NEW}, {MARK_INVALID} }}"
    rules.append(f'{which} "{TAP_PREFIX}*" meta mark {marks} drop')
    return rules


def _state(stateful: bool) -> Iterator[str]:
    if stateful:
        yield f"meta mark {MARK_ESTABLISHED} accept"
    yield "ether type arp accept"
    if stateful:
        yield f"meta mark {MARK_INVALID} counter drop"


def _egress(port: Port, used: set[str], stateful: bool) -> Iterator[str]:
    yield from _state(stateful)
    yield "ether type ip udp sport 68 udp dport 67 accept"
    yield "ether type ip6 udp sport 546 udp dport 547 accept"
    yield f"icmpv6 type {NEIGHBOUR_TYPES_OUT} accept"
    yield from _last(port, "egress", used, stateful)


def _ingress(port: Port, used: set[str], stateful: bool) -> Iterator[str]:
    yield from _state(stateful)
    # Only services and uplinks may be servers; taps of guests never.
    others = f'iifname != "{TAP_PREFIX}*"'
    yield f"{others} ether type ip udp sport 67 udp dport 68 accept"
    yield f"{others} ether type ip6 udp sport 547 udp dport 546 accept"
    yield f"{others} icmpv6 type {ROUTER_ADVERTISEMENT} accept"
    yield f"icmpv6 type {NEIGHBOUR_TYPES_IN} accept"
    if not stateful:
        # Without its metadata a guest has no keys; whom it may ask, its rules say.
        # Who calls itself like the service may answer, and begin nothing.
        answers = f"tcp sport {METADATA_PORT} tcp flags & (syn | ack) != syn accept"
        yield f"{others} ip saddr {METADATA_ADDRESS} {answers}"
        yield f"{others} ip6 saddr {METADATA6_ADDRESS} {answers}"
    yield from _last(port, "ingress", used, stateful)


def _last(port: Port, prefix: str, used: set[str], stateful: bool) -> Iterator[str]:
    if stateful:
        yield "tcp flags & (fin | syn | rst | ack) != syn counter drop"
    for name in sorted(set(port.security_groups) & used):
        yield f"jump {prefix}_{name}"
    yield "counter drop"


# ---- groups --------------------------------------------------------------------


def _remote_groups(groups: Mapping[str, SecurityGroup], used: set[str]) -> set[str]:
    named = {rule.remote_group for name in used for rule in groups[name].rules}
    return {name for name in named if name in groups}


def members_of(group: SecurityGroup, version: int) -> list[str]:
    """The members' prefixes of one IP version, none inside another."""
    networks = (ipaddress.ip_network(member) for member in group.members)
    of_version = [network for network in networks if network.version == version]
    return collapsed(of_version)


def _member_set(group: SecurityGroup, version: int) -> list[str]:
    members = members_of(group, version)
    lines = [
        f"  set members{version}_{group.id} {{",
        f"    type ipv{version}_addr; flags interval;",
    ]
    if members:
        lines.append(f"    elements = {{ {', '.join(members)} }}")
    return [*lines, "  }"]


def _group_rules(
    groups: Mapping[str, SecurityGroup], name: str, direction: Direction
) -> list[str]:
    rules = [rule for rule in groups[name].rules if rule.direction is direction]
    lines = (_rule(rule, groups) for rule in sorted(rules, key=lambda rule: rule.id))
    return [line for line in lines if line]


def _rule(rule: Rule, groups: Mapping[str, SecurityGroup]) -> str:
    """One rule; "" when its remote group has nobody in it, here or anywhere."""
    family = "ip" if rule.version == 4 else "ip6"
    side = "saddr" if rule.direction is Direction.INGRESS else "daddr"
    words = [f"ether type {family}"]
    if rule.remote_group:
        if rule.remote_group not in groups:
            return ""
        words.append(f"{family} {side} @members{rule.version}_{rule.remote_group}")
    elif rule.remote_prefix:
        words.append(f"{family} {side} {prefix_of(rule.remote_prefix)}")
    words += transport_words(rule)
    return " ".join([*words, "accept"])


def transport_words(rule: Rule) -> Iterator[str]:
    """What a rule says of protocol and ports, in words of nft."""
    protocol = transport_of(rule)
    if protocol is None:
        return
    yield f"meta l4proto {protocol}"
    if protocol in (ICMP, ICMPV6):
        kind = "icmp" if protocol == ICMP else "icmpv6"
        if rule.port_min is not None:
            yield f"{kind} type {rule.port_min}"
            if rule.port_max is not None:
                yield f"{kind} code {rule.port_max}"
    elif rule.port_min is not None or rule.port_max is not None:
        low = rule.port_min if rule.port_min is not None else 0
        high = rule.port_max if rule.port_max is not None else 65535
        yield f"th dport {low}" if low == high else f"th dport {low}-{high}"
