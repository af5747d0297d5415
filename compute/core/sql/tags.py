"""Labels of things: which each has, and which things have them.

A room keeps them in a table of its own, a row for each label of each thing, in a column
named ``tag``.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.core.sql.rows import portions

TAG_FILTERS = ("tags", "tags-any", "not-tags", "not-tags-any")

Clause = sa.ColumnElement[bool]


class Tags:
    """Those of one table; ``thing`` names the column that says whose a label is."""

    def __init__(self, table: sa.Table, thing: str) -> None:
        self._table = table
        self._thing = table.c[thing]

    def of(self, connection: Connection, things: Iterable[str]) -> dict[str, list[str]]:
        """The labels of each of these things, sorted."""
        wanted = sorted(set(things))
        found: dict[str, list[str]] = {thing: [] for thing in wanted}
        tag = self._table.c.tag
        statement = sa.select(self._thing, tag).order_by(tag)
        for part in portions(wanted):
            for thing, label in connection.execute(
                statement.where(self._thing.in_(part))
            ):
                found[thing].append(label)
        return found

    def set(self, connection: Connection, thing: str, labels: Iterable[str]) -> None:
        """Let these be the labels of a thing, and no others."""
        connection.execute(self._table.delete().where(self._thing == thing))
        for label in sorted(set(labels)):
            values = {self._thing.name: thing, "tag": label}
            connection.execute(self._table.insert().values(values))

    def clause(self, name: str, thing: sa.Column[str], texts: Iterable[str]) -> Clause:
        """Which things a filter of ``TAG_FILTERS`` leaves: those with all, or any, of
        the labels that ``texts`` name, each with commas between; or the others."""
        labels = [label for text in texts for label in text.split(",") if label]
        tests = [self._has(thing, label) for label in labels]
        if name.endswith("any"):
            joined = sa.or_(sa.false(), *tests)
        else:
            joined = sa.and_(sa.true(), *tests)
        return sa.not_(joined) if name.startswith("not") else joined

    def _has(self, thing: sa.Column[str], label: str) -> Clause:
        return sa.exists().where(self._thing == thing, self._table.c.tag == label)
