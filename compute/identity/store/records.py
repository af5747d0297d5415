"""Rows as records: what every subject's store does alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from compute.core.api.pagination import Page, paginate
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.core.sql.rows import Rows

R = TypeVar("R")


class Records(Rows[R]):
    """Those of one subject, found by their ``id``."""

    def __init__(self, table: sa.Table, kind: type[R], noun: str) -> None:
        """``noun`` is what messages call one of them."""
        super().__init__(kind, table)
        self.noun = noun

    def get(self, connection: Connection, key: str) -> R:
        """The record of that id; ``NotFound``."""
        found = self.find(connection, key)
        if found is None:
            raise self.missing(key)
        return found

    def missing(self, key: str) -> NotFound:
        """The error for an id that is nobody's."""
        return NotFound(f"Could not find {self.noun}: {key[:255]}.")

    def remove(self, connection: Connection, key: str) -> None:
        """Take it away; ``NotFound``."""
        if not self.delete(connection, key):
            raise self.missing(key)

    def page(
        self, connection: Connection, conditions: Sequence[Any], page: Page
    ) -> list[R]:
        """One page, ordered as it says (by id when it does not matter)."""
        order = [(self.table.c[name], down) for name, down in page.sort]
        order.append((self.table.c.id, False))
        after = None
        if page.marker:
            columns = [column for column, _ in order]
            # One that is not in the list tells nothing, not even that it is there.
            row = connection.execute(
                sa.select(*columns).where(self.table.c.id == page.marker, *conditions)
            ).first()
            if row is None:
                raise BadRequest(f"marker {page.marker[:255]} could not be found")
            after = tuple(row)
        select = self.table.select().where(*conditions)
        return self.select(connection, paginate(select, order, after, page.limit))

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
            column = self.table.c.extra
            statement = sa.select(column).where(self.table.c.id == key)
            before = connection.execute(statement).scalar_one_or_none()
            changes["extra"] = {**(before or {}), **extra}
        if changes:
            condition = self.table.c.id == key
            connection.execute(sa.update(self.table).where(condition).values(**changes))
        return self.get(connection, key)
