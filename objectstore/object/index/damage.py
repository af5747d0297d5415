"""What turned out wrong with an index's file, remembered for whoever repairs it."""

from __future__ import annotations

import sqlite3
from types import TracebackType

from objectstore.kernel.errors import Corrupt
from objectstore.object.index.database import translated
from objectstore.object.records.row import decode_row
from objectstore.object.records.state import Held


class IndexDamage:
    """Of one index.  A context to ask SQLite in: its errors come out as the house's,
    and damage is noted."""

    def __init__(self) -> None:
        self.what = ""  # nothing

    def of(self, error: sqlite3.Error) -> Exception:
        """The house's error."""
        failure = translated(error)
        if isinstance(failure, Corrupt):
            self.what = str(failure)
        return failure

    def decoded(self, row: bytes) -> Held:
        """The row that these bytes are."""
        try:
            return decode_row(row)
        except Corrupt as error:
            self.what = str(error)
            raise

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, sqlite3.Error):
            raise self.of(error) from error
