"""Which resources a query finds, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.metric import store
from compute.metric.keeping.reading import Span
from compute.metric.model import GENERIC, Metric, Resource, Revision
from compute.metric.parts import Parts
from compute.metric.search.query import VALUES_MAX, condition
from compute.metric.series.moments import SECOND
from compute.metric.service import metrics, resources
from compute.metric.service.resources import ID_CHARACTERS_MAX, uuid_of
from compute.metric.service.views import View, resource_view

# Operators and their lists: two for each level of a query.
DEPTH_MAX = 50
COMMON = (
    "id",
    "original_resource_id",
    "type",
    "project_id",
    "user_id",
    "creator",
    "created_by_user_id",
    "created_by_project_id",
    "started_at",
    "ended_at",
    "revision_start",
    "revision_end",
)


def attributes_of(connection: Connection, type_name: str) -> frozenset[str]:
    """What things of a type have; of the generic one, what things of any type have,
    for it shows them all.  404."""
    kind = resources.type_named(connection, type_name)
    names = {*COMMON, *kind.attributes}
    if type_name == GENERIC:
        names.update(*(it.attributes for it in store.resource_types.where(connection)))
    return frozenset(names)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is looked for; ``details``: with what each type has, ``history``: as things
    were, too."""

    type: str
    query: Any
    details: bool = False
    history: bool = False


def _candidates(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    type_name: str,
    query: Any,
) -> tuple[list[Resource], Callable[[View], bool]]:
    """The resources of a type that the caller may see, and whether the query is true
    of one as it is shown."""
    kind = resources.type_named(connection, type_name)
    query = with_uuids(query, context.project_id)
    is_wanted = condition(query, (*COMMON, *kind.attributes), parts.now())
    found = resources.visible(connection, parts, context, type_name, query)
    return found, is_wanted


def matching(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    type_name: str,
    query: Any,
) -> list[Resource]:
    """Resources of a type for which the query is true."""
    found, is_wanted = _candidates(connection, parts, context, type_name, query)
    return [each for each in found if is_wanted(resource_view(each))]


@dataclass(frozen=True, slots=True)
class Life:
    """A resource as it is, or was for a while.  The first of its lives begins with its
    first measure, which may be older than what we know of it."""

    resource: Resource
    span: Span = field(default_factory=Span)


def lives(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    type_name: str,
    query: Any,
) -> list[Life]:
    """The lives of resources of a type for which the query is true."""
    present, is_wanted = _candidates(connection, parts, context, type_name, query)
    former: dict[str, list[Revision]] = {}
    ids, at_most = [each.id for each in present], parts.settings.history_entries
    for it in store.revisions_of(connection, ids, at_most):
        former.setdefault(it.resource.id, []).append(it)
    found = []
    for resource in present:
        begins = None
        for it in former.get(resource.id, ()):
            ends = int(it.revision_end * SECOND)
            found.append(Life(it.resource, Span(begins, ends)))
            begins = ends
        found.append(Life(resource, Span(begins, None)))
    return [each for each in found if is_wanted(resource_view(each.resource))]


def with_uuids(query: Any, project_id: str, depth: int = 0) -> Any:
    """The query with resources' ids as they are kept: people ask by their own ones."""
    if depth > DEPTH_MAX:  # which the query's compiler refuses
        return query
    if isinstance(query, list):
        return [with_uuids(each, project_id, depth + 1) for each in query]
    if not isinstance(query, dict):
        return query
    return {
        name: _uuids(it, project_id)
        if name == "id"
        else with_uuids(it, project_id, depth + 1)
        for name, it in query.items()
    }


def _uuids(value: Any, project_id: str) -> Any:
    if isinstance(value, list):
        return [_uuids(each, project_id) for each in value[: VALUES_MAX + 1]]
    if not isinstance(value, str) or not 1 <= len(value) <= ID_CHARACTERS_MAX:
        return value
    return value if "/" in value else uuid_of(value, project_id)


def views(
    connection: Connection, parts: Parts, context: RequestContext, wishes: Wishes
) -> list[View]:
    """What is found, with its metrics."""
    found, is_wanted = _candidates(
        connection, parts, context, wishes.type, wishes.query
    )
    details = wishes.details or wishes.type != GENERIC
    shown = [(each, resource_view(each)) for each in found]
    if wishes.history:
        ids = [each.id for each in found]
        shown += [
            (it.resource, resource_view(it.resource, revision_end=it.revision_end))
            for it in store.revisions_of(
                connection, ids, parts.settings.history_entries
            )
        ]
    shown = [(each, view) for each, view in shown if is_wanted(view)]
    named = _metrics_by_resource(
        store.metrics_of(connection, {each.id for each, _ in shown})
    )
    result = []
    for each, view in shown:
        kept = view if details else {name: view[name] for name in COMMON}
        names = metrics.by_name(named.get(each.id, ()))
        result.append({**kept, "metrics": names})
    return result


def _metrics_by_resource(found: Sequence[Metric]) -> dict[str, list[Metric]]:
    by_resource: dict[str, list[Metric]] = {}
    for metric in found:
        by_resource.setdefault(metric.resource_id, []).append(metric)
    return by_resource
