"""Series in SQL: what is pending, the series itself, which objects have the rest."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.core.sql.rows import VALUES_IN_ONE_STATEMENT, portions
from compute.metric import tables
from compute.metric.series.codec import pack_measures, unpack_measures

_pending, _series, _chunks = tables.pending, tables.series, tables.chunks
# Who reads may still fetch an object for so long after it has been replaced.
DEBRIS_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """One object of the ring: periods of one granularity, first to last."""

    object: str
    metric_id: str
    granularity: int
    first: int
    last: int
    points: int


@dataclass(frozen=True, slots=True)
class Kept:
    """One metric's rows at one moment; bytes are not looked into yet."""

    metric_id: str
    revision: int
    body: bytes
    pending: Sequence[tuple[int, bytes]]
    chunks: Sequence[ChunkRow]

    def measures(self) -> list[tuple[array[int], array[float]]]:
        """What is pending, in the order in which it came."""
        return [unpack_measures(body) for _, body in self.pending]


@dataclass(frozen=True, slots=True)
class Load:
    """How much is held of a metric: measures in its series, and pending ones."""

    held: int
    pending: int
    rows: int


def begin(connection: Connection, metric_ids: Collection[str]) -> None:
    """New metrics have empty series."""
    values = [
        {"metric_id": each, "revision": 0, "points": 0, "body": b""}
        for each in metric_ids
    ]
    if values:
        connection.execute(_series.insert(), values)


def add_pending(
    connection: Connection,
    measures: Mapping[str, tuple[Sequence[int], Sequence[float]]],
    now: float,
) -> None:
    """Measures of some metrics came."""
    values = [
        {
            "metric_id": metric_id,
            "points": len(times),
            "came_at": now,
            "body": pack_measures(times, numbers),
        }
        for metric_id, (times, numbers) in measures.items()
    ]
    if values:
        connection.execute(_pending.insert(), values)


def loads(connection: Connection, metric_ids: Collection[str]) -> dict[str, Load]:
    """How much is held of each."""
    found: dict[str, Load] = {}
    for part in portions(metric_ids):
        waiting = {
            row.metric_id: (int(row.points), int(row.number))
            for row in connection.execute(
                sa.select(
                    _pending.c.metric_id,
                    sa.func.sum(_pending.c.points).label("points"),
                    sa.func.count().label("number"),
                )
                .where(_pending.c.metric_id.in_(part))
                .group_by(_pending.c.metric_id)
            )
        }
        select = sa.select(_series.c.metric_id, _series.c.points)
        for row in connection.execute(select.where(_series.c.metric_id.in_(part))):
            points, rows = waiting.get(row.metric_id, (0, 0))
            found[row.metric_id] = Load(row.points, points, rows)
    return found


def kept(
    connection: Connection, metric_ids: Collection[str], granularities: Collection[int]
) -> dict[str, Kept]:
    """The rows of these metrics that are there; chunks of these granularities."""
    bodies: dict[str, tuple[int, bytes]] = {}
    waiting: dict[str, list[tuple[int, bytes]]] = {}
    chunks: dict[str, list[ChunkRow]] = {}
    for part in portions(metric_ids):
        for row in connection.execute(
            _series.select().where(_series.c.metric_id.in_(part))
        ):
            bodies[row.metric_id] = (row.revision, row.body)
        for row in connection.execute(
            _pending.select()
            .where(_pending.c.metric_id.in_(part))
            .order_by(_pending.c.number)
        ):
            waiting.setdefault(row.metric_id, []).append((row.number, row.body))
        for row in connection.execute(
            _chunks.select()
            .where(_chunks.c.metric_id.in_(part))
            .where(_chunks.c.granularity.in_(list(granularities)))
            .order_by(_chunks.c.first)
        ):
            chunk = ChunkRow(**row._mapping)
            chunks.setdefault(row.metric_id, []).append(chunk)
    return {
        metric_id: Kept(
            metric_id,
            revision,
            body,
            waiting.get(metric_id, []),
            chunks.get(metric_id, []),
        )
        for metric_id, (revision, body) in bodies.items()
    }


def replace(
    connection: Connection,
    former: Kept,
    body: bytes,
    points: int,
    new_chunks: Sequence[ChunkRow],
    old_chunks: Sequence[ChunkRow],
    now: float,
) -> bool:
    """The series is now that, with what was pending; False: somebody else was first,
    or the metric is gone, and nothing has been written."""
    statement = (
        sa.update(_series)
        .where(_series.c.metric_id == former.metric_id)
        .where(_series.c.revision == former.revision)
        .values(revision=former.revision + 1, body=body, points=points)
    )
    if not connection.execute(statement).rowcount:
        return False
    for part in portions([number for number, _ in former.pending]):
        connection.execute(sa.delete(_pending).where(_pending.c.number.in_(part)))
    if new_chunks:
        connection.execute(_chunks.insert(), [_values(each) for each in new_chunks])
        no_debris(connection, [each.object for each in new_chunks])
    _drop_chunks(connection, [each.object for each in old_chunks], now)
    return True


def forget(connection: Connection, metric_ids: Collection[str], now: float) -> None:
    """These metrics are no more: neither are their series."""
    for part in portions(metric_ids):
        select = sa.select(_chunks.c.object).where(_chunks.c.metric_id.in_(part))
        _drop_chunks(connection, list(connection.execute(select).scalars()), now)
        for table in (_pending, _series):
            connection.execute(sa.delete(table).where(table.c.metric_id.in_(part)))


def oldest_pending(
    connection: Connection, limit: int, without: Sequence[str] = ()
) -> list[tuple[str, float]]:
    """Metrics of what has waited longest, and since when; ``without``: of as many of
    these as one statement may name, nothing."""
    select = sa.select(_pending.c.metric_id, _pending.c.came_at)
    if without:
        named = without[:VALUES_IN_ONE_STATEMENT]
        select = select.where(_pending.c.metric_id.not_in(named))
    found: dict[str, float] = {}
    for row in connection.execute(select.order_by(_pending.c.number).limit(limit)):
        found.setdefault(row.metric_id, row.came_at)
    return list(found.items())


def totals(connection: Connection) -> tuple[int, int]:
    """(metrics that have something pending, measures that are)."""
    row = connection.execute(
        sa.select(
            sa.func.count(sa.distinct(_pending.c.metric_id)),
            sa.func.coalesce(sa.func.sum(_pending.c.points), 0),
        )
    ).one()
    return int(row[0]), int(row[1])


def waiting(connection: Connection, limit: int) -> dict[str, int]:
    """How many measures are pending of metrics, of those with most of them."""
    points = sa.func.sum(_pending.c.points)
    select = sa.select(_pending.c.metric_id, points).group_by(_pending.c.metric_id)
    rows = connection.execute(select.order_by(points.desc()).limit(limit))
    return {metric_id: int(number) for metric_id, number in rows}


def add_debris(connection: Connection, objects: Collection[str], after: float) -> None:
    """These objects are nobody's from then on, unless somebody says otherwise."""
    values = [{"object": each, "after": after} for each in objects]
    if values:
        connection.execute(tables.debris.insert(), values)


def no_debris(connection: Connection, objects: Collection[str]) -> None:
    """They are somebody's; or there is no such object any more."""
    for part in portions(objects):
        connection.execute(
            sa.delete(tables.debris).where(tables.debris.c.object.in_(part))
        )


def debris(connection: Connection, now: float, limit: int) -> list[str]:
    """Objects that nobody needs."""
    select = sa.select(tables.debris.c.object).where(tables.debris.c.after < now)
    return list(
        connection.execute(
            select.order_by(tables.debris.c.after).limit(limit)
        ).scalars()
    )


def _drop_chunks(connection: Connection, objects: list[str], now: float) -> None:
    for part in portions(objects):
        connection.execute(sa.delete(_chunks).where(_chunks.c.object.in_(part)))
    add_debris(connection, objects, now + DEBRIS_SECONDS)


def _values(chunk: ChunkRow) -> dict[str, Any]:
    return {name: getattr(chunk, name) for name in ChunkRow.__dataclass_fields__}
