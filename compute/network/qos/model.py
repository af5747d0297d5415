"""The records of QoS that only this folder knows."""

from __future__ import annotations

from dataclasses import dataclass

from compute.network.model import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketRateRule(Resource):
    """How many packets, in thousands a second, and how many at once, in thousands (0:
    what is usual)."""

    policy_id: str
    max_kpps: int
    max_burst_kpps: int
    direction: str
