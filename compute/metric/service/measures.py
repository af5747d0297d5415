"""Measures: taken in one transaction, shown as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.metric.errors import TooMuch, unknown_aggregation
from compute.metric.keeping import series_rows
from compute.metric.keeping.loops import plans_of
from compute.metric.keeping.reading import Span
from compute.metric.model import Metric
from compute.metric.parts import Parts
from compute.metric.series import calendar
from compute.metric.series.columns import Columns
from compute.metric.series.moments import seconds
from compute.metric.series.plan import Definition, Plan
from compute.metric.series.resampling import period_of, resampled

Measures = tuple[Sequence[int], Sequence[float]]

# Measures of one metric that are not yet part of closed periods: 16 bytes each, and
# all of them are in memory while somebody looks.
POINTS_HELD_MAX = 200_000
# So many make reading slower than folding.
POINTS_HURRY = 300
ROWS_HURRY = 100


class Full(Exception):
    """These hold as much as they may; folding may help."""

    def __init__(self, metric_ids: list[str]) -> None:
        super().__init__(f"{len(metric_ids)} metrics are full")
        self.metric_ids = metric_ids


def take(
    connection: Connection, given: Mapping[str, Measures], now: float
) -> list[str]:
    """Keep measures of metrics that are there; those that should be folded soon.
    ``Full``."""
    given = {metric_id: each for metric_id, each in given.items() if each[0]}
    full, hurried = [], []
    for metric_id, load in series_rows.loads(connection, list(given)).items():
        more = len(given[metric_id][0])
        if load.held + load.pending + more > POINTS_HELD_MAX:
            full.append(metric_id)
        if load.pending + more > POINTS_HURRY or load.rows >= ROWS_HURRY:
            hurried.append(metric_id)
    if full:
        raise Full(full)
    series_rows.add_pending(connection, given, now)
    return hurried


def make_room(parts: Parts, full: Full) -> None:
    """Fold these now.  ``TooMuch`` when it does not help."""
    plans = parts.read(lambda connection: plans_of(connection, full.metric_ids))
    parts.folding.fold(plans)
    loads = parts.read(
        lambda connection: series_rows.loads(connection, full.metric_ids)
    )
    for metric_id, load in loads.items():
        if load.held + load.pending > POINTS_HELD_MAX // 2:
            raise TooMuch(
                f"Metric {metric_id} holds {load.held + load.pending} measures that"
                f" its archive policy keeps open; {POINTS_HELD_MAX} is the limit"
            )


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a series; no granularities: all.  ``resample``: nanoseconds, or
    a letter for a period of the calendar."""

    aggregation: str = "mean"
    granularity: int | None = None
    span: Span = Span()
    resample: int | str | None = None


Point = tuple[int, int | str, float | None]
"""Moment, granularity (or the letter of the calendar's), value."""


def answer(
    parts: Parts, metric: Metric, plan: Plan, question: Question
) -> Iterator[Point]:
    """The points, the coarsest granularity first.  404, 400, 413."""
    definitions = chosen(metric, plan, question)
    granularities = [each.granularity for each in definitions]
    found = parts.reading.rows(
        {metric.id: plan},
        granularities,
        question.span,
        parts.settings.answer_points,
    )
    rows = found.get(metric.id, {})
    return points_of(definitions, rows, question)


def points_of(
    definitions: Sequence[Definition],
    rows: Mapping[int, Columns],
    question: Question,
) -> Iterator[Point]:
    """What is asked of rows that were read, the coarsest granularity first."""
    method = question.aggregation
    for definition in sorted(definitions, reverse=True):
        granularity: int | str = definition.granularity
        columns = rows.get(definition.granularity, Columns())
        times: Sequence[int] = columns.times
        values: Sequence[float] = columns.values.get(method, ())
        if question.resample is not None:
            granularity = question.resample
            begins = (
                partial(calendar.begins, granularity)
                if isinstance(granularity, str)
                else period_of(granularity)
            )
            times, values = resampled(times, values, begins, method)
        for at, value in zip(times, values, strict=False):
            if value == value:  # not a number: the method has none for that period
                yield at, granularity, value


def chosen(metric: Metric, plan: Plan, question: Question) -> list[Definition]:
    """The granularities that are asked for.  404 when the policy has them not."""
    if question.aggregation not in plan.methods:
        raise unknown_aggregation(metric.id, question.aggregation)
    if question.resample is not None and question.granularity is None:
        raise BadRequest("A granularity must be specified to resample")
    if question.granularity is None:
        return list(plan.definitions)
    definition = plan.definition(question.granularity)
    if definition is None:
        raise NotFound(
            f"Aggregation method '{question.aggregation}' at granularity"
            f" '{seconds(question.granularity)}' for metric {metric.id} does not exist"
        )
    return [definition]


def accept(parts: Parts, work: Callable[[Connection], list[str]]) -> None:
    """Run a transaction that takes measures; once more after folding, when something
    was full."""
    try:
        hurried = parts.run(work)
    except Full as full:
        make_room(parts, full)
        try:
            hurried = parts.run(work)
        except Full as again:
            raise TooMuch(
                f"So many measures of one metric at once are too many:"
                f" {POINTS_HELD_MAX} is the limit"
            ) from again
    for metric_id in hurried:
        parts.hurry(metric_id)
