"""Rows as records: what every subject's store does alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from compute.core.database import Connection
from compute.core.errors import BadRequest, NotFound
from compute.core.pagination import Page, paginate

R = TypeVar("R")
# A list of ids in one statement: below every database's bound on parameters.
IDS_IN_ONE_STATEMENT = 500


class Records(Generic[R]):
    """One table whose columns are the fields of a frozen record with an ``id``."""

    def __init__(self, rows: sa.Table, kind: type[R], noun: str) -> None:
        """``noun`` is what messages call one of them."""
        self.rows = rows
        self.noun = noun
        self._kind = kind
        names = [item.name for item in dataclasses.fields(kind)]  # type: ignore[arg-type]
        self._columns = [rows.c[name] for name in names]

    def find(self, connection: Connection, key: str) -> R | None:
        """The record of that id, or None."""
        row = connection.execute(self._select().where(self.rows.c.id == key)).first()
        return None if row is None else self._record(row)

    def get(self, connection: Connection, key: str) -> R:
        """The record of that id; ``NotFound``."""
        found = self.find(connection, key)
        if found is None:
            raise self.missing(key)
        return found

    def missing(self, key: str) -> NotFound:
        """The error for an id that is nobody's."""
        return NotFound(f"Could not find {self.noun}: {key[:255]}.")

    def where(self, connection: Connection, *conditions: Any) -> list[R]:
        """All records that meet the conditions, by id."""
        statement = self._select().where(*conditions).order_by(self.rows.c.id)
        return [self._record(row) for row in connection.execute(statement)]

    def first(self, connection: Connection, *conditions: Any) -> R | None:
        """One that meets the conditions, or None."""
        row = connection.execute(self._select().where(*conditions).limit(1)).first()
        return None if row is None else self._record(row)

    def by_ids(self, connection: Connection, keys: Iterable[str]) -> dict[str, R]:
        """Those of the ids that exist."""
        wanted = sorted(set(keys))
        found: dict[str, R] = {}
        for start in range(0, len(wanted), IDS_IN_ONE_STATEMENT):
            part = wanted[start : start + IDS_IN_ONE_STATEMENT]
            statement = self._select().where(self.rows.c.id.in_(part))
            for row in connection.execute(statement):
                found[row._mapping["id"]] = self._record(row)
        return found

    def page(
        self, connection: Connection, conditions: Sequence[Any], page: Page
    ) -> list[R]:
        """One page, ordered as it says (by id when it does not matter)."""
        order = [(self.rows.c[name], down) for name, down in page.sort]
        order.append((self.rows.c.id, False))
        after = None
        if page.marker:
            columns = [column for column, _ in order]
            # One that is not in the list tells nothing, not even that it is there.
            row = connection.execute(
                sa.select(*columns).where(self.rows.c.id == page.marker, *conditions)
            ).first()
            if row is None:
                raise BadRequest(f"marker {page.marker[:255]} could not be found")
            after = tuple(row)
        statement = self._select().where(*conditions)
        statement = paginate(statement, order, after, page.limit)
        return [self._record(row) for row in connection.execute(statement)]

    def insert(self, connection: Connection, record: R) -> None:
        """Add it; ``Duplicate`` when its id or name is taken."""
        values = {column.name: getattr(record, column.name) for column in self._columns}
        connection.execute(self.rows.insert().values(**values))

    def update(
        self,
        connection: Connection,
        key: str,
        values: Mapping[str, Any],
        extra: Mapping[str, Any] | None = None,
    ) -> R:
        """Change some fields, and add ``extra`` to what is there of it; the record as
        it is then."""
        changes = dict(values)
        if extra:
            column = self.rows.c.extra
            statement = sa.select(column).where(self.rows.c.id == key)
            before = connection.execute(statement).scalar_one_or_none()
            changes["extra"] = {**(before or {}), **extra}
        if changes:
            condition = self.rows.c.id == key
            connection.execute(sa.update(self.rows).where(condition).values(**changes))
        return self.get(connection, key)

    def delete(self, connection: Connection, key: str) -> None:
        """Take it away; ``NotFound``."""
        statement = self.rows.delete().where(self.rows.c.id == key)
        if connection.execute(statement).rowcount != 1:
            raise self.missing(key)

    def _select(self) -> sa.Select[Any]:
        return sa.select(*self._columns)

    def _record(self, row: Any) -> R:
        return self._kind(**row._mapping)
