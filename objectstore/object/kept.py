"""A small map that lives in memory and is kept in a table of the index.

Only what changed since the last flush is written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgpack

K = TypeVar("K")
V = TypeVar("V")


class KeptMap(Generic[K, V]):
    """Read ``items`` freely; change it through ``put`` and ``drop`` only."""

    def __init__(self, table: str) -> None:
        self.items: dict[K, V] = {}
        self._changed: set[K] = set()
        self._load_text = f"SELECT key, value FROM {table}"
        self._put_text = f"INSERT OR REPLACE INTO {table} (key, value) VALUES (?, ?)"
        self._drop_text = f"DELETE FROM {table} WHERE key = ?"

    def put(self, key: K, value: V) -> None:
        """Set one."""
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

    def write(self, connection: sqlite3.Connection) -> None:
        """Write what changed; ``written`` when that is committed."""
        put: list[tuple[K, bytes]] = []
        drop: list[tuple[K]] = []
        for key in self._changed:
            if key in self.items:
                put.append((key, msgpack.packb(self.items[key])))
            else:
                drop.append((key,))
        connection.executemany(self._put_text, put)
        connection.executemany(self._drop_text, drop)

    def written(self) -> None:
        """The last ``write`` was committed."""
        self._changed.clear()


def _value(packed: bytes) -> Any:
    return msgpack.unpackb(packed, use_list=False)
