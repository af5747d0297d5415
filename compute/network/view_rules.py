"""Rules of packets, as views tell them: security groups' and subnets'."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Direction(enum.Enum):
    """Seen from the guest."""

    INGRESS = "ingress"
    EGRESS = "egress"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a group lets pass.  None and "" mean: any.

    ``protocol`` is the number (1, 6, 17, 58 ...).  For ICMP and ICMPv6, ``port_min`` is
    the type and ``port_max`` the code.  At most one remote is set.
    """

    id: str
    direction: Direction
    version: int  # 4 or 6
    protocol: int | None = None
    port_min: int | None = None
    port_max: int | None = None
    remote_prefix: str = ""
    remote_group: str = ""


@dataclass(frozen=True, slots=True)
class PacketRule:
    """One of those in order that a router's packets into a subnet, and out of it, are
    judged by: whether what it speaks of (no group's) passes or is dropped."""

    passes: bool
    what: Rule
