"""The loop that folds rows waiting in memory into their databases."""

from __future__ import annotations

from objectstore.database.store import DatabaseStore
from objectstore.kernel.loop import Progress

# Long enough to gather the rows of a busy container, short enough that little
# memory and little work waits for the next question.
REST_SECONDS = 1.0


class FoldStep:
    """One step folds one database.

    A round takes those that wait when it begins, then rests: whoever kept on while
    any waits would fold a busy container row by row.
    """

    def __init__(self, databases: DatabaseStore) -> None:
        self.name = "database-folding"
        self._databases = databases
        self._left = 0  # of this round

    def step(self) -> Progress:
        """See ``kernel.loop.Step``."""
        if not self._left:
            self._left = self._databases.unfolded
        if self._left:
            self._left -= 1
            self._databases.fold_some(1)
        return Progress.BUSY if self._left else Progress.IDLE
