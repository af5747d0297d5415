"""Operations on what passes, how fast, and which flows go on."""

from __future__ import annotations

from dataclasses import dataclass

from compute.network.agent.model import Shaping
from compute.network.agent.vlans.turns import VlanTurn


@dataclass(frozen=True, slots=True)
class LoadRules:
    """Put a table in the place of the one that is loaded."""

    concerns: str
    namespace: str
    text: str


@dataclass(frozen=True, slots=True)
class DropRules:
    """Take our tables out of the host's namespace."""

    concerns: str


@dataclass(frozen=True, slots=True)
class DropTable:
    """Take a table ("ip ringstack") that is not one of ours out of a namespace,
    though it has our name."""

    concerns: str
    namespace: str


@dataclass(frozen=True, slots=True)
class JudgeFlows:
    """End the flows of a port that its rules do not let live (``rules/flows.py``)."""

    concerns: str
    port_id: str


@dataclass(frozen=True, slots=True)
class EndTranslations:
    """End a router's flows that go by way of a floating address or to the guest that
    had it."""

    concerns: str
    namespace: str
    address: str
    fixed_address: str


@dataclass(frozen=True, slots=True)
class EndForwarded:
    """End a router's flows to one port of a floating address (``forwarding``'s key)."""

    concerns: str
    namespace: str
    key: str


@dataclass(frozen=True, slots=True)
class ShapeDevice:
    """Let a device be as slow as that."""

    concerns: str
    shaping: Shaping


@dataclass(frozen=True, slots=True)
class UnshapeDevice:
    """Let a device go as fast as it will."""

    concerns: str
    namespace: str
    device: str
    is_arriving: bool


@dataclass(frozen=True, slots=True)
class TurnFrames:
    """Let the frames that arrive by a device take that turn."""

    concerns: str
    turn: VlanTurn


@dataclass(frozen=True, slots=True)
class LeaveFrames:
    """Let them go on as they would."""

    concerns: str
