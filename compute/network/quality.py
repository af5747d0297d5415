"""How fast a port may be, and how its packets are marked: what a QoS policy comes to in
the view of a host."""

from __future__ import annotations

from dataclasses import dataclass

UNMARKED = -1


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """How fast, in kilobits a second (0: as it will), and how much at once, in kilobits
    (0: what is usual for that speed)."""

    kbps: int = 0
    burst_kbit: int = 0


@dataclass(frozen=True, slots=True)
class PacketRate:
    """How many packets a second (0: as many as come), and how many at once, in
    thousands both (0: what is usual for that rate)."""

    kpps: int = 0
    burst_kilopackets: int = 0


@dataclass(frozen=True, slots=True)
class Quality:
    """What a QoS policy asks for.  ``egress``: what the guest sends; ``dscp_mark``: of
    all that it sends, ``UNMARKED`` when it may choose."""

    egress: Bandwidth = Bandwidth()
    ingress: Bandwidth = Bandwidth()
    dscp_mark: int = UNMARKED
    egress_packets: PacketRate = PacketRate()
    ingress_packets: PacketRate = PacketRate()
