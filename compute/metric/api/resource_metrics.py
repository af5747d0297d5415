"""The metrics of one resource, by their names."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.sql.database import Connection
from compute.metric import store
from compute.metric.api.bodies import json_of, large_json, object_of
from compute.metric.api.frame import Frame
from compute.metric.api.metrics import show_measures
from compute.metric.api.resources import wanted_metrics
from compute.metric.model import Metric, Resource
from compute.metric.service import measures, metrics, policies, resources
from compute.metric.service.resources import Wanted
from compute.metric.service.views import metric_view, whole_metric_view
from objectstore.kernel.reply import Reply


class ResourceMetricsApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts

    def routes(self) -> list[Route]:
        """Where they are."""
        one = "/v1/resource/{type}/{resource_id}"
        return [
            Route("GET", f"{one}/metric", self.metrics),
            Route("POST", f"{one}/metric", self.add_metrics),
            Route("GET", f"{one}/metric/{{name}}", self.metric),
            Route("DELETE", f"{one}/metric/{{name}}", self.delete_metric),
            Route("GET", f"{one}/metric/{{name}}/measures", self.measures),
            Route("POST", f"{one}/metric/{{name}}/measures", self.add_measures),
        ]

    def metrics(self, call: ApiCall) -> Reply:
        """All of them."""

        def work(connection: Connection) -> list[dict[str, Any]]:
            found = self._one(connection, call, "get resource")
            known = {each.name: each for each in store.policies.where(connection)}
            return [
                metric_view(each, known[each.archive_policy_name])
                for each in store.metrics_of(connection, [found.id])
            ]

        return json_reply(200, self._parts.read(work))

    def add_metrics(self, call: ApiCall) -> Reply:
        """More of them; all that there are then."""
        known_metrics, new = wanted_metrics(object_of(json_of(call)))

        def work(connection: Connection) -> list[dict[str, Any]]:
            found = self._one(connection, call, "update resource")
            more = Wanted(new_metrics=new, known_metrics=known_metrics)
            kind = resources.type_named(connection, found.type)
            resources.update(connection, self._parts, call.context, found, kind, more)
            known = {each.name: each for each in store.policies.where(connection)}
            return [
                metric_view(each, known[each.archive_policy_name])
                for each in store.metrics_of(connection, [found.id])
            ]

        return json_reply(200, self._parts.run(work))

    def metric(self, call: ApiCall) -> Reply:
        """One by its name."""

        def work(connection: Connection) -> dict[str, Any]:
            found = self._one(connection, call, "get resource")
            metric = metrics.named(connection, found, call.parameters["name"])
            policy = policies.find(connection, metric.archive_policy_name)
            return whole_metric_view(metric, policy, found)

        return json_reply(200, self._parts.read(work))

    def delete_metric(self, call: ApiCall) -> Reply:
        """One by its name."""

        def work(connection: Connection) -> None:
            found = self._one(connection, call, "get resource")
            metric = metrics.named(connection, found, call.parameters["name"])
            metrics.check(self._parts, call.context, metric, found, "delete metric")
            metrics.delete(connection, [metric.id], self._parts.now())

        self._parts.run(work)
        return empty_reply()

    def measures(self, call: ApiCall) -> Reply:
        """One's measures."""
        reader = self._frame.reader(call)
        named = call.parameters

        def find(connection: Connection) -> Metric:
            found = resources.find(
                connection,
                self._parts,
                reader,
                named["type"],
                named["resource_id"],
                "get resource",
            )
            metric = metrics.named(connection, found, named["name"])
            metrics.check(self._parts, reader, metric, found, "get measures")
            return metric

        return show_measures(self._frame, call, find)

    def add_measures(self, call: ApiCall) -> Reply:
        """More of one's."""
        given = self._frame.measures(large_json(call))

        def work(connection: Connection) -> list[str]:
            found = self._one(connection, call, "get resource")
            metric = metrics.named(connection, found, call.parameters["name"])
            metrics.check(self._parts, call.context, metric, found, "post measures")
            return measures.take(connection, {metric.id: given}, self._parts.now())

        measures.accept(self._parts, work)
        return empty_reply(202)

    def _one(self, connection: Connection, call: ApiCall, rule: str) -> Resource:
        named = call.parameters
        return resources.find(
            connection,
            self._parts,
            call.context,
            named["type"],
            named["resource_id"],
            rule,
        )
