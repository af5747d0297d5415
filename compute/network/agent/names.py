"""What the agent calls its things, so that leftovers are recognised as ours.

======================  ======================================================
``rsbr-`` + 10 of id    bridge of a network, in the host's namespace
``tap`` + 11 of id      tap of a guest's port
``rsd-`` + 11 of id     outer end of the DHCP service's veth, on the bridge
``rsr-`` + 11 of id     outer end of a router port's veth, on the bridge
``rsi-`` + 11 of id     inner end of either, in the service's namespace
``rsg-`` + 11 of id     inner end of a router's port on the external network
``rsv-`` + 11 of id     tunnels of a network to other hosts, on the bridge
``rsw-`` + 11 digits    WireGuard device of the host, by its key: tunnels go through it
``rsq-`` + 11 of id     device that a guest's frames go through at their speed
``rst-`` + 11 of id     inner end of a subport's veth: programs lead from there to the
                        tap of its trunk; the outer one is named like a tap
``rs-dhcp-`` + id       namespace of a network's DHCP service
``rs-router-`` + id     namespace of a router
``rs-lb-`` + id         namespace of a load balancer; its veth is named like a tap
``ringstack``           nftables tables, one in each family used; what else begins so
                        is removed
======================  ======================================================

Interface names have 15 bytes at most.  What they cut off is in the interface's alias
(``ringstack network ID zone N``), which is also the mark of ownership: the agent
never touches a ``tap`` without it, for other programs have taps too.
"""

from __future__ import annotations

import hashlib
import re

from compute.network.port_names import (
    BALANCER_NAMESPACE_PREFIX,
    ID_CHARACTERS,
    TAP_PREFIX,
)

BRIDGE_PREFIX = "rsbr-"
DHCP_PREFIX = "rsd-"
ROUTER_PREFIX = "rsr-"
INNER_PREFIX = "rsi-"
GATEWAY_PREFIX = "rsg-"
TUNNEL_PREFIX = "rsv-"
SPEED_PREFIX = "rsq-"
WIREGUARD_PREFIX = "rsw-"
TRUNK_PREFIX = "rst-"
DHCP_NAMESPACE_PREFIX = "rs-dhcp-"
ROUTER_NAMESPACE_PREFIX = "rs-router-"
TABLE = "ringstack"
ALIAS_PREFIX = "ringstack "

# One character less than others: the prefix has one more.
BRIDGE_ID_CHARACTERS = 10

OWN_PREFIXES = (
    BRIDGE_PREFIX,
    DHCP_PREFIX,
    ROUTER_PREFIX,
    TUNNEL_PREFIX,
    SPEED_PREFIX,
    WIREGUARD_PREFIX,
    TRUNK_PREFIX,
)
OWN_NAMESPACES = (
    DHCP_NAMESPACE_PREFIX,
    ROUTER_NAMESPACE_PREFIX,
    BALANCER_NAMESPACE_PREFIX,
)

_ZONE = re.compile(r"ringstack network (\S+) zone (\d+)")


def bridge_name(network_id: str) -> str:
    """The bridge of a network."""
    return BRIDGE_PREFIX + network_id[:BRIDGE_ID_CHARACTERS]


def bridge_mac(network_id: str) -> str:
    """A bridge's own address: fixed, or it would follow its lowest port's and
    neighbours would talk to an address that is gone."""
    digits = network_id.replace("-", "")[:10].rjust(10, "0")
    return "0a:" + ":".join(digits[place : place + 2] for place in range(0, 10, 2))


def speed_device(port_id: str) -> str:
    """What a guest sends goes through it where it may not go as fast as it will."""
    return SPEED_PREFIX + port_id[:ID_CHARACTERS]


def trunk_device(port_id: str) -> str:
    """Where a subport's frames come from its trunk, and leave for it."""
    return TRUNK_PREFIX + port_id[:ID_CHARACTERS]


def tags_of(tap: str) -> str:
    """What is not as it should be where a tap does not tell its subports apart."""
    return f"tags of {tap}"


def trunk_mac(port_id: str) -> str:
    """That device's own address, which nobody ever speaks to."""
    return bridge_mac(port_id)


def dhcp_device(port_id: str) -> str:
    """The outer end of the DHCP service's veth."""
    return DHCP_PREFIX + port_id[:ID_CHARACTERS]


def router_device(port_id: str) -> str:
    """The outer end of a router port's veth."""
    return ROUTER_PREFIX + port_id[:ID_CHARACTERS]


def inner_device(port_id: str) -> str:
    """The inner end of a service's veth."""
    return INNER_PREFIX + port_id[:ID_CHARACTERS]


def gateway_device(port_id: str) -> str:
    """The inner end of the veth that leads to the external network."""
    return GATEWAY_PREFIX + port_id[:ID_CHARACTERS]


def tunnel_device(network_id: str) -> str:
    """The network's tunnels to other hosts."""
    return TUNNEL_PREFIX + network_id[:ID_CHARACTERS]


def tunnel_alias(network_id: str) -> str:
    """The alias of that device."""
    return f"{ALIAS_PREFIX}tunnels {network_id}"


def wireguard_device(public_key: str) -> str:
    """What encrypts the host's tunnels.  Another key is another device: nothing that
    was meant for the one goes through the other."""
    digest = hashlib.sha256(public_key.encode()).hexdigest()
    return WIREGUARD_PREFIX + digest[:ID_CHARACTERS]


def dhcp_namespace(network_id: str) -> str:
    """Where a network's DHCP service lives."""
    return DHCP_NAMESPACE_PREFIX + network_id


def router_namespace(router_id: str) -> str:
    """Where a router lives."""
    return ROUTER_NAMESPACE_PREFIX + router_id


def wireguard_alias() -> str:
    """The alias of the host's WireGuard device."""
    return f"{ALIAS_PREFIX}encrypted tunnels"


def port_alias(port_id: str) -> str:
    """The alias of a port's tap or veth."""
    return f"{ALIAS_PREFIX}port {port_id}"


def bridge_alias(network_id: str, zone: int) -> str:
    """The alias of a bridge; it also keeps the network's conntrack zone, which must
    outlive the agent or its flows would be strangers after a restart."""
    return f"{ALIAS_PREFIX}network {network_id} zone {zone}"


def zone_of(alias: str) -> tuple[str, int] | None:
    """Network and zone that a bridge's alias tells; None when it is not ours."""
    found = _ZONE.fullmatch(alias)
    return (found[1], int(found[2])) if found else None


def is_own_device(name: str, alias: str) -> bool:
    """Whether the agent made this device of the host's namespace."""
    if name.startswith(OWN_PREFIXES):
        return True
    return name.startswith(TAP_PREFIX) and alias.startswith(ALIAS_PREFIX)


def is_own_namespace(name: str) -> bool:
    """Whether the agent made this namespace."""
    return name.startswith(OWN_NAMESPACES)
