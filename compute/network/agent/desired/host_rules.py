"""The rules of the host's own namespace: one text for nft, loaded in one piece.

Besides the bridge table (``rules/security.py``) an ``inet`` table that

* keeps the flows of networks apart: two networks may use the same addresses, so each
  bridge has a conntrack zone of its own, from before fragments are put together.
  External networks have none, for the host itself talks there and translates their
  addresses;
* tracks nothing but fragments on bridges where no port of this host needs state;
* writes the state of each bridged packet's connection into its mark;
* hides external networks behind the host's address, where that is asked for;
* takes and sends no tunnel's frames but encrypted ones, where they are to be, and
  else none from guests that speak as hosts do.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence

from compute.network.agent.desired.encryption import INSIDE, is_ipv4
from compute.network.agent.model import TUNNEL_PORT
from compute.network.agent.names import (
    BRIDGE_PREFIX,
    TABLE,
    WIREGUARD_PREFIX,
    bridge_name,
)
from compute.network.agent.rules.security import (
    MARK_ESTABLISHED,
    MARK_INVALID,
    MARK_NEW,
    bridge_table,
    is_stateful,
)
from compute.network.view import HostView, Network, NetworkKind

# Conntrack zones have 16 bits; zero is where everything else is.
ZONES = 65535
NO_ZONE = 0
# The kernel puts fragments together at -400, each zone's apart from all others'.
BEFORE_FRAGMENTS_MEET = -450
FRAGMENTS = ("ip frag-off & 0x3fff != 0 ", "exthdr frag exists ")


def assign_zones(
    networks: Sequence[Network], kept: Mapping[str, int]
) -> dict[str, int]:
    """A zone for each network: the one that it has (``kept``: by network id), or one
    that its name makes likely, so that a bridge made anew finds its flows again."""
    zones: dict[str, int] = {}
    for network in sorted(networks, key=lambda network: network.id):
        if network.kind is NetworkKind.EXTERNAL:
            zones[network.id] = NO_ZONE
        elif kept.get(network.id):
            zones[network.id] = kept[network.id]
    taken = set(zones.values()) | set(kept.values())
    for network in sorted(networks, key=lambda network: network.id):
        if network.id not in zones:
            zone = zlib.crc32(network.id.encode()) % ZONES + 1
            while zone in taken:
                zone = zone % ZONES + 1
            taken.add(zone)
            zones[network.id] = zone
    return zones


def replaced(family: str, body: str) -> str:
    """Text that puts the table in the place of what is there, in one transaction:
    packets meet the old rules or the new ones, never none."""
    return f"table {family} {TABLE}\ndelete table {family} {TABLE}\n{body}"


def host_rules(view: HostView, zones: Mapping[str, int]) -> str:
    """The host's whole ruleset for the view."""
    groups = {group.id: group for group in view.security_groups}
    return replaced("inet", _inet_table(view, zones)) + replaced(
        "bridge", bridge_table(view.ports, groups)
    )


def _inet_table(view: HostView, zones: Mapping[str, int]) -> str:
    stateless = stateless_bridges(view, zones)
    ours = f'"{BRIDGE_PREFIX}*"'
    return f"""table inet {TABLE} {{
  chain established {{
    meta mark set {MARK_ESTABLISHED}
  }}
  chain new {{
    meta mark set {MARK_NEW}
  }}
  chain invalid {{
    meta mark set {MARK_INVALID}
  }}
  chain state {{
    ct state vmap {{ established : goto established, related : goto established, \
new : goto new, untracked : goto new, invalid : goto invalid }}
  }}
  chain zone {{
    type filter hook prerouting priority {BEFORE_FRAGMENTS_MEET}; policy accept;
{_zones(zones, stateless)}  }}
  chain stateless {{
    type filter hook prerouting priority -300; policy accept;
{_untracked(stateless)}  }}
  chain state_in {{
    type filter hook prerouting priority -150; policy accept;
    iifname {ours} jump state
  }}
  chain state_out {{
    type filter hook output priority -150; policy accept;
    oifname {ours} jump state
  }}
  chain hide_behind_host {{
    type nat hook postrouting priority 100; policy accept;
{"".join(_masquerade(network) for network in view.networks)}  }}
{_only_encrypted() if view.encrypts_tunnels else _only_hosts(view)}}}
"""


def _zones(zones: Mapping[str, int], stateless: Collection[str]) -> str:
    """Of what is tracked; and of fragments everywhere, for what has a zone is tracked,
    and without one two networks' pieces would make one packet."""
    bridges = {bridge_name(key): zone for key, zone in zones.items() if zone}
    tracked = {key: zone for key, zone in bridges.items() if key not in stateless}
    rest = {key: zone for key, zone in bridges.items() if key in stateless}
    lines = [("", tracked), *((each, rest) for each in FRAGMENTS)]
    return "".join(
        f"    {which}ct zone set iifname map {{ {_pairs(pairs)} }}\n"
        for which, pairs in lines
        if pairs
    )


def _pairs(bridges: Mapping[str, int]) -> str:
    return ", ".join(f'"{name}" : {zone}' for name, zone in sorted(bridges.items()))


def _untracked(stateless: Sequence[str]) -> str:
    names = ", ".join(f'"{name}"' for name in stateless)
    return f"    iifname {{ {names} }} notrack\n" if names else ""


def stateless_bridges(view: HostView, zones: Mapping[str, int]) -> list[str]:
    """Bridges with guests of stateless groups, and with none that needs state."""
    groups = {group.id: group for group in view.security_groups}
    needs: dict[str, set[bool]] = {}
    for port in view.ports:
        if port.is_guest and port.port_security and port.security_groups:
            needs.setdefault(port.network_id, set()).add(is_stateful(port, groups))
    return [
        bridge_name(network_id)
        for network_id, found in sorted(needs.items())
        if found == {False} and zones.get(network_id)
    ]


def _only_encrypted() -> str:
    """The kernel takes frames for a tunnel from whoever sends them to its port, and
    sends them as routes lead: while the device is down or has lost its address, by the
    default one.  Nobody else gets by the host to where tunnels end."""
    ours = f'"{WIREGUARD_PREFIX}*"'
    return f"""  chain only_encrypted {{
    type filter hook input priority -300; policy accept;
    iifname != {ours} meta nfproto ipv6 udp dport {TUNNEL_PORT} drop
  }}
  chain only_encrypted_out {{
    type filter hook output priority -300; policy accept;
    oifname != "lo" oifname != {ours} ip6 daddr {INSIDE} drop
  }}
  chain only_own {{
    type filter hook forward priority -300; policy accept;
    iifname {ours} drop
    oifname {ours} drop
    ip6 daddr {INSIDE} drop
  }}
"""


def _only_hosts(view: HostView) -> str:
    """The kernel takes frames in the clear from any address.  What comes from an
    external network may be a guest's, and goes on with this host's address: no other
    host could tell it from ours."""
    addresses = {each.address for net in view.networks for each in net.remotes}
    hosts = ", ".join(sorted(filter(is_ipv4, addresses)))
    if not hosts:
        return ""
    ours = f'"{BRIDGE_PREFIX}*"'
    return f"""  chain only_hosts {{
    type filter hook input priority -300; policy accept;
    iifname {ours} ip saddr != {{ {hosts} }} udp dport {TUNNEL_PORT} drop
  }}
  chain no_guests {{
    type filter hook forward priority -300; policy accept;
    iifname {ours} oifname != {ours} udp dport {TUNNEL_PORT} drop
  }}
"""


def _masquerade(network: Network) -> str:
    if network.kind is not NetworkKind.EXTERNAL or not network.masquerade:
        return ""
    # Not on any bridge of ours: what is only bridged there passes this hook as well.
    outside = f'oifname != "{BRIDGE_PREFIX}*" masquerade'
    return "".join(
        f"    ip saddr {subnet.cidr} {outside}\n"
        for subnet in network.subnets
        if subnet.version == 4
    )
