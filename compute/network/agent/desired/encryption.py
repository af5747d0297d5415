"""Where tunnels are encrypted: the host's WireGuard device, and with whom it speaks.

Tunnels leave by that device alone, from and to addresses that exist only inside of it
and follow from the hosts' keys.  So what cannot be encrypted is not sent: to a host
without a key no entry leads, and without the device there are no tunnels.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator

from compute.network.agent.desired.parts import Parts
from compute.network.agent.model import Link, LinkKind, Peer, WireGuard
from compute.network.agent.names import wireguard_alias, wireguard_device
from compute.network.agent.settings import AgentSettings
from compute.network.report import is_public_key
from compute.network.view import HostView, Network, Remote

# UDP.  Not WireGuard's usual one, which an operator may use for something else.
PORT = 51889
# A local prefix (RFC 4193) of 48 bits; the rest of an address is of a key's digest.
INSIDE = ipaddress.IPv6Network("fd72:6e67:7374::/48")
# What VXLAN over IPv6 puts around a guest's packet.
TUNNEL_BYTES = 70
IPV6_MTU_MIN = 1280


def inside_address(key: str) -> str:
    """The address that the host with that public key has inside."""
    digest = int.from_bytes(hashlib.sha256(key.encode()).digest())
    rest = digest & int(INSIDE.hostmask)
    return str(ipaddress.IPv6Address(int(INSIDE.network_address) | rest))


def add_encryption(parts: Parts) -> dict[str, WireGuard]:
    """The device, where any network of the host has tunnels; what it is to be told."""
    key = parts.settings.tunnel_key
    networks = _tunnelled(parts.view, parts.settings)
    if not networks or not key:
        return {}
    name = wireguard_device(key)
    widest = max(network.mtu for network in networks)
    parts.links[name] = Link(
        name,
        LinkKind.WIREGUARD,
        wireguard_alias(),
        # The outer packets of a network that is as long as the wires come in pieces.
        max(IPV6_MTU_MIN, widest + TUNNEL_BYTES),
        addresses=frozenset({f"{inside_address(key)}/{INSIDE.prefixlen}"}),
    )
    remotes = {
        remote.key: remote
        for network in networks
        for remote in reachable(network.remotes, key)
    }
    peers = {
        Peer(each, f"{remote.address}:{PORT}", inside_address(each))
        for each, remote in remotes.items()
    }
    return {name: WireGuard(key, PORT, frozenset(peers))}


def reachable(remotes: tuple[Remote, ...], own_key: str) -> Iterator[Remote]:
    """Those that can be spoken with.  Whoever has our own key is a copy of this host's
    files, and no other host."""
    return (
        each
        for each in remotes
        if is_public_key(each.key) and each.key != own_key and is_ipv4(each.address)
    )


def is_ipv4(text: str) -> bool:
    """Whether it is an address that hosts' tunnels may end at."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def unreachable(view: HostView, settings: AgentSettings) -> str:
    """With which hosts nothing can be encrypted, for operators; "": with all."""
    networks = _tunnelled(view, settings)
    if networks and not settings.tunnel_key:
        return "tunnels are to be encrypted, and this host has no key"
    silent = {
        remote.address
        for network in networks
        for remote in set(network.remotes)
        - set(reachable(network.remotes, settings.tunnel_key))
    }
    if not silent:
        return ""
    names = ", ".join(sorted(silent))
    return f"nothing is sent to hosts without a key of their own: {names}"


def _tunnelled(view: HostView, settings: AgentSettings) -> list[Network]:
    if not view.encrypts_tunnels or not settings.tunnel_address:
        return []
    return [network for network in view.networks if network.remotes]
