"""How much one question may cost.

Operations over series are computed while everybody else waits, and what they make is in
memory: a few words may ask for a table of all moments of many series, or look at each
value thousands of times.  So every value that is made or looked at is a step, counted
before it is taken.
"""

from __future__ import annotations

from collections.abc import Callable

from compute.core.errors import ApiError

# After so many steps others may have their turn.
STEPS_IN_A_TURN = 200_000


class TooManySteps(ApiError):
    """A question costs more than it may."""

    status_default = 413
    kind_default = "TooManySteps"


def _nothing() -> None:
    return None


class Effort:
    """Of one question; ``pause`` lets others have their turn."""

    def __init__(self, steps_max: int, pause: Callable[[], None] = _nothing) -> None:
        self._steps_max = steps_max
        self._pause = pause
        self._steps = 0
        self._turn = 0

    def spend(self, steps: int) -> None:
        """So many more; ``TooManySteps`` when there are no more of them."""
        self._steps += steps
        if self._steps > self._steps_max:
            raise TooManySteps(
                f"Operations on these series need more than {self._steps_max} steps:"
                " ask for a shorter time, longer periods, or fewer metrics"
            )
        if self._steps - self._turn > STEPS_IN_A_TURN:
            self._turn = self._steps
            self._pause()
