"""One thing that is not as it should be, and what would put it right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """``place``: guest, files, network, port, allocation, image, ring, volume.
    ``repair`` is safe to repeat, looks again before it removes anything, and
    raises a ``RingstackError`` when it cannot."""

    place: str
    name: str
    detail: str
    repair: Callable[[], None]
