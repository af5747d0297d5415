"""What the cloud's own processes tell: resources as they are now, with what was
measured of them.

Telling the same twice changes nothing: ids of metrics are found by name, attributes
make a revision only when they differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.metric import store
from compute.metric.attributes import checked
from compute.metric.model import Metric, Resource
from compute.metric.parts import Parts
from compute.metric.series.moments import SECOND
from compute.metric.service import measures, metrics, resources
from compute.metric.service.measures import Measures
from compute.metric.service.metrics import NewMetric
from compute.metric.service.resources import Wanted


@dataclass(frozen=True, slots=True)
class Fed:
    """One resource; ``metrics``: name -> (unit, archive policy, value)."""

    id: str
    type: str
    project_id: str
    user_id: str
    attributes: Mapping[str, Any]
    metrics: Mapping[str, tuple[str, str, float]]


def feed(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    at: float,
    fed: Sequence[Fed],
) -> list[str]:
    """These were measured at that moment; what should be folded soon."""
    ids = {each.id: resources.uuid_of(each.id, context.project_id) for each in fed}
    known = store.resources.by_keys(connection, ids.values())
    for former in list(known.values()):
        if former.created_by_project_id != context.project_id:
            _push_aside(connection, known.pop(former.id))
    by_resource: dict[str, dict[str, Metric]] = {}
    for metric in store.metrics_of(connection, list(known)):
        by_resource.setdefault(metric.resource_id, {})[metric.name] = metric
    taken: dict[str, Measures] = {}
    moment = int(at * SECOND)
    for each in fed:
        resource = _current(connection, parts, context, each, known.get(ids[each.id]))
        named = by_resource.get(resource.id, {})
        named |= _missing(connection, parts, context, resource, each, named)
        for name, (_, _, value) in each.metrics.items():
            taken[named[name].id] = ([moment], [value])
    return measures.take(connection, taken, parts.now())


def _push_aside(connection: Connection, squatter: Resource) -> None:
    """Somebody made a resource with this id before us, which would let him see what is
    ours to tell.  His metrics stay his, of no resource."""
    for metric in store.metrics_of(connection, [squatter.id]):
        store.metrics.change(connection, metric.id, resource_id="")
    store.forget_history(connection, [squatter.id])


def _current(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    fed: Fed,
    former: Resource | None,
) -> Resource:
    """The resource as it is told."""
    kind = resources.type_named(connection, fed.type if former is None else former.type)
    told = {name: it for name, it in fed.attributes.items() if name in kind.attributes}
    wanted = Wanted(fed.project_id, fed.user_id, attributes=told)
    if former is None:
        return resources.create(connection, parts, context, kind, fed.id, wanted)
    values = checked(kind.attributes, told, is_new=False)
    is_same = {**former.attributes, **values} == former.attributes
    if is_same and not former.ended_at and former.project_id == fed.project_id:
        return former
    lives = replace(wanted, ended_at=0.0)
    return resources.update(connection, parts, context, former, kind, lives)


def _missing(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    resource: Resource,
    fed: Fed,
    named: Mapping[str, Metric],
) -> dict[str, Metric]:
    wanted = []
    for name, (unit, policy, _) in fed.metrics.items():
        if name not in named:
            there = store.policies.find(connection, policy) is not None
            wanted.append(NewMetric(name, unit, policy if there else ""))
    if not wanted:
        return {}
    made = metrics.create(connection, parts, context, resource.id, wanted)
    return {each.name: each for each in made}


def ended(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    resource_ids: Sequence[str],
    at: float,
) -> None:
    """These are no more since then."""
    ids = [resources.uuid_of(each, context.project_id) for each in resource_ids]
    for found in store.resources.by_keys(connection, ids).values():
        if not found.ended_at:
            kind = resources.type_named(connection, found.type)
            ends = Wanted(ended_at=max(at, found.started_at))
            resources.update(connection, parts, context, found, kind, ends)
