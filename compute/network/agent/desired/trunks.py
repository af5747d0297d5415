"""What a subport should have on a host: a veth, and programs that join it to the tap of
its trunk.

The outer end is named like a guest's tap, on the bridge of the subport's own network,
and so it is one to all rules: anti-spoofing, security groups, DHCP and speed are those
of the port.  What arrives by the inner end leaves by the trunk's tap with the subport's
VLAN id, and what the guest sends with that id comes out of it without.
"""

from __future__ import annotations

from compute.network.agent.desired.parts import Parts
from compute.network.agent.model import HOST, InnerLink, Link, LinkKind
from compute.network.agent.names import (
    bridge_name,
    port_alias,
    tags_of,
    trunk_device,
    trunk_mac,
)
from compute.network.agent.vlans.turns import VlanTurn
from compute.network.port_names import tap_name
from compute.network.view import Port


def add_subport(parts: Parts, port: Port) -> None:
    """The veth, and the way from there to the trunk; nothing where the trunk is not."""
    parent = parts.ports.get(port.trunk_port_id)
    if parent is None or parent.trunk_port_id or not parent.is_guest:
        return
    name, inner, trunk = tap_name(port.id), trunk_device(port.id), tap_name(parent.id)
    mtu = parts.networks[port.network_id].mtu
    parts.links[name] = Link(
        name,
        LinkKind.VETH,
        port_alias(port.id),
        mtu,
        is_up=port.admin_up,
        bridge=bridge_name(port.network_id),
        inner=InnerLink(inner, trunk_mac(port.id), mtu, is_up=False),
        inner_namespace=HOST,
    )
    parts.turns[inner] = VlanTurn(inner, inner, vlan=port.vlan, through=trunk)
    before = parts.turns.get(trunk, VlanTurn(tags_of(trunk), trunk))
    ways = tuple(sorted((*before.ways, (port.vlan, inner))))
    parts.turns[trunk] = VlanTurn(tags_of(trunk), trunk, ways)
