"""The room's rows.  SQL only, inside the caller's transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from compute.core.database import Connection
from compute.metric import tables
from compute.metric.errors import TooMuch
from compute.metric.model import (
    ArchivePolicy,
    ArchivePolicyRule,
    Metric,
    Resource,
    ResourceType,
    Revision,
)

R = TypeVar("R")
T = TypeVar("T")
Condition = sa.ColumnElement[bool]
# Databases bound the values of a statement; some by 999.
VALUES_IN_ONE_STATEMENT = 500
# Of one resource: whoever changes it each minute has those of most of a day.
REVISIONS_KEPT = 1000


def portions(values: Collection[T]) -> Iterator[list[T]]:
    """As many at a time as one statement may name."""
    found = list(values)
    for first in range(0, len(found), VALUES_IN_ONE_STATEMENT):
        yield found[first : first + VALUES_IN_ONE_STATEMENT]


class Rows(Generic[R]):
    """Records of one kind; ``key``: the column by which each is found."""

    def __init__(self, kind: type[R], table: sa.Table, key: str) -> None:
        self._kind = kind
        self._names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
        self.table = table
        self.columns = table.c
        self.key = table.c[key]

    def get(self, connection: Connection, key: str) -> R | None:
        """By its key."""
        found = self.where(connection, self.key == key)
        return found[0] if found else None

    def some(self, connection: Connection, keys: Collection[str]) -> dict[str, R]:
        """Those of these keys that are there."""
        found: dict[str, R] = {}
        for part in portions(keys):
            for each in self.where(connection, self.key.in_(part)):
                found[getattr(each, self.key.name)] = each
        return found

    def where(self, connection: Connection, *conditions: Condition) -> list[R]:
        """Those for which all is true, by their keys."""
        select = self.table.select().where(*conditions).order_by(self.key)
        return self.select(connection, select)

    def select(self, connection: Connection, select: sa.Select[Any]) -> list[R]:
        """What a select of whole rows finds."""
        return [self.record(dict(row._mapping)) for row in connection.execute(select)]

    def record(self, row: Mapping[str, Any]) -> R:
        """A row as a record."""
        return self._kind(**{name: row[name] for name in self._names})

    def insert(self, connection: Connection, *records: R) -> None:
        """New ones."""
        if records:
            values = [
                {name: getattr(each, name) for name in self._names} for each in records
            ]
            connection.execute(self.table.insert(), values)

    def change(self, connection: Connection, key: str, **values: Any) -> bool:
        """Change some of one; whether it is there."""
        statement = sa.update(self.table).where(self.key == key).values(**values)
        return bool(connection.execute(statement).rowcount)

    def delete(self, connection: Connection, key: str) -> bool:
        """Take one away; whether it was there."""
        statement = sa.delete(self.table).where(self.key == key)
        return bool(connection.execute(statement).rowcount)


policies = Rows(ArchivePolicy, tables.archive_policies, "name")
rules = Rows(ArchivePolicyRule, tables.rules, "name")
resource_types = Rows(ResourceType, tables.resource_types, "name")
resources = Rows(Resource, tables.resources, "id")
metrics = Rows(Metric, tables.metrics, "id")


def add_revision(connection: Connection, former: Resource, ended: float) -> None:
    """Keep how a resource was until now."""
    values = {
        field.name: getattr(former, field.name) for field in dataclasses.fields(former)
    }
    connection.execute(tables.revisions.insert().values(**values, revision_end=ended))
    columns = tables.revisions.c
    numbers = sa.select(columns.number).where(columns.id == former.id)
    oldest = numbers.order_by(columns.number.desc()).offset(REVISIONS_KEPT).limit(1)
    last = connection.execute(oldest).scalar()
    if last is not None:
        outlived = sa.and_(columns.id == former.id, columns.number <= last)
        connection.execute(sa.delete(tables.revisions).where(outlived))


def revisions_of(
    connection: Connection, resource_ids: Collection[str], at_most: int
) -> list[Revision]:
    """How resources were before, the oldest first; 413 when that is more than
    ``at_most``: all of it is held in memory, and compared one by one."""
    found: list[Revision] = []
    for part in portions(resource_ids):
        select = tables.revisions.select().where(tables.revisions.c.id.in_(part))
        columns = tables.revisions.c
        room = at_most - len(found)
        count = sa.select(columns.number).where(columns.id.in_(part)).limit(room + 1)
        if len(connection.execute(count).all()) > room:
            raise TooMuch(
                f"The resources' history has more than {at_most} entries: ask for fewer"
                " of them"
            )
        for row in connection.execute(select.order_by(tables.revisions.c.number)):
            record = resources.record(dict(row._mapping))
            found.append(Revision(record, row._mapping["revision_end"]))
    return found


def metrics_of(
    connection: Connection, resource_ids: Collection[str], name: str = ""
) -> list[Metric]:
    """The metrics of these resources, or those of that name."""
    found = []
    for part in portions(resource_ids):
        conditions: list[Condition] = [metrics.columns.resource_id.in_(part)]
        if name:
            conditions.append(metrics.columns.name == name)
        found += metrics.where(connection, *conditions)
    return found


def count(connection: Connection, table: sa.Table, *conditions: Condition) -> int:
    """How many rows."""
    select = sa.select(sa.func.count()).select_from(table).where(*conditions)
    return int(connection.execute(select).scalar_one())


def forget_history(connection: Connection, resource_ids: Sequence[str]) -> None:
    """These resources never were."""
    for part in portions(resource_ids):
        for table in (tables.resources, tables.revisions):
            connection.execute(sa.delete(table).where(table.c.id.in_(part)))
