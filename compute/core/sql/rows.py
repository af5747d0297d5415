"""Rows as records: what rooms' stores do alike, inside the caller's transaction.

A record is a frozen dataclass, whose fields are called as the columns are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from compute.core.sql.database import Connection

R = TypeVar("R")
T = TypeVar("T")
Condition = sa.ColumnElement[bool]
# Databases bound the values of a statement; some by 999.
VALUES_IN_ONE_STATEMENT = 500


def portions(values: Iterable[T]) -> Iterator[list[T]]:
    """As many at a time as one statement may name."""
    found = list(values)
    for first in range(0, len(found), VALUES_IN_ONE_STATEMENT):
        yield found[first : first + VALUES_IN_ONE_STATEMENT]


def values_of(record: Any) -> dict[str, Any]:
    """A record as the values of its row."""
    return {
        field.name: getattr(record, field.name) for field in dataclasses.fields(record)
    }


def keep_newest(
    connection: Connection,
    subject: sa.Column[Any],
    number: sa.Column[Any],
    kept: int,
    at_most: int,
) -> int:
    """Leave each subject its ``kept`` rows with the highest numbers.  One call sees to
    ``at_most`` of the subjects that have more; the result is how many these were."""
    crowded = (
        sa.select(subject)
        .group_by(subject)
        .having(sa.func.count() > kept)
        .limit(at_most)
    )
    found = connection.execute(crowded).scalars().all()
    for each in found:
        newest = sa.select(number).where(subject == each).order_by(number.desc())
        first = connection.execute(newest.offset(kept - 1).limit(1)).scalar_one()
        outlived = sa.delete(subject.table).where(subject == each, number < first)
        connection.execute(outlived)
    return len(found)


class Rows(Generic[R]):
    """Those of one table, as records of one kind.  ``key``: the name of the column by
    which one is found.  A table may have columns that the records have not."""

    def __init__(self, kind: type[R], table: sa.Table, key: str = "id") -> None:
        self._kind = kind
        self._names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
        self.table = table
        self.columns = table.c
        self.key = table.c[key]

    def find(self, connection: Connection, key: Any) -> R | None:
        """The one of that key, or None."""
        return self.first(connection, self.key == key)

    def first(self, connection: Connection, *conditions: Condition) -> R | None:
        """One for which all is true, or None."""
        found = self.select(connection, self.table.select().where(*conditions).limit(1))
        return found[0] if found else None

    def by_keys(self, connection: Connection, keys: Iterable[Any]) -> dict[Any, R]:
        """Those of these keys that are there."""
        found: dict[Any, R] = {}
        for part in portions(sorted(set(keys))):
            for each in self.where(connection, self.key.in_(part)):
                found[getattr(each, self.key.name)] = each
        return found

    def where(
        self,
        connection: Connection,
        *conditions: Condition,
        order: sa.ColumnElement[Any] | None = None,
    ) -> list[R]:
        """Those for which all is true, by their keys or as ``order`` says."""
        select = self.table.select().where(*conditions)
        return self.select(
            connection, select.order_by(self.key if order is None else order)
        )

    def select(self, connection: Connection, select: sa.Select[Any]) -> list[R]:
        """What a select of whole rows finds."""
        return [self.record(row._mapping) for row in connection.execute(select)]

    def count(self, connection: Connection, *conditions: Condition) -> int:
        """How many there are for which all is true."""
        select = sa.select(sa.func.count()).select_from(self.table).where(*conditions)
        return int(connection.execute(select).scalar_one())

    def insert(self, connection: Connection, *records: R) -> None:
        """New ones; ``Duplicate`` when a key is taken."""
        if records:
            values = [self.closed(values_of(each)) for each in records]
            connection.execute(self.table.insert(), values)

    def put(self, connection: Connection, record: R) -> None:
        """One, whatever was there under its key."""
        self.delete(connection, getattr(record, self.key.name))
        self.insert(connection, record)

    def save(self, connection: Connection, record: R) -> bool:
        """One as it is now; whether it is there."""
        values = self.closed(values_of(record))
        mine = self.key == getattr(record, self.key.name)
        statement = sa.update(self.table).where(mine).values(values)
        return bool(connection.execute(statement).rowcount)

    def change(self, connection: Connection, key: Any, **values: Any) -> bool:
        """Change some of one's values; whether it is there."""
        statement = sa.update(self.table).where(self.key == key)
        closed = self.closed(values)
        return bool(connection.execute(statement.values(**closed)).rowcount)

    def delete(self, connection: Connection, key: Any) -> bool:
        """Take one away; whether it was there."""
        return self.delete_where(connection, self.key == key) > 0

    def delete_where(self, connection: Connection, *conditions: Condition) -> int:
        """Take away those for which all is true; how many."""
        assert conditions, "never all of them"
        statement = sa.delete(self.table).where(*conditions)
        return int(connection.execute(statement).rowcount)

    def record(self, row: sa.RowMapping) -> R:
        """A row as a record."""
        return self._kind(**self.opened({name: row[name] for name in self._names}))

    def opened(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """A row's values as records have them: a store that seals some opens them."""
        return values

    def closed(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """A record's values as the row holds them."""
        return values
