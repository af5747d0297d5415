"""Moves of simulated guests: they take their time, and nothing else happens."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class SimMoves:
    """Those under way, by guest: when each began."""

    began: dict[str, float] = field(default_factory=dict)

    def part_done(self, uuid: str, now: float, seconds: float) -> float:
        """From 0 to 1, of a move that takes so long; begins it."""
        began = self.began.setdefault(uuid, now)
        return min(1.0, (now - began) / seconds) if seconds > 0 else 1.0

    def hurry(self, uuid: str, now: float, seconds: float) -> None:
        """The rest at once."""
        if uuid in self.began:
            self.began[uuid] = now - seconds

    def forget(self, uuid: str) -> None:
        """It is over, one way or the other."""
        self.began.pop(uuid, None)


def memory_figures(memory_mib: int, part: float) -> dict[str, int]:
    """How far a move is, as figures of the guest's memory in bytes."""
    total = memory_mib << 20
    done = int(total * part)
    return {
        "memory_total": total,
        "memory_processed": done,
        "memory_remaining": total - done,
    }
