"""What the clients of a probe were told, and so what must be there.

Each name is written by one client at a time.  An acknowledged write settles the
name.  A write that failed is *open*: it may have taken effect or not, and until
the next acknowledged one either is right.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

ABSENT = ""
"""The outcome "there is no such object"; others are the MD5 of the bytes."""


@dataclass(slots=True)
class Entry:
    """One name: what was last acknowledged, and what may also be."""

    settled: str = ABSENT
    open: set[str] = field(default_factory=set)

    @property
    def allowed(self) -> set[str]:
        return {self.settled} | self.open


class Ledger:
    """All names of a probe, by container.  Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[tuple[str, str], Entry] = {}
        self.acknowledged = 0
        self.refused = 0
        self.wrong: list[str] = []

    def begin(self, container: str, name: str, outcome: str) -> None:
        """A write is about to be sent."""
        with self._lock:
            entry = self._entries.setdefault((container, name), Entry())
            entry.open.add(outcome)

    def settle(self, container: str, name: str, outcome: str) -> None:
        """It was acknowledged."""
        with self._lock:
            self._entries[container, name] = Entry(outcome)
            self.acknowledged += 1

    def refuse(self) -> None:
        """It failed: its outcome stays open."""
        with self._lock:
            self.refused += 1

    def read(self, container: str, name: str, outcome: str) -> bool:
        """Whether a reader may see this; what may not be seen is noted."""
        with self._lock:
            entry = self._entries.get((container, name), Entry())
            if outcome in entry.allowed:
                return True
            wanted = " or ".join(sorted(entry.allowed)) or "absent"
            self.wrong.append(
                f"{container}/{name}: {outcome or 'absent'}, not {wanted}"
            )
            return False

    def names(self, container: str) -> dict[str, set[str]]:
        """Every name of the container with its allowed outcomes."""
        with self._lock:
            return {
                name: entry.allowed
                for (place, name), entry in self._entries.items()
                if place == container
            }
