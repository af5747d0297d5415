"""Metrics: made, found, deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, QuotaExceeded
from compute.core.identifiers import is_uuid
from compute.core.sql.database import Connection
from compute.core.sql.rows import portions
from compute.metric import store, tables
from compute.metric.errors import metric_there, no_metric
from compute.metric.keeping import series_rows
from compute.metric.model import ArchivePolicyRule, Metric, Resource
from compute.metric.parts import Parts, target_of_metric
from compute.metric.service import policies


@dataclass(frozen=True, slots=True)
class NewMetric:
    """A metric that is wanted; ``archive_policy_name`` "": as the rules say."""

    name: str = ""
    unit: str = ""
    archive_policy_name: str = ""


def create(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    resource_id: str,
    wanted: Collection[NewMetric],
) -> list[Metric]:
    """New ones of a resource (""; of none).  400, 403, 409."""
    rules: list[ArchivePolicyRule] | None = None
    names = [each.name for each in wanted]
    if resource_id:
        known = {each.name for each in store.metrics_of(connection, [resource_id])}
        for name in names:
            if name in known:
                raise metric_there(name)
            known.add(name)
    _check_quota(connection, parts, context, len(names))
    made = []
    for each in wanted:
        policy = each.archive_policy_name
        if not policy:
            rules = policies.all_rules(connection) if rules is None else rules
            policy = policies.chosen(rules, each.name)
        elif store.policies.find(connection, policy) is None:
            raise BadRequest(f"Archive policy {policy[:64]} does not exist")
        made.append(
            Metric(
                id=parts.identifiers.uuid(),
                resource_id=resource_id,
                name=each.name,
                unit=each.unit,
                archive_policy_name=policy,
                created_by_user_id=context.user_id,
                created_by_project_id=context.project_id,
                created_at=parts.now(),
            )
        )
    store.metrics.insert(connection, *made)
    series_rows.begin(connection, [each.id for each in made])
    return made


def _check_quota(
    connection: Connection, parts: Parts, context: RequestContext, more: int
) -> None:
    limit = parts.settings.metrics_per_project
    if limit < 0 or context.has_role("service"):
        return
    own = store.metrics.columns.created_by_project_id == context.project_id
    if store.metrics.count(connection, own) + more > limit:
        raise QuotaExceeded(f"A project may create {limit} metrics")


def some(
    connection: Connection, metric_ids: Collection[str]
) -> dict[str, tuple[Metric, Resource | None]]:
    """Metrics with their resources."""
    found = store.metrics.by_keys(connection, metric_ids)
    owners = {each.resource_id for each in found.values() if each.resource_id}
    resources = store.resources.by_keys(connection, owners)
    return {
        metric_id: (metric, resources.get(metric.resource_id))
        for metric_id, metric in found.items()
    }


def find(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    metric_id: str,
    rule: str,
) -> tuple[Metric, Resource | None]:
    """One by its id, for somebody who may see it (404) and do that (403)."""
    wanted = canonical(metric_id)
    found = some(connection, [wanted]).get(wanted)
    if found is None:
        raise no_metric(metric_id)
    check(parts, context, found[0], found[1], rule)
    return found


def check(
    parts: Parts,
    context: RequestContext,
    metric: Metric,
    resource: Resource | None,
    rule: str,
) -> None:
    """404 when the caller may not see it, 403 when he may not do that."""
    target = target_of_metric(metric, resource)
    if not parts.policy.allows(context, "get metric", target):
        raise no_metric(metric.id)
    parts.policy.enforce(context, rule, target)


def delete(connection: Connection, metric_ids: Collection[str], now: float) -> None:
    """They, and their series, are no more."""
    for part in portions(metric_ids):
        statement = tables.metrics.delete().where(tables.metrics.c.id.in_(part))
        connection.execute(statement)
    series_rows.forget(connection, metric_ids, now)


def named(connection: Connection, resource: Resource, name: str) -> Metric:
    """A resource's metric of that name; 404."""
    found = store.metrics_of(connection, [resource.id], name)
    if not found:
        raise no_metric(name)
    return found[0]


def canonical(metric_id: str) -> str:
    """An id as we write it; 404 for what is none."""
    if not is_uuid(metric_id):
        raise no_metric(metric_id)
    text = metric_id.lower().replace("-", "")
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def by_name(found: Collection[Metric]) -> Mapping[str, str]:
    """Name -> id."""
    return {each.name: each.id for each in found}
