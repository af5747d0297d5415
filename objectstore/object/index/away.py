"""What stands in for the index while it is made anew: nobody knows anything."""

from __future__ import annotations

from typing import Any, NoReturn, cast

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.journal import Position
from objectstore.object.index.damage import IndexDamage
from objectstore.object.index.index import Index
from objectstore.object.index.kept import KeptMap

AWAY = "the index is being made anew"


class _AwayIndex:
    """Every question is ``Unavailable``, but for what is read in passing."""

    def __init__(self, path: str, damage: IndexDamage) -> None:
        self.path = path
        self.damage = damage  # stays until the index is whole
        self.unflushed = 0
        self.applied = Position(0, 0)
        # A row that is paid meanwhile is sent once more.
        self.owed: KeptMap[bytes, Any] = KeptMap("owed")
        self.quarantined: KeptMap[bytes, Any] = KeptMap("quarantined")

    def close(self) -> None:
        """There is nothing to close when the store ends meanwhile."""

    def __getattr__(self, name: str) -> NoReturn:
        raise Unavailable(AWAY)


def away_index(index: Index) -> Index:
    """In place of this one."""
    return cast(Index, _AwayIndex(index.path, index.damage))
