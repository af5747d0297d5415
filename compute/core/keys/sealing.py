"""Sealing what stands in a room's rows, with a key that is beside the database and not
in it: whoever reads the database, or a backup of it, reads no secrets.

A column is sealed as a whole, with Fernet.  A sealed value is a text (also in a column
of JSON) and says so itself; an empty one has no secret and stays as it is, and so does
one that was written before there was a key, until ``resealing.py`` comes by.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from cryptography.fernet import InvalidToken

from compute.core.keys.repository import KeyRepository, create_keys
from compute.core.sql.database import Connection
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Corrupt

# Below the room's state directory.
SECRET_KEYS = "secret-keys"
# The next one, the present one, and the one before: a process that runs may use that
# for some seconds more.  Rows are never sealed with an older one.
KEYS_KEPT = 3
# What a sealed value begins with, and no template, script, URL or id does.
MARK = "sealed:1:"


class Vault:
    """Seals and opens values."""

    def __init__(self, keys: KeyRepository) -> None:
        self._keys = keys

    def seal(self, value: Any) -> Any:
        """The value as its column holds it."""
        if not value:
            return value
        text = json.dumps(value, separators=(",", ":"))
        return MARK + self._keys.fernet.encrypt(text.encode()).decode()

    def open(self, value: Any) -> Any:
        """The value as it was given.  ``Corrupt`` when none of our keys opens it."""
        if is_clear(value):
            return value
        try:
            text = self._keys.fernet.decrypt(value[len(MARK) :])
        except InvalidToken:
            raise Corrupt("a sealed row: none of our keys opens it") from None
        return json.loads(text)

    def reload(self) -> None:
        """The keys were rotated."""
        self._keys.reload()


def vault_of(state: Path, clock: Clock) -> Vault:
    """A room's; its keys are made when there are none."""
    create_keys(state / SECRET_KEYS)
    return Vault(KeyRepository(state / SECRET_KEYS, clock))


def is_clear(value: Any) -> bool:
    """Whether it was not sealed."""
    return not (isinstance(value, str) and value.startswith(MARK))


class SealedColumns:
    """Those of one table, inside the caller's transaction.  ``key``: the name of the
    column by which its rows are found."""

    def __init__(
        self, table: sa.Table, names: Collection[str], vault: Vault, key: str = "id"
    ) -> None:
        self._table = table
        self._key = table.c[key]
        self._names = sorted(names)
        self._vault = vault

    def opened(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A row's values as they were given."""
        return {
            name: self._vault.open(value) if name in self._names else value
            for name, value in values.items()
        }

    def closed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values as a row holds them."""
        return {
            name: self._vault.seal(value) if name in self._names else value
            for name, value in values.items()
        }

    def reseal(
        self, connection: Connection, after: Any, limit: int, *, only_clear: bool
    ) -> tuple[Any, int]:
        """Seal the next rows with the key that is primary now, or those of them that
        stand in clear (they were written before there was a key); the last one's key,
        None when there are no more, and how many were.  ``after`` None: the first."""
        columns = [self._table.c[name] for name in self._names]
        select = sa.select(self._key, *columns).order_by(self._key).limit(limit)
        if after is not None:
            select = select.where(self._key > after)
        rows = connection.execute(select).all()
        changed = 0
        for row in rows:
            stale = {
                name: value
                for name in self._names
                if (value := row._mapping[name]) and (is_clear(value) or not only_clear)
            }
            if stale:
                values = self.closed(self.opened(stale))
                statement = sa.update(self._table).where(self._key == row[0])
                connection.execute(statement.values(**values))
                changed += 1
        return (rows[-1][0] if rows else None), changed


class SealedMembers:
    """Those of the objects in one table's column of JSON, inside the caller's
    transaction; whoever writes and reads the rows seals and opens them himself."""

    def __init__(
        self, column: sa.Column[Any], names: Collection[str], vault: Vault
    ) -> None:
        self._column = column
        self._key = column.table.c.id
        self._names = sorted(names)
        self._vault = vault

    def reseal(
        self, connection: Connection, after: Any, limit: int, *, only_clear: bool
    ) -> tuple[Any, int]:
        """See ``SealedColumns.reseal``."""
        select = sa.select(self._key, self._column).order_by(self._key).limit(limit)
        if after is not None:
            select = select.where(self._key > after)
        rows = connection.execute(select).all()
        changed = 0
        for key, members in rows:
            stale = {
                name: self._vault.seal(self._vault.open(value))
                for name in self._names
                if (value := members.get(name)) and (is_clear(value) or not only_clear)
            }
            if stale:
                statement = sa.update(self._column.table).where(self._key == key)
                values = {self._column.name: {**members, **stale}}
                connection.execute(statement.values(values))
                changed += 1
        return (rows[-1][0] if rows else None), changed


class Resealed(Protocol):
    """What has something sealed, and seals it anew."""

    def reseal(
        self, connection: Connection, after: Any, limit: int, *, only_clear: bool
    ) -> tuple[Any, int]:
        """See ``SealedColumns.reseal``."""
