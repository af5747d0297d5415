"""The loop that folds rows waiting in memory into their databases."""

from __future__ import annotations

from objectstore.database.store import DatabaseStore
from objectstore.kernel.loop import Progress
from objectstore.kernel.turns import Line

# Long enough to gather the rows of a busy container, short enough that little
# memory and little work waits for the next question.
REST_SECONDS = 1.0
# Between the steps of a round: folds of many containers in a row, on all devices at the
# same time, would stand between the requests of that moment.
PAUSE_SECONDS = 0.02
# A round takes a second, however many databases there are, or what it waits for others.
STEPS_MAX = 50


class FoldStep:
    """One step folds one database, or a small share of many.

    A round takes those that wait when it begins, then rests: whoever kept on while
    any waits would fold a busy container row by row.
    """

    def __init__(self, databases: DatabaseStore, line: Line) -> None:
        """``line``: of all that is folded in this process."""
        self.name = "database-folding"
        self._databases = databases
        self._line = line
        self._left = 0  # of this round
        self._at_once = 1

    def step(self) -> Progress:
        """See ``kernel.loop.Step``."""
        if not self._left:
            self._left = self._databases.changes.unfolded
            self._at_once = max(1, -(-self._left // STEPS_MAX))
        if self._left:
            self._left -= min(self._left, self._at_once)
            self._line.wait()
            self._databases.changes.fold_some(self._at_once)
        return Progress.BUSY if self._left else Progress.IDLE
