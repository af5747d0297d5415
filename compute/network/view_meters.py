"""The part of a host's view that says what its routers count."""

from __future__ import annotations

from dataclasses import dataclass

from compute.network.view_rules import Direction


@dataclass(frozen=True, slots=True)
class MeterRule:
    """What of that direction counts, or does not whatever other rules say; prefixes
    are "" for any."""

    direction: Direction
    excluded: bool = False
    source: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Meter:
    """What is counted together, and for which project."""

    label_id: str
    project_id: str
    rules: tuple[MeterRule, ...] = ()
