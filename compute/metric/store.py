"""The room's rows.  SQL only, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.core.sql.rows import Condition, Rows, portions, values_of
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

# Of one resource: whoever changes it each minute has those of most of a day.
REVISIONS_KEPT = 1000


policies = Rows(ArchivePolicy, tables.archive_policies, "name")
rules = Rows(ArchivePolicyRule, tables.rules, "name")
resource_types = Rows(ResourceType, tables.resource_types, "name")
resources = Rows(Resource, tables.resources, "id")
metrics = Rows(Metric, tables.metrics, "id")


def add_revision(connection: Connection, former: Resource, ended: float) -> None:
    """Keep how a resource was until now."""
    values = {**values_of(former), "revision_end": ended}
    connection.execute(tables.revisions.insert().values(**values))
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
            record = resources.record(row._mapping)
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


def forget_history(connection: Connection, resource_ids: Sequence[str]) -> None:
    """These resources never were."""
    for part in portions(resource_ids):
        for table in (tables.resources, tables.revisions):
            connection.execute(sa.delete(table).where(table.c.id.in_(part)))
