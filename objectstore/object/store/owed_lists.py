"""Lists in the log of the rows that are still owed: a rebuild knows by them which were
paid.  One is written before a flush, when it is another than the last."""

from __future__ import annotations

from collections.abc import Callable

from objectstore.kernel.journal import Entry
from objectstore.object.store.entries import OwedList
from objectstore.object.store.view import View

# With more than that (a container has been away for long) none is written, and a
# rebuild repeats some rows.
ROWS_MAX = 4096


class OwedLists:
    """Writes the lists of one store."""

    def __init__(self, view: View, submit: Callable[[Entry], None]) -> None:
        self._view = view
        self._submit = submit
        self._listed: dict[bytes, tuple[int, int, int]] = {}

    def begin(self) -> None:
        """The index has just learnt from the log which rows are owed."""
        self._listed = dict(self._view.index.owed.items)

    def write(self) -> None:
        """A list, if the last does not hold any more."""
        owed = self._view.index.owed.items
        if len(owed) <= ROWS_MAX and owed != self._listed:
            self._listed = dict(owed)
            self._submit(OwedList(self._view))
