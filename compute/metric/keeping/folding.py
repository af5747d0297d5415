"""Folding: what is pending becomes part of the series, full chunks go to the ring.

Any number of processes may fold one metric at once: whoever writes the series first has
done it, and the others' work is dropped.  An object's name stands in ``metric_debris``
before its first byte does, and leaves it in the transaction that needs the object; so
whoever is killed in between leaves something that is found and removed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from compute.core.identifiers import Identifiers
from compute.core.sql.database import Connection, Database
from compute.metric.keeping import series_rows
from compute.metric.keeping.objects import Objects
from compute.metric.keeping.series_rows import ChunkRow, Kept
from compute.metric.series.codec import pack, pack_series, unpack_series
from compute.metric.series.plan import Plan
from compute.metric.series.series import Chunk, Series, absorbed, shipped
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable

# Longer than any upload lasts.
UPLOAD_SECONDS_MAX = 3600.0

_log = logging.getLogger("compute.metric")


def series_of(kept: Kept, plan: Plan) -> Series:
    """The series with what is pending."""
    series = unpack_series(kept.body)
    for times, values in kept.measures():
        series = absorbed(series, times, values, plan)
    return series


@dataclass(frozen=True, slots=True)
class _Folded:
    """What one metric's series should be now."""

    former: Kept
    body: bytes
    points: int
    new_chunks: Sequence[ChunkRow]
    old_chunks: Sequence[ChunkRow]


class Folding:
    """Folds metrics, several in one transaction: each waits for the disk once."""

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

    def fold(self, plans: Mapping[str, Plan]) -> list[str]:
        """Fold what is pending of these metrics now; those with which that did not go
        well.  Who is gone, or was folded by somebody else meanwhile, is passed by; what
        is pending of one whose objects cannot be written stays, and can be read."""
        granularities = {
            each.granularity for plan in plans.values() for each in plan.definitions
        }
        found = self._database.read(
            partial(
                series_rows.kept, metric_ids=list(plans), granularities=granularities
            )
        )
        folded, failed = [], []
        for metric_id, kept in found.items():
            if kept.pending:
                try:
                    folded.append(self._folded(kept, plans[metric_id]))
                except Unavailable as error:
                    _log.warning("metric %s is not folded: %s", metric_id, error)
                    failed.append(metric_id)
                except Exception:  # noqa: BLE001  (told; others are folded all the same)
                    _log.exception("metric %s cannot be folded", metric_id)
                    failed.append(metric_id)
                concurrency.sleep(0)  # others may have their turn
        if folded:
            self._database.run(partial(self._replace, folded))
        return failed

    def _folded(self, kept: Kept, plan: Plan) -> _Folded:
        series, chunks = shipped(series_of(kept, plan))
        new = self._upload(kept.metric_id, chunks)
        old = _outlived(kept.chunks, series, plan)
        return _Folded(kept, pack_series(series), len(series.times), new, old)

    def _replace(self, folded: Sequence[_Folded], connection: Connection) -> None:
        now = self._clock.time()
        for each in folded:
            series_rows.replace(
                connection,
                each.former,
                each.body,
                each.points,
                each.new_chunks,
                each.old_chunks,
                now,
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
