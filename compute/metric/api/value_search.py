"""Which of some metrics' values are as a query says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.metric.api.bodies import json_of
from compute.metric.api.frame import Frame, length_of
from compute.metric.errors import Explained
from compute.metric.model import Metric
from compute.metric.search.values import value_condition
from compute.metric.series.moments import seconds
from compute.metric.series.plan import Definition, Plan
from compute.metric.service import metrics, policies
from compute.metric.service.measures import Question, chosen, points_of
from compute.metric.service.views import points_view
from objectstore.kernel import concurrency
from objectstore.kernel.reply import Reply

METRICS_MAX = 100
GRANULARITIES_MAX = 10


class ValueSearchApi:
    """The operation."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts

    def routes(self) -> list[Route]:
        """Where it is."""
        return [Route("POST", "/v1/search/metric", self.search)]

    def search(self, call: ApiCall) -> Reply:
        """Metric's id -> the points whose values are so."""
        span = self._frame.span(call)
        method = call.query.one("aggregation") or "mean"
        granularities = list(
            dict.fromkeys(
                length_of("granularity", each) for each in call.query.all("granularity")
            )
        )
        ids = list(dict.fromkeys(call.query.all("metric_id")))
        if len(ids) > METRICS_MAX or len(granularities) > GRANULARITIES_MAX:
            raise BadRequest(
                f"One search is of at most {METRICS_MAX} metrics and"
                f" {GRANULARITIES_MAX} granularities"
            )
        is_wanted = value_condition(json_of(call))

        found = self._parts.read(lambda connection: self._found(connection, call, ids))
        wanted = {
            metric.id: _definitions(metric, plan, method, granularities)
            for metric, plan in found
        }
        # All of them together are one question.
        rows = self._parts.reading.rows(
            {metric.id: plan for metric, plan in found},
            {it.granularity for each in wanted.values() for it in each},
            span,
            self._parts.settings.answer_points,
        )
        answer: dict[str, Any] = {}
        for metric_id, definitions in wanted.items():
            columns, points = rows.get(metric_id, {}), []
            for definition in definitions:
                question = Question(method, definition.granularity, span)
                points += [
                    point
                    for point in points_of([definition], columns, question)
                    if point[2] is not None and is_wanted(point[2])
                ]
                concurrency.sleep(0)  # others may have their turn
            answer[metric_id] = points_view(points)
        return json_reply(200, answer)

    def _found(
        self, connection: Connection, call: ApiCall, ids: Sequence[str]
    ) -> list[tuple[Metric, Plan]]:
        """The metrics, which the caller may look at, and their plans."""
        who = self._frame.reader(call)
        found = []
        for each in ids:
            metric, _ = metrics.find(connection, self._parts, who, each, "get measures")
            policy = policies.find(connection, metric.archive_policy_name)
            found.append((metric, policy.plan))
        return found


def _definitions(
    metric: Metric, plan: Plan, method: str, granularities: Sequence[int]
) -> list[Definition]:
    """As they are asked for; else all, the coarsest first."""
    for each in granularities:
        if plan.definition(each) is None:
            raise _no_aggregation(each, method)
    if not granularities:
        return sorted(chosen(metric, plan, Question(method)), reverse=True)
    return [
        definition
        for each in granularities
        for definition in chosen(metric, plan, Question(method, each))
    ]


def _no_aggregation(granularity: int, method: str) -> Explained:
    detail = {"granularity": seconds(granularity), "aggregation_method": method}
    reason = "The archive policy has no such granularity"
    return Explained("Aggregation does not exist", reason, detail)
