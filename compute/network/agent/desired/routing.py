"""What a router's namespace holds: addresses, routes, and translation of addresses.

Guests' packets leave by the gateway with the floating address of their sender where
it has one, else with that of the router's own interface where there is such a one,
and else with the router's own where translation is on.  Packets to a
floating address are sent on to the guest, from outside and from inside alike; those
from inside come with the router's address, or the answer would not come back this
way.

What comes from outside and would go out again is dropped: others there, who may send
anything here, would bear the router's addresses.  So is what would pass from one
address scope into another (``scope_rules``), and what a subnet's own rules do not let
in or out (``rules.subnets``).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence

from compute.network.agent.desired.host_rules import replaced
from compute.network.agent.metadata_address import METADATA_ADDRESS
from compute.network.agent.names import GATEWAY_PREFIX, INNER_PREFIX, TABLE
from compute.network.agent.rules.forwarding import MAP, map_text
from compute.network.agent.rules.subnets import Gate, chains, jumps

_OUTER = f'"{GATEWAY_PREFIX}*"'
ROUTER_SYSCTLS = (
    ("net/ipv4/ip_forward", "1"),
    ("net/ipv6/conf/all/forwarding", "1"),
    # A sender is believed only on the interface that leads to it: the metadata
    # service tells guests apart by their address.
    ("net/ipv4/conf/all/rp_filter", "1"),
)


def router_rules(
    floating: Mapping[str, str],
    forwarded: Mapping[str, str],
    gateway: str,
    inside: Iterable[str],
    *,
    snat: bool,
    stand_in: str = "",
    helpers: str = "",
    keeping: Sequence[str] = (),
    scoped: Sequence[str] = (),
    scoped6: Sequence[str] = (),
    gates: Sequence[Gate] = (),
    gates6: Sequence[Gate] = (),
    beside: str = "",
    meters: str = "",
) -> str:
    """The router's whole ruleset.

    ``floating``: floating address to fixed address; ``forwarded``: the map of
    ``forwarding``; ``gateway``: the router's own
    IPv4 address outside, "" where there is none; ``inside``: prefixes of its networks;
    ``stand_in``: the floating address of an interface of its own; ``helpers``: see
    ``conntrack_helpers``; ``keeping``: prefixes that leave with their own addresses;
    ``scoped``, ``scoped6``: see ``scope_rules``; ``gates``, ``gates6``: see
    ``rules.subnets``; ``beside``: more of the IPv4 table (``paces``); ``meters``:
    see ``meters``.
    """
    inward = _map("floating_in", floating)
    outward = _map("floating_out", {fixed: out for out, fixed in floating.items()})
    sources = _sources(gateway, inside, snat=snat, stand_in=stand_in, keeping=keeping)
    body = f"""table ip {TABLE} {{
{helpers}{inward}{outward}{map_text(forwarded)}{chains(gates, 4)}  chain before {{
    type nat hook prerouting priority -100; policy accept;
    dnat to ip daddr map @floating_in
    meta l4proto {{ tcp, udp }} dnat ip to ip daddr . meta l4proto . th dport map @{MAP}
  }}
  chain after {{
    type nat hook postrouting priority 100; policy accept;
{_lines(sources)}  }}
  chain through {{
    type filter hook forward priority 0; policy accept;
    iifname {_OUTER} oifname {_OUTER} drop
{_lines([*jumps(gates, 4), *scoped])}  }}
  chain own {{
    type filter hook input priority 0; policy accept;
    iifname {_OUTER} ip daddr {METADATA_ADDRESS} drop
    iifname {_OUTER} ct state new ip protocol != icmp drop
  }}
{beside}}}
"""
    body6 = f"""table ip6 {TABLE} {{
{chains(gates6, 6)}  chain through {{
    type filter hook forward priority 0; policy accept;
{_lines([*jumps(gates6, 6), *scoped6])}  }}
}}
"""
    return replaced("ip", body) + replaced("ip6", body6) + meters


def _lines(rules: Iterable[str]) -> str:
    return "".join(f"    {rule}\n" for rule in rules)


def _sources(
    gateway: str,
    inside: Iterable[str],
    *,
    snat: bool,
    stand_in: str,
    keeping: Sequence[str],
) -> list[str]:
    """In whose name packets leave: the first that fits counts."""
    prefixes = [
        str(network)
        for network in ipaddress.collapse_addresses(
            network
            for network in map(ipaddress.ip_network, sorted(set(inside)))
            if isinstance(network, ipaddress.IPv4Network)
        )
    ]
    sources: list[str] = []
    if gateway and prefixes:
        within = f"ip saddr {{ {', '.join(prefixes)} }}"
        sources.append(f"oifname {_OUTER} snat to ip saddr map @floating_out")
        if keeping:
            sources.append(
                f"oifname {_OUTER} ip saddr {{ {', '.join(sorted(keeping))} }} accept"
            )
        if stand_in:
            # Whoever is sent here, from networks behind other routers too.
            sources.append(f"oifname {_OUTER} snat to {stand_in}")
        elif snat:
            sources.append(f"oifname {_OUTER} {within} snat to {gateway}")
        sources.append(
            f'oifname "{INNER_PREFIX}*" {within} ct status dnat snat to {gateway}'
        )
    return sources


def _map(name: str, pairs: Mapping[str, str]) -> str:
    lines = [f"  map {name} {{", "    type ipv4_addr : ipv4_addr"]
    if pairs:
        items = ", ".join(f"{key} : {value}" for key, value in sorted(pairs.items()))
        lines.append(f"    elements = {{ {items} }}")
    return "\n".join([*lines, "  }"]) + "\n"
