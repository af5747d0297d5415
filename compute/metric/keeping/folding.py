"""Folding: what is pending becomes part of the series, full chunks go to the ring.

Any number of processes may fold one metric at once: whoever writes the series first has
done it, and the others' work is dropped.  An object's name stands in ``metric_debris``
before its first byte does, and leaves it in the transaction that needs the object; so
whoever is killed in between leaves something that is found and removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from compute.core.database import Database
from compute.core.identifiers import Identifiers
from compute.metric.keeping import series_rows
from compute.metric.keeping.objects import Objects
from compute.metric.keeping.series_rows import ChunkRow, Kept
from compute.metric.series.codec import pack, pack_series, unpack_series
from compute.metric.series.plan import Plan
from compute.metric.series.series import Chunk, Series, absorbed, shipped
from objectstore.kernel.clock import Clock

# Longer than any upload lasts.
UPLOAD_SECONDS_MAX = 3600.0


def series_of(kept: Kept, plan: Plan) -> Series:
    """The series with what is pending."""
    series = unpack_series(kept.body)
    for times, values in kept.measures():
        series = absorbed(series, times, values, plan)
    return series


class Folding:
    """Folds metrics, one at a time."""

    def __init__(
        self,
        database: Database,
        objects: Objects,
        identifiers: Identifiers,
        clock: Clock,
    ) -> None:
        self._database = database
        self._objects = objects
        self._identifiers = identifiers
        self._clock = clock

    def fold(self, metric_id: str, plan: Plan) -> bool:
        """Fold what is pending of a metric now; False when somebody else was first,
        or it is gone."""
        granularities = [each.granularity for each in plan.definitions]
        found = self._database.read(
            partial(
                series_rows.kept, metric_ids=[metric_id], granularities=granularities
            )
        ).get(metric_id)
        if found is None:
            return False
        if not found.pending:
            return True
        series, chunks = shipped(series_of(found, plan))
        new = self._upload(metric_id, chunks)
        old = _outlived(found.chunks, series, plan)
        now = self._clock.time()
        return self._database.run(
            lambda connection: series_rows.replace(
                connection,
                found,
                pack_series(series),
                len(series.times),
                new,
                old,
                now,
            )
        )

    def _upload(self, metric_id: str, chunks: Sequence[Chunk]) -> list[ChunkRow]:
        rows = [
            ChunkRow(
                f"{metric_id}/{chunk.granularity}/{chunk.rows.times[0]}"
                f"-{self._identifiers.hexadecimal()}",
                metric_id,
                chunk.granularity,
                chunk.rows.times[0],
                chunk.rows.times[-1],
                len(chunk.rows),
            )
            for chunk in chunks
        ]
        if not rows:
            return rows
        after = self._clock.time() + UPLOAD_SECONDS_MAX
        names = [row.object for row in rows]
        self._database.run(
            lambda connection: series_rows.add_debris(connection, names, after)
        )
        for row, chunk in zip(rows, chunks, strict=True):
            self._objects.put(row.object, pack([(chunk.granularity, chunk.rows)]))
        return rows


def _outlived(chunks: Sequence[ChunkRow], series: Series, plan: Plan) -> list[ChunkRow]:
    """Those of which nothing is to be kept any more."""
    newest = series.newest
    if newest is None:
        return []
    found = []
    for chunk in chunks:
        definition = plan.definition(chunk.granularity)
        if definition is None or chunk.last < definition.kept_from(newest):
            found.append(chunk)
    return found
