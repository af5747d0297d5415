"""The loop that folds rows waiting in memory into their databases."""

from __future__ import annotations

from objectstore.database.store import DatabaseStore
from objectstore.kernel.loop import Progress

# Long enough to gather the rows of a busy container, short enough that little
# memory and little work waits for the next question.
REST_SECONDS = 0.5


class FoldStep:
    """One step folds one database."""

    def __init__(self, databases: DatabaseStore) -> None:
        self.name = "database-folding"
        self._databases = databases

    def step(self) -> Progress:
        """See ``kernel.loop.Step``."""
        return Progress.BUSY if self._databases.fold_some(1) else Progress.IDLE
