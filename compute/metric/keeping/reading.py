"""Reading series: rows, what is pending and objects of the ring, put together.

Whoever reads sees every acknowledged measure, whether it has been folded or not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from compute.core.sql.database import Database
from compute.core.sql.rows import portions
from compute.metric.errors import TooMuch
from compute.metric.keeping import series_rows
from compute.metric.keeping.folding import series_of
from compute.metric.keeping.objects import Missing, Objects
from compute.metric.keeping.series_rows import ChunkRow, Kept
from compute.metric.series.codec import unpack
from compute.metric.series.columns import Columns
from compute.metric.series.plan import Definition, Plan
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Corrupt

# An object that has outlived its periods may go while somebody reads: then the rows
# name it no more.
TRIES_MAX = 3
# Open measures that are in memory while many series are read: 16 bytes each, and more
# while they are unpacked.
HELD_AT_ONCE_MAX = 500_000


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` on, before ``stop``; None: from the first, to the last."""

    start: int | None = None
    stop: int | None = None

    def of(self, definition: Definition) -> Span:
        """With the whole of the period that it begins in."""
        if self.start is None:
            return self
        return Span(definition.begins(self.start), self.stop)


class Reading:
    """Reads series."""

    def __init__(
        self,
        database: Database,
        objects: Objects,
        held_at_once_max: int = HELD_AT_ONCE_MAX,
    ) -> None:
        self._database = database
        self._objects = objects
        self._held_at_once_max = held_at_once_max

    def rows(
        self,
        plans: Mapping[str, Plan],
        granularities: Collection[int],
        span: Span,
        points_max: int,
    ) -> dict[str, dict[int, Columns]]:
        """Metric -> granularity -> rows, of metrics with their plans that are there.
        Granularities that a plan has not are left out.  ``TooMuch`` when there are
        more rows than ``points_max``."""
        found: dict[str, dict[int, Columns]] = {}
        left = points_max
        for part in self._portions(list(plans)):
            found |= self._some(part, plans, granularities, span, left)
            left = points_max - sum(
                len(rows) for each in found.values() for rows in each.values()
            )
            if left < 0:
                raise _too_much(points_max)
        return found

    def _portions(self, metric_ids: list[str]) -> Iterator[list[str]]:
        """As many at a time as may be in memory with all their open measures."""
        for part in portions(metric_ids):
            if len(part) == 1:
                yield part
                continue
            loads = self._database.read(partial(series_rows.loads, metric_ids=part))
            together: list[str] = []
            held = 0
            for metric_id, load in loads.items():
                if (
                    together
                    and held + load.held + load.pending > self._held_at_once_max
                ):
                    yield together
                    together, held = [], 0
                together.append(metric_id)
                held += load.held + load.pending
            if together:
                yield together

    def _some(
        self,
        metric_ids: list[str],
        plans: Mapping[str, Plan],
        granularities: Collection[int],
        span: Span,
        points_max: int,
    ) -> dict[str, dict[int, Columns]]:
        wanted = metric_ids
        found: dict[str, dict[int, Columns]] = {}
        for tries in range(TRIES_MAX):
            kept = self._database.read(
                partial(
                    series_rows.kept, metric_ids=wanted, granularities=granularities
                )
            )
            chunks = (
                chunk.points
                for rows in kept.values()
                for chunk in rows.chunks
                if _overlaps(chunk, span, 0)
            )
            if sum(chunks) > points_max:
                raise _too_much(points_max)
            missing = []
            for metric_id, rows in kept.items():
                try:
                    found[metric_id] = self._whole(
                        rows, plans[metric_id], granularities, span
                    )
                except Missing:
                    if tries == TRIES_MAX - 1:
                        raise
                    missing.append(metric_id)
                concurrency.sleep(0)  # others may have their turn
            if not missing:
                break
            wanted = missing
        return found

    def _whole(
        self, kept: Kept, plan: Plan, granularities: Collection[int], span: Span
    ) -> dict[int, Columns]:
        series = series_of(kept, plan)
        newest = series.newest
        found: dict[int, Columns] = {}
        for definition in plan.definitions:
            granularity = definition.granularity
            if granularity not in granularities:
                continue
            if newest is None:
                found[granularity] = Columns()
                continue
            asked = span.of(definition)
            oldest = definition.kept_from(newest)
            rows = Columns()
            for chunk in kept.chunks:
                if chunk.granularity == granularity and _overlaps(chunk, asked, oldest):
                    rows = rows.followed_by(self._chunk(chunk))
            rows = rows.followed_by(series.rows(plan, definition)).since(oldest)
            found[granularity] = rows.between(asked.start, asked.stop)
        return found

    def _chunk(self, chunk: ChunkRow) -> Columns:
        ((granularity, rows),) = unpack(self._objects.get(chunk.object))
        if granularity != chunk.granularity or len(rows) != chunk.points:
            raise Corrupt(f"{chunk.object} is not what it should be")
        return rows


def _too_much(points_max: int) -> TooMuch:
    return TooMuch(
        f"That are more than {points_max} points: ask for one granularity, a shorter"
        " time, or fewer metrics"
    )


def _overlaps(chunk: ChunkRow, span: Span, oldest: int) -> bool:
    if chunk.last < oldest:
        return False
    if span.start is not None and chunk.last < span.start:
        return False
    return span.stop is None or chunk.first < span.stop
