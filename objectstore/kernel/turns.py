"""Work that costs CPU and that nobody is in a hurry for: one at a time in a process.

Many of its kind at once, or one right after the other, would be felt by the requests
of that moment: on native threads (``offload_in_turn``), and more so on the hub
(``Line``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from objectstore.kernel import concurrency

T = TypeVar("T")

# Whoever has waited so long for his turn takes it: a disk that hangs must not keep the
# others waiting, nor must there be too many of them.
TURN_SECONDS = 1.0
# Between two turns, of some 6 ms each: one after the other they would be as bad for the
# requests of that moment as one long one.
TURN_PAUSE_SECONDS = 0.05
# Between two pieces of work on the hub, of some 0.4 ms each: as long as a few requests
# take, so that the hub is not behind when the next one comes.
LINE_PAUSE_SECONDS = 0.003

_turn = concurrency.Semaphore(1)


def offload_in_turn(function: Callable[..., T], *arguments: object) -> T:
    """Call it on a thread, while nobody else's turn is or has just been."""
    has_turn = _turn.acquire(timeout=TURN_SECONDS)
    try:
        return concurrency.offload(function, *arguments)
    finally:
        if has_turn:
            concurrency.spawn_later(TURN_PAUSE_SECONDS, _turn.release)


class Line:
    """Where short pieces of work on the hub itself wait for a moment of their own.

    All devices of a process do the same in the same second.  Who just pauses between
    two pieces meets the others, and himself when the hub was late: ten pieces then
    stood in one turn between the requests, 5 to 10 ms.
    """

    def __init__(self, pause_seconds: float = LINE_PAUSE_SECONDS) -> None:
        self._pause_seconds = pause_seconds
        self._first = concurrency.Semaphore(1)

    def wait(self) -> None:
        """Go on after all who came before, a pause after the last of them.  What is
        done then must not wait."""
        with self._first:
            concurrency.sleep(self._pause_seconds)
