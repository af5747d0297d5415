"""What a verb answers: lines for a person, the same as data, and an exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.table import Table

from ring.device import Device

# The codes that scripts around Swift's tool test for.
SUCCESS = 0
WARNING = 1
ERROR = 2


@dataclass(frozen=True, slots=True)
class Result:
    """`data` is what `--json` prints; everything in `lines` must also be in it."""

    lines: Sequence[str | Table]
    data: Mapping[str, Any] = field(default_factory=dict)
    code: int = SUCCESS
    warnings: Sequence[str] = ()


def device_data(device: Device) -> dict[str, Any]:
    """A device as `--json` shows it."""
    return asdict(device)
