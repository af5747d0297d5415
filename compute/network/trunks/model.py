"""The records of trunks, and what state one is in.

A *trunk* makes a port a *parent*: its guest's tagged frames are those of other ports,
the *subports*, each by its VLAN id.  Untagged frames are the parent's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compute.network.model import ACTIVE, BUILD, DOWN, Port, Resource

# What IEEE 802.1Q leaves to users: 0 says that there is none, 4095 is reserved.
VLAN_MIN, VLAN_MAX = 1, 4094
SEGMENTATION_TYPE = "vlan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk(Resource):
    """``port_id``: the parent.  Without ``admin_up`` it may not be changed; what
    passes, passes on."""

    port_id: str
    admin_up: bool
    status: str


@dataclass(frozen=True, slots=True)
class Subport:
    """A port that is a trunk's by that VLAN id."""

    port_id: str
    trunk_id: str
    vlan: int


def trunk_status(parent: Port, subports: Sequence[Port]) -> str:
    """DOWN as long as the parent is on no host, or is not wanted up; BUILD until its
    host's agent has wired it and all its subports that are wanted up; then ACTIVE."""
    if not parent.host or not parent.admin_up:
        return DOWN
    wanted = [parent, *(port for port in subports if port.admin_up)]
    return ACTIVE if all(port.status == ACTIVE for port in wanted) else BUILD
