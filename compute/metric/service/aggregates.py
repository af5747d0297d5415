"""Operations over the series of many metrics: which those are, and what comes out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.metric import store
from compute.metric.errors import (
    TooMuch,
    no_metric,
    not_aggregable,
    unknown_aggregation,
    unknown_metrics,
)
from compute.metric.keeping.reading import Span
from compute.metric.model import Metric, Resource
from compute.metric.operations.effort import Effort
from compute.metric.operations.evaluate import Evaluation
from compute.metric.operations.language import Node, Reference, references
from compute.metric.operations.table import Carry, Key, series_of, table_of
from compute.metric.parts import Parts, target_of_metric
from compute.metric.series.columns import Columns
from compute.metric.series.moments import seconds
from compute.metric.series.plan import Plan
from compute.metric.service import metrics
from compute.metric.service.measures import Point
from objectstore.kernel import concurrency

METRICS_MAX = 10_000
# Each is looked for by itself.
NAMES_MAX = 100
# Each is held against the name of each metric.
PATTERNS_MAX = 10
WILDCARDS_MAX = 8
# For each point that a question may look at: operations beside each other, or several
# deep.
STEPS_FOR_A_POINT = 20


@dataclass(frozen=True, slots=True)
class Terms:
    """How series are put together; no granularity: all that every metric has."""

    granularity: int | None = None
    span: Span = field(default_factory=Span)
    needed_overlap: float = 100.0
    fill: float | None = None
    carried: tuple[Carry, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The metrics that operations are about, and the series' names."""

    metrics: Mapping[str, Metric]
    plans: Mapping[str, Plan]
    # Reference -> (key of the series, metric's id).
    named: Mapping[Reference, Sequence[tuple[Key, str]]]


Answer = dict[Key, list[Point]]
Times = Mapping[str, Sequence[Span]]
"""Resource's id -> when, in order."""


def by_ids(
    connection: Connection, parts: Parts, context: RequestContext, node: Node
) -> Chosen:
    """The metrics that the operations name by their ids.  404, 400."""
    wanted = list(dict.fromkeys(references(node)))
    ids = {each: metrics.canonical(each.metric) for each in wanted}
    _check_number(len(set(ids.values())))
    found = metrics.some(connection, set(ids.values()))
    missing = [each.metric for each, it in ids.items() if it not in found]
    if missing:
        raise unknown_metrics(missing)
    for metric, resource in found.values():
        metrics.check(parts, context, metric, resource, "get measures")
    named = {
        each: [((metric_id, each.aggregation), metric_id)]
        for each, metric_id in ids.items()
    }
    chosen = {metric_id: metric for metric_id, (metric, _) in found.items()}
    return _with_plans(connection, chosen, named)


def of_resources(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    node: Node,
    found: Sequence[Resource],
) -> Chosen:
    """The metrics of these resources that have the names in the operations (``*``: any
    characters), and whose measures the caller may see.  404 when none has one."""
    wanted = list(dict.fromkeys(references(node)))
    names = {each.metric for each in wanted}
    if len(names) > NAMES_MAX:
        raise BadRequest(f"Operations name at most {NAMES_MAX} metrics of resources")
    ids = [each.id for each in found]
    owners = {each.id: each for each in found}

    def may_see(metric: Metric) -> bool:
        target = target_of_metric(metric, owners[metric.resource_id])
        return parts.policy.allows(context, "get measures", target)

    by_name = {
        name: [each for each in known if may_see(each)]
        for name, known in _named(connection, ids, names).items()
    }
    chosen = {it.id: it for each in by_name.values() for it in each}
    _check_number(len(chosen))
    if ids and not chosen:
        raise no_metric(str(sorted(names)))
    named = {
        each: [
            ((metric.resource_id, metric.name, each.aggregation), metric.id)
            for metric in by_name[each.metric]
        ]
        for each in wanted
    }
    return _with_plans(connection, chosen, named)


def _named(
    connection: Connection, resource_ids: Sequence[str], names: Collection[str]
) -> dict[str, list[Metric]]:
    """The metrics of these resources by the names in the operations that they have."""
    patterns = sorted(name for name in names if "*" in name)
    found = {
        name: store.metrics_of(connection, resource_ids, name)
        for name in sorted(set(names).difference(patterns))
    }
    if patterns:
        _check_patterns(patterns)
        known = [it for it in store.metrics_of(connection, resource_ids) if it.name]
        for pattern in patterns:
            found[pattern] = [it for it in known if fnmatchcase(it.name, pattern)]
    return found


def _check_patterns(patterns: Sequence[str]) -> None:
    if len(patterns) > PATTERNS_MAX:
        raise BadRequest(f"At most {PATTERNS_MAX} names have wildcards")
    if any(each.count("*") > WILDCARDS_MAX for each in patterns):
        raise BadRequest(f"A metric's name has at most {WILDCARDS_MAX} wildcards")


def part_of(chosen: Chosen, resource_ids: frozenset[str]) -> Chosen:
    """Only what is of these resources."""
    kept = {
        metric_id: metric
        for metric_id, metric in chosen.metrics.items()
        if metric.resource_id in resource_ids
    }
    named = {
        each: [it for it in found if it[1] in kept]
        for each, found in chosen.named.items()
    }
    return Chosen(kept, {each: chosen.plans[each] for each in kept}, named)


def effort_of(parts: Parts) -> Effort:
    """What a new question may cost, all of its groups together."""
    steps_max = STEPS_FOR_A_POINT * parts.settings.answer_points
    return Effort(steps_max, pause=lambda: concurrency.sleep(0))


def answer(
    parts: Parts,
    chosen: Chosen,
    node: Node,
    terms: Terms,
    effort: Effort,
    times: Times | None = None,
) -> Answer:
    """The series that come out, the coarsest granularity first; ``times``: only what
    was measured then.  400, 404, 413."""
    if not chosen.metrics:
        return {}
    granularities = _granularities(chosen, terms)
    rows = parts.reading.rows(
        chosen.plans, granularities, terms.span, parts.settings.answer_points
    )
    found: Answer = {}
    for granularity in sorted(granularities, reverse=True):
        at = _at(chosen, rows, node, terms, granularity, effort, times)
        for key, points in at:
            found.setdefault(key, []).extend(points)
        concurrency.sleep(0)  # others may have their turn
    return found


def _at(
    chosen: Chosen,
    rows: Mapping[str, Mapping[int, Columns]],
    node: Node,
    terms: Terms,
    granularity: int,
    effort: Effort,
    times: Times | None,
) -> Iterator[tuple[Key, list[Point]]]:
    series = {}
    for reference, found in chosen.named.items():
        for key, metric_id in found:
            columns = rows.get(metric_id, {}).get(granularity, Columns())
            if times is not None:
                owner = chosen.metrics[metric_id].resource_id
                columns = _within(columns, times.get(owner, ()))
            values: Sequence[float] = columns.values.get(reference.aggregation, ())
            series[key] = (columns.times if values else (), values)
    table = table_of(granularity, series, effort, terms.fill, terms.carried)
    named = {each: [key for key, _ in found] for each, found in chosen.named.items()}
    result = Evaluation(table, named, effort, terms.needed_overlap).of(node)
    for key, points in series_of(result).items():
        yield key, [(at, result.granularity, value) for at, value in points]


def _within(columns: Columns, spans: Sequence[Span]) -> Columns:
    found = Columns()
    for span in spans:
        found = found.followed_by(columns.between(span.start, span.stop))
    return found


def _granularities(chosen: Chosen, terms: Terms) -> list[int]:
    """Those that every metric has; or the one that is asked for."""
    for reference, found in chosen.named.items():
        for _, metric_id in found:
            if reference.aggregation not in chosen.plans[metric_id].methods:
                raise unknown_aggregation(metric_id, reference.aggregation)
    common = set.intersection(
        *({it.granularity for it in plan.definitions} for plan in chosen.plans.values())
    )
    if terms.granularity is None:
        if not common:
            raise not_aggregable("No granularity match", _pairs(chosen))
        return list(common)
    if terms.granularity not in common:
        asked = seconds(terms.granularity)
        lacking = [
            [metric_id, method, asked]
            for metric_id, method in _pairs(chosen)
            if chosen.plans[metric_id].definition(terms.granularity) is None
        ]
        raise not_aggregable("Granularities are missing", lacking)
    return [terms.granularity]


def _pairs(chosen: Chosen) -> list[list[str]]:
    return [
        [metric_id, reference.aggregation]
        for reference, found in chosen.named.items()
        for _, metric_id in found
    ]


def _with_plans(
    connection: Connection,
    found: Mapping[str, Metric],
    named: Mapping[Reference, Sequence[tuple[Key, str]]],
) -> Chosen:
    policies = {each.name: each.plan for each in store.policies.where(connection)}
    plans = {each.id: policies[each.archive_policy_name] for each in found.values()}
    return Chosen(found, plans, named)


def _check_number(number: int) -> None:
    if number > METRICS_MAX:
        raise TooMuch(
            f"That are {number} metrics; {METRICS_MAX} is the limit of one question"
        )


def nested(found: Mapping[Key, Any]) -> dict[str, Any]:
    """Series by the parts of their keys."""
    tree: dict[str, Any] = {}
    for key, value in found.items():
        place = tree
        for name in key[:-1]:
            place = place.setdefault(name, {})
        place[key[-1]] = value
    return tree
