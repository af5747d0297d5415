"""Resources: made, changed with their history, found."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, NotFound, QuotaExceeded
from compute.core.identifiers import is_uuid
from compute.core.sql.database import Connection
from compute.core.sql.rows import VALUES_IN_ONE_STATEMENT
from compute.metric import store, tables
from compute.metric.attributes import checked
from compute.metric.errors import (
    metric_there,
    no_resource,
    no_resource_type,
    resource_there,
)
from compute.metric.model import GENERIC, Metric, Resource, ResourceType
from compute.metric.parts import Parts, target_of_resource
from compute.metric.policies import NAMES_OTHERS, SEES_ALL
from compute.metric.search.query import Query, pinned
from compute.metric.service import metrics
from compute.metric.service.metrics import NewMetric

ID_CHARACTERS_MAX = 255
# Ids that are no uuids become such ones, of this family.
FAMILY = uuid.UUID("6d63f0c5-3a6e-5d0e-9a53-8b1f3b9f4b1a")
# What one search of a project, or of an operator, may look through.
LOOKED_AT_MAX = 200_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller wants a resource to be; None: as it is, or as usual."""

    project_id: str | None = None
    user_id: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    attributes: Mapping[str, Any] | None = None
    new_metrics: Sequence[NewMetric] = ()
    # Name -> id of a metric of no resource, or of this one.
    known_metrics: Mapping[str, str] | None = None
    replaces_metrics: bool = False


def uuid_of(text: str, project_id: str) -> str:
    """A resource's id as a uuid: the same for the same text of one project."""
    if not text or len(text) > ID_CHARACTERS_MAX or "/" in text:
        raise BadRequest(
            f"'/' is not supported in resource id, which has 1 to {ID_CHARACTERS_MAX}"
            " characters"
        )
    if is_uuid(text):
        return str(uuid.UUID(text))
    return str(uuid.uuid5(FAMILY, f"{text}\0{project_id}"))


def type_named(connection: Connection, name: str) -> ResourceType:
    """404."""
    found = store.resource_types.find(connection, name)
    if found is None:
        raise no_resource_type(name)
    return found


def create(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    kind: ResourceType,
    original_id: str,
    wanted: Wanted,
) -> Resource:
    """A new one, with its metrics.  400, 403, 409."""
    now = parts.now()
    resource_id = uuid_of(original_id, context.project_id)
    if store.resources.find(connection, resource_id) is not None:
        raise resource_there(original_id)
    _check_owner(parts, context, wanted, "")
    _check_quota(connection, parts, context)
    started = now if wanted.started_at is None else wanted.started_at
    resource = Resource(
        id=resource_id,
        type=kind.name,
        original_id=original_id,
        created_by_user_id=context.user_id,
        created_by_project_id=context.project_id,
        project_id=wanted.project_id or "",
        user_id=wanted.user_id or "",
        started_at=started,
        ended_at=wanted.ended_at or 0.0,
        revision_start=now,
        attributes=checked(kind.attributes, wanted.attributes or {}, is_new=True),
    )
    _check_span(resource)
    store.resources.insert(connection, resource)
    _set_metrics(connection, parts, context, resource, wanted)
    return resource


def update(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    former: Resource,
    kind: ResourceType,
    wanted: Wanted,
) -> Resource:
    """With other attributes; how it was goes to its history.  400, 403, 404."""
    _check_owner(parts, context, wanted, former.project_id)
    changes = checked(kind.attributes, wanted.attributes or {}, is_new=False)
    given = {
        "project_id": wanted.project_id,
        "user_id": wanted.user_id,
        "started_at": wanted.started_at,
        "ended_at": wanted.ended_at,
    }
    changed = replace(
        former,
        attributes={**former.attributes, **changes},
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
    )
    _check_span(changed)
    if changed != former:
        changed = replace(changed, revision_start=parts.now())
        store.add_revision(connection, former, changed.revision_start)
        store.resources.change(
            connection,
            former.id,
            project_id=changed.project_id,
            user_id=changed.user_id,
            started_at=changed.started_at,
            ended_at=changed.ended_at,
            revision_start=changed.revision_start,
            attributes=dict(changed.attributes),
        )
    _set_metrics(connection, parts, context, changed, wanted)
    return changed


def _check_owner(
    parts: Parts, context: RequestContext, wanted: Wanted, former: str
) -> None:
    """Who could make a resource another project's would have his measures among those
    that its alarms and its people look at."""
    if wanted.project_id not in (None, "", former, context.project_id):
        parts.policy.enforce(context, NAMES_OTHERS)


def _check_span(resource: Resource) -> None:
    if resource.ended_at and resource.ended_at < resource.started_at:
        raise BadRequest("Start timestamp cannot be after end timestamp")


def _check_quota(connection: Connection, parts: Parts, context: RequestContext) -> None:
    limit = parts.settings.resources_per_project
    if limit < 0 or context.has_role("service"):
        return
    own = store.resources.columns.created_by_project_id == context.project_id
    if store.resources.count(connection, own) >= limit:
        raise QuotaExceeded(f"A project may create {limit} resources")


def _set_metrics(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    resource: Resource,
    wanted: Wanted,
) -> None:
    known = wanted.known_metrics or {}
    if wanted.replaces_metrics:
        own = store.metrics_of(connection, [resource.id])
        kept = {metrics.canonical(each) for each in known.values()}
        gone = [each.id for each in own if each.id not in kept]
        metrics.delete(connection, gone, parts.now())
    names = {each.name: each.id for each in store.metrics_of(connection, [resource.id])}
    for name, metric_id in known.items():
        try:
            found, owner = metrics.find(
                connection, parts, context, metric_id, "delete metric"
            )
        except NotFound as error:  # the path is right; the body is not
            raise BadRequest(error.text) from None
        if owner is not None and owner.id != resource.id:
            raise BadRequest(f"Metric {found.id} is of another resource")
        if names.get(name, found.id) != found.id:
            raise metric_there(name)
        names[name] = found.id
        store.metrics.change(connection, found.id, resource_id=resource.id, name=name)
    if wanted.new_metrics:
        metrics.create(connection, parts, context, resource.id, wanted.new_metrics)


def find(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    type_name: str,
    text: str,
    rule: str,
) -> Resource:
    """One by its id, of that type, for somebody who may see it (404) and do that
    (403)."""
    type_named(connection, type_name)
    columns = store.resources.columns
    matches = columns.original_id == text
    if is_uuid(text):
        matches = columns.id == str(uuid.UUID(text))
    for found in store.resources.where(connection, matches):
        target = target_of_resource(found)
        if type_name in (GENERIC, found.type) and parts.policy.allows(
            context, "get resource", target
        ):
            parts.policy.enforce(context, rule, target)
            return found
    raise no_resource(text)


def visible(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    type_name: str,
    query: Query | None = None,
) -> list[Resource]:
    """All that the caller may see of that type, and that the query does not at once
    exclude."""
    columns = store.resources.columns
    conditions: list[sa.ColumnElement[bool]] = []
    if type_name != GENERIC:
        conditions.append(columns.type == type_name)
    if not parts.policy.allows(context, SEES_ALL):
        conditions.append(
            sa.or_(
                columns.project_id == context.project_id,
                columns.created_by_project_id == context.project_id,
            )
        )
    for name, column in (("id", columns.id), ("project_id", columns.project_id)):
        values = pinned(query, name)
        if values is not None and len(values) <= VALUES_IN_ONE_STATEMENT:
            conditions.append(
                column.in_(["" if each is None else each for each in values])
            )
    select = tables.resources.select().where(*conditions).order_by(columns.id)
    return store.resources.select(connection, select.limit(LOOKED_AT_MAX))


def delete(connection: Connection, resources: Collection[Resource], now: float) -> None:
    """They, their metrics and series are no more."""
    ids = [each.id for each in resources]
    found: list[Metric] = store.metrics_of(connection, ids)
    metrics.delete(connection, [each.id for each in found], now)
    store.forget_history(connection, ids)


def check_all(
    parts: Parts, context: RequestContext, found: Collection[Resource], rule: str
) -> None:
    """403 when the caller may not do that to one of them."""
    for each in found:
        parts.policy.enforce(context, rule, target_of_resource(each))
