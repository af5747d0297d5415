"""Rows of one table as records of one kind, inside the caller's transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from compute.core.api.pagination import Page, paginate
from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.core.sql.revisions import update_revision

R = TypeVar("R")
OWNER = "project_id"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: ``equal`` by column (a collection means any of them), ``like`` a
    part of a text, ``where`` whatever else SQL says, ``labels`` for JSON columns of
    texts, of which each of these pairs must be there."""

    equal: Mapping[str, Any] = field(default_factory=dict)
    like: Mapping[str, str] = field(default_factory=dict)
    where: Sequence[sa.ColumnElement[bool]] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Rows(Generic[R]):
    """The table's columns are the record's fields; the key is ``id``."""

    def __init__(self, table: sa.Table, kind: type[R]) -> None:
        self.table = table
        self._kind = kind
        names = {each.name for each in dataclasses.fields(kind)}  # type: ignore[arg-type]
        assert names == {column.name for column in table.c}, table.name

    def get(self, connection: Connection, key: str) -> R | None:
        """One."""
        query = self.table.select().where(self.table.c.id == key)
        row = connection.execute(query).first()
        return None if row is None else self._record(row)

    def add(self, connection: Connection, record: R) -> None:
        """A new one; ``Duplicate``."""
        connection.execute(self.table.insert().values(**_columns(record)))

    def change(self, connection: Connection, record: R, /, **values: Any) -> R:
        """Set these fields; ``Stale`` when somebody else was faster."""
        revision: int = record.revision  # type: ignore[attr-defined]
        key: str = record.id  # type: ignore[attr-defined]
        update_revision(connection, self.table, {"id": key}, revision, values)
        changed = {**values, "revision": revision + 1}
        return dataclasses.replace(record, **changed)  # type: ignore[type-var]

    def delete(self, connection: Connection, key: str) -> bool:
        """Remove it; whether it was there."""
        gone = self.table.delete().where(self.table.c.id == key)
        return connection.execute(gone).rowcount > 0

    def all(self, connection: Connection, **equal: Any) -> list[R]:
        """Every row with these values (a collection means any of them), the oldest
        first."""
        query = self.table.select().where(*self._equal(equal))
        if "created_at" in self.table.c:
            query = query.order_by(self.table.c.created_at, self.table.c.id)
        return [self._record(row) for row in connection.execute(query)]

    def ids(self, connection: Connection, **equal: Any) -> set[str]:
        """Of every row with these values."""
        query = sa.select(self.table.c.id).where(*self._equal(equal))
        return set(connection.execute(query).scalars())

    def count(self, connection: Connection, wanted: Wanted) -> int:
        """How many match."""
        if any(wanted.labels.values()):
            return len(self._labelled(connection, self._select(wanted), wanted))
        query = sa.select(sa.func.count()).select_from(self.table)
        return int(connection.execute(query.where(*self._where(wanted))).scalar() or 0)

    def page(
        self, connection: Connection, wanted: Wanted, page: Page, offset: int = 0
    ) -> list[R]:
        """One page, in its order.  ``NotFound`` for a marker that is not there."""
        sort = page.sort
        if all(key != "id" for key, _ in sort):
            sort = (*sort, ("id", sort[-1][1] if sort else False))
        order = [(self.table.c[key], descending) for key, descending in sort]
        after = None
        if page.marker:
            keys = [key for key, _ in sort]
            after = self._place(connection, page.marker, wanted, keys)
        # What SQL cannot filter alike everywhere is filtered here, then cut.
        labelled = any(wanted.labels.values())
        most = 2**31 - 1 if labelled else page.limit + offset
        select = paginate(self._select(wanted), order, after, most)
        if labelled:
            found = self._labelled(connection, select, wanted)
        else:
            found = [self._record(row) for row in connection.execute(select)]
        return found[offset : offset + page.limit]

    def _select(self, wanted: Wanted) -> sa.Select[Any]:
        return self.table.select().where(*self._where(wanted))

    def _where(self, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
        found = self._equal(wanted.equal)
        for name, part in wanted.like.items():
            found.append(self.table.c[name].contains(part, autoescape=True))
        return [*found, *wanted.where]

    def _equal(self, equal: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
        found: list[sa.ColumnElement[bool]] = []
        for name, value in equal.items():
            column = self.table.c[name]
            if isinstance(value, Collection) and not isinstance(value, str):
                found.append(column.in_(list(value)))
            else:
                found.append(column == value)
        return found

    def _labelled(
        self, connection: Connection, select: sa.Select[Any], wanted: Wanted
    ) -> list[R]:
        found = [self._record(row) for row in connection.execute(select)]
        for name, pairs in wanted.labels.items():
            found = [
                each for each in found if pairs.items() <= getattr(each, name).items()
            ]
        return found

    def _place(
        self, connection: Connection, marker: str, wanted: Wanted, keys: list[str]
    ) -> list[Any]:
        """Where the marker stands; another project's tells nothing, not even that it is
        there.  (One that matches no filter any more still stands somewhere.)"""
        own = {OWNER: wanted.equal[OWNER]} if OWNER in wanted.equal else {}
        query = self.table.select().where(self.table.c.id == marker, *self._equal(own))
        row = connection.execute(query).first()
        if row is None:
            raise NotFound(f"marker [{marker}] not found")
        return [row._mapping[key] for key in keys]

    def _record(self, row: Any) -> R:
        values = dict(row._mapping)
        for name in ("projects", "type_ids"):
            if isinstance(values.get(name), list):
                values[name] = tuple(values[name])
        return self._kind(**values)


def _columns(record: Any) -> dict[str, Any]:
    return {
        each.name: _plain(getattr(record, each.name))
        for each in dataclasses.fields(record)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
