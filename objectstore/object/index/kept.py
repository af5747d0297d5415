"""A small map that lives in memory and is kept in a table of the index.

Only what changed since the last flush is written, and what came and went between two
flushes never is: most rows owed are paid within milliseconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgpack

from objectstore.kernel.errors import Corrupt

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class KeptChanges(Generic[K]):
    """Statements for one transaction."""

    put_text: str
    put: Sequence[tuple[K, bytes]]
    drop_text: str
    drop: Sequence[tuple[K]]

    def write(self, connection: sqlite3.Connection) -> None:
        """Carry them out; any thread."""
        connection.executemany(self.put_text, self.put)
        connection.executemany(self.drop_text, self.drop)


class KeptMap(Generic[K, V]):
    """Read ``items`` freely; change it through ``put`` and ``drop`` only."""

    def __init__(self, table: str) -> None:
        self.items: dict[K, V] = {}
        self._changed: set[K] = set()
        self._stored: set[K] = set()  # what the table has
        self._load_text = f"SELECT key, value FROM {table}"
        self._put_text = f"INSERT OR REPLACE INTO {table} (key, value) VALUES (?, ?)"
        self._drop_text = f"DELETE FROM {table} WHERE key = ?"

    def put(self, key: K, value: V) -> None:
        """Set one item."""
        self.items[key] = value
        self._changed.add(key)

    def drop(self, key: K) -> None:
        """Forget one; fine if it is not there."""
        if key in self.items:
            del self.items[key]
            self._changed.add(key)

    def replace(self, items: Mapping[K, V]) -> None:
        """Make it exactly these."""
        self._changed.update(self.items)
        self._changed.update(items)
        self.items = dict(items)

    def load(self, connection: sqlite3.Connection) -> None:
        """Read what was kept."""
        self.items = {
            key: _value(packed) for key, packed in connection.execute(self._load_text)
        }
        self._stored = set(self.items)

    def freeze(self) -> KeptChanges[K]:
        """What changed since the last call, as it is now: to be written, then to be
        ``settled``."""
        put: list[tuple[K, bytes]] = []
        drop: list[tuple[K]] = []
        for key in self._changed:
            if key in self.items:
                put.append((key, msgpack.packb(self.items[key])))
            elif key in self._stored:
                drop.append((key,))
        self._changed = set()
        return KeptChanges(self._put_text, put, self._drop_text, drop)

    def settled(self, changes: KeptChanges[K], *, is_written: bool) -> None:
        """These were committed, or have to be written again."""
        put, drop = {key for key, _ in changes.put}, {key for (key,) in changes.drop}
        if is_written:
            self._stored |= put
            self._stored -= drop
        else:
            self._changed |= put | drop


def _value(packed: bytes) -> Any:
    try:
        return msgpack.unpackb(packed, use_list=False)
    except (TypeError, ValueError, msgpack.UnpackException) as error:
        raise Corrupt(f"a value of the index has changed on disk: {error}") from error
