"""Work that costs CPU and that nobody is in a hurry for: one at a time in a process.

Many of its kind at once, or one right after the other, would be felt by the requests
of that moment.
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

_turn = concurrency.Semaphore(1)


def offload_in_turn(function: Callable[..., T], *arguments: object) -> T:
    """Call it on a thread, while nobody else's turn is or has just been."""
    has_turn = _turn.acquire(timeout=TURN_SECONDS)
    try:
        return concurrency.offload(function, *arguments)
    finally:
        if has_turn:
            concurrency.spawn_later(TURN_PAUSE_SECONDS, _turn.release)
