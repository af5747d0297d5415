"""Bytes on a device for each byte stored, before and after compaction."""

from __future__ import annotations

import tempfile
from collections.abc import Callable

from objectstore.kernel.loop import Progress
from objectstore.object.maintenance.compaction import Compaction
from test.bench.curve_objects import BODY, Filled

OBJECTS = 8000
DEAD_PERCENT = (10, 25, 50, 75, 90)
SEGMENT_BYTES = 2 * 1024 * 1024


def measure(note: Callable[[dict[str, float]], None]) -> None:
    """Tell ``note`` of each share of dead objects."""
    for dead in DEAD_PERCENT:
        with tempfile.TemporaryDirectory() as root:
            filled = Filled(root, SEGMENT_BYTES)
            filled.fill(OBJECTS)
            gone = [n for n in range(OBJECTS) if n % 100 < dead]
            for number in gone:
                filled.delete(number)
            filled.store.journal.flush()
            stored = (OBJECTS - len(gone)) * len(BODY)
            before = log_bytes(filled) / stored
            compaction = Compaction(filled.store)
            while compaction.step() is Progress.BUSY:
                pass
            after = log_bytes(filled) / stored
            note({"dead_percent": dead, "before": before, "after": after})
            filled.close()


def log_bytes(filled: Filled) -> int:
    """All segments together."""
    return sum(facts.size for facts in filled.store.journal.segments())
