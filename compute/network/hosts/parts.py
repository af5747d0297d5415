"""Parts of views that hosts have in common: made once, and kept until they change.

A network of ten thousand ports has ten thousand names, which each host with a resolver
of it is told.  A *part* is what one network or group gives to views.  It is made of
some subjects, and is good as long as none of these has changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sized
from typing import TypeVar, cast

from compute.core.sql.database import Connection
from compute.network.frame.revisions import last_changes
from compute.network.frame.subjects import EVERYTHING

S = TypeVar("S", bound=Sized)

# Some hundred bytes each: a process keeps about so much as a few of the largest
# networks need, and makes the others anew.
ITEMS_MAX = 500_000


class Parts:
    """Those of one process.  Several threads may use it: each part is put in, and
    taken, whole, and is good for whoever sees the same changes."""

    def __init__(self, *, are_kept: bool = True) -> None:
        """``are_kept`` False: each is made anew, whatever is noted of changes."""
        self._are_kept = are_kept
        self._kept: dict[tuple[str, str], tuple[int, Sized]] = {}
        self._items = 0

    def of(
        self,
        connection: Connection,
        kind: str,
        subjects: Mapping[str, Collection[str]],
        make: Callable[[str], S],
    ) -> dict[str, S]:
        """The parts of that kind of all these networks or groups; ``subjects``: what
        that of each is made of."""
        if not self._are_kept:
            return {each: make(each) for each in subjects}
        asked = {EVERYTHING}.union(*subjects.values())
        changes = last_changes(connection, asked)
        found = {}
        for each, own in subjects.items():
            newest = max(changes.get(one, 0) for one in (EVERYTHING, *own))
            kept = self._kept.get((kind, each))
            if kept is None or kept[0] != newest:
                kept = newest, make(each)
                self._keep((kind, each), kept)
            found[each] = cast(S, kept[1])
        return found

    def _keep(self, key: tuple[str, str], kept: tuple[int, Sized]) -> None:
        self._items += len(kept[1])
        if self._items > ITEMS_MAX:
            self._kept, self._items = {}, len(kept[1])
        self._kept[key] = kept
