"""Metrics, and one metric's measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.metric import store, tables
from compute.metric.api.bodies import json_of, large_json
from compute.metric.api.frame import Frame
from compute.metric.api.pages import page_of
from compute.metric.errors import Explained
from compute.metric.model import GENERIC, Metric, Resource
from compute.metric.policies import SEES_ALL
from compute.metric.series.plan import Plan
from compute.metric.service import measures, metrics, policies, resources
from compute.metric.service.metrics import NewMetric
from compute.metric.service.views import metric_view, points_view, whole_metric_view
from objectstore.kernel.reply import Reply

NAME_CHARACTERS_MAX = 255
_TEXT = {"type": ["string", "null"], "maxLength": 255}
# What may be said of a metric that is to be made.
NEW: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "unit": {**_TEXT, "maxLength": 31},
        "archive_policy_name": _TEXT,
        "resource_id": _TEXT,
        "user_id": _TEXT,
        "project_id": _TEXT,
    },
    "additionalProperties": False,
}
METRIC = Schema(NEW)
FILTERS = {
    "id": "id",
    "name": "name",
    "unit": "unit",
    "archive_policy_name": "archive_policy_name",
    "resource_id": "resource_id",
    "user_id": "created_by_user_id",
    "project_id": "created_by_project_id",
    "created_by_user_id": "created_by_user_id",
    "created_by_project_id": "created_by_project_id",
}
CREATOR = "creator"
SORTABLE = frozenset({*FILTERS, CREATOR}) - {"user_id", "project_id"}
# A list is sorted in memory.
LISTED_MAX = 200_000


def new_metric(given: Mapping[str, Any] | None, name: str = "") -> NewMetric:
    """From a body; ``name``: the key under which it stands there.  400."""
    given = given or {}
    name = name or given.get("name") or ""
    if len(name) > NAME_CHARACTERS_MAX or "/" in name or "\0" in name:
        raise BadRequest(
            "'/' is not supported in metric name, which has at most"
            f" {NAME_CHARACTERS_MAX} characters: {name[:64]!r}"
        )
    return NewMetric(
        name,
        given.get("unit") or "",
        given.get("archive_policy_name") or "",
    )


class MetricsApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts

    def routes(self) -> list[Route]:
        """Where they are."""
        base = "/v1/metric"
        return [
            Route("GET", base, self.list),
            Route("POST", base, self.create),
            Route("GET", f"{base}/{{metric_id}}", self.show),
            Route("DELETE", f"{base}/{{metric_id}}", self.delete),
            Route("GET", f"{base}/{{metric_id}}/measures", self.measures),
            Route("POST", f"{base}/{{metric_id}}/measures", self.add),
        ]

    def list(self, call: ApiCall) -> Reply:
        """Those that the caller made, and those of his resources."""
        self._frame.check(call, "list metric")
        columns = store.metrics.columns
        conditions: list[sa.ColumnElement[bool]] = [
            columns[FILTERS[name]] == value
            for name, value in call.query.pairs
            if name in FILTERS
        ]
        for text in call.query.all(CREATOR):
            user_id, _, creator_id = text.partition(":")
            conditions.append(columns.created_by_user_id == user_id)
            conditions.append(columns.created_by_project_id == creator_id)
        project_id = call.context.project_id
        if not self._parts.policy.allows(call.context, SEES_ALL):
            owned = tables.resources.c
            own = sa.select(owned.id).where(owned.project_id == project_id)
            conditions.append(
                sa.or_(
                    columns.created_by_project_id == project_id,
                    columns.resource_id.in_(own),
                )
            )

        def work(connection: Connection) -> list[dict[str, Any]]:
            known = {each.name: each for each in store.policies.where(connection)}
            select = tables.metrics.select().where(*conditions).order_by(columns.id)
            found = store.metrics.select(connection, select.limit(LISTED_MAX))
            return [metric_view(it, known[it.archive_policy_name]) for it in found]

        page, headers = page_of(
            call,
            self._parts.read(work),
            ["id:asc"],
            SORTABLE,
            self._parts.settings.page_max,
        )
        return json_reply(200, page, headers)

    def create(self, call: ApiCall) -> Reply:
        """A new one; of a resource, when ``resource_id`` says so."""
        self._frame.check(call, "create metric")
        given = json_of(call, METRIC)
        if given.get("resource_id") and not given.get("name"):
            reason = "Name cannot be null if resource_id is not null"
            raise Explained("Attribute value error", reason, "name")

        def work(connection: Connection) -> dict[str, Any]:
            resource = None
            if given.get("resource_id"):
                wanted = given["resource_id"]
                resource = resources.find(
                    connection,
                    self._parts,
                    call.context,
                    GENERIC,
                    wanted,
                    "update resource",
                )
            (made,) = metrics.create(
                connection,
                self._parts,
                call.context,
                resource.id if resource else "",
                [new_metric(given)],
            )
            return self._view(connection, made, resource)

        view = self._parts.run(work)
        place = f"{call.base_url}/v1/metric/{view['id']}"
        return json_reply(201, view, [("Location", place)])

    def show(self, call: ApiCall) -> Reply:
        """One, with its resource."""

        def work(connection: Connection) -> dict[str, Any]:
            return self._view(connection, *self._found(connection, call, "get metric"))

        return json_reply(200, self._parts.read(work))

    def delete(self, call: ApiCall) -> Reply:
        """One, with its series."""

        def work(connection: Connection) -> None:
            metric, _ = self._found(connection, call, "delete metric")
            metrics.delete(connection, [metric.id], self._parts.now())

        self._parts.run(work)
        return empty_reply()

    def measures(self, call: ApiCall) -> Reply:
        """What was measured."""
        return show_measures(
            self._frame,
            call,
            lambda connection: self._found(connection, call, "get measures")[0],
        )

    def add(self, call: ApiCall) -> Reply:
        """More of it."""
        given = self._frame.measures(large_json(call))

        def work(connection: Connection) -> list[str]:
            metric, _ = self._found(connection, call, "post measures")
            return measures.take(connection, {metric.id: given}, self._parts.now())

        measures.accept(self._parts, work)
        return empty_reply(202)

    def _found(
        self, connection: Connection, call: ApiCall, rule: str
    ) -> tuple[Metric, Resource | None]:
        metric_id = call.parameters["metric_id"]
        who = call.context if rule != "get measures" else self._frame.reader(call)
        return metrics.find(connection, self._parts, who, metric_id, rule)

    def _view(
        self, connection: Connection, metric: Metric, resource: Resource | None
    ) -> dict[str, Any]:
        policy = policies.find(connection, metric.archive_policy_name)
        return whole_metric_view(metric, policy, resource)


def show_measures(
    frame: Frame, call: ApiCall, find: Callable[[Connection], Metric]
) -> Reply:
    """The measures of the metric that ``find`` finds in a transaction."""
    question = frame.question(call)

    def work(connection: Connection) -> tuple[Metric, Plan]:
        metric = find(connection)
        return metric, policies.find(connection, metric.archive_policy_name).plan

    metric, plan = frame.parts.read(work)
    found = measures.answer(frame.parts, metric, plan, question)
    return json_reply(200, points_view(found))
