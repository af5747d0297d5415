"""Which of some metrics' values are as a query says."""

from __future__ import annotations

from typing import Any

from compute.core.api import ApiCall, Route, json_reply
from compute.core.database import Connection
from compute.core.errors import BadRequest
from compute.metric.api.bodies import json_of
from compute.metric.api.frame import Frame, length_of
from compute.metric.errors import Explained
from compute.metric.model import Metric
from compute.metric.search.values import value_condition
from compute.metric.series.moments import seconds
from compute.metric.series.plan import Plan
from compute.metric.service import measures, metrics, policies
from compute.metric.service.measures import Question
from compute.metric.service.views import points_view
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
        granularities: list[int | None] = [
            length_of("granularity", each) for each in call.query.all("granularity")
        ]
        ids = list(dict.fromkeys(call.query.all("metric_id")))
        if len(ids) > METRICS_MAX or len(granularities) > GRANULARITIES_MAX:
            raise BadRequest(
                f"One search is of at most {METRICS_MAX} metrics and"
                f" {GRANULARITIES_MAX} granularities"
            )
        is_wanted = value_condition(json_of(call))

        def find(connection: Connection) -> list[tuple[Metric, Plan]]:
            who = self._frame.reader(call)
            found = []
            for each in ids:
                metric, _ = metrics.find(
                    connection, self._parts, who, each, "get measures"
                )
                policy = policies.find(connection, metric.archive_policy_name)
                found.append((metric, policy.plan))
            return found

        answer: dict[str, Any] = {}
        for metric, plan in self._parts.read(find):
            points: list[measures.Point] = []
            for granularity in granularities or [None]:
                if granularity is not None and plan.definition(granularity) is None:
                    raise _no_aggregation(granularity, method)
                question = Question(method, granularity, span)
                points += measures.answer(self._parts, metric, plan, question)
            answer[metric.id] = points_view(
                point
                for point in points
                if point[2] is not None and is_wanted(point[2])
            )
        return json_reply(200, answer)


def _no_aggregation(granularity: int, method: str) -> Explained:
    detail = {"granularity": seconds(granularity), "aggregation_method": method}
    reason = "The archive policy has no such granularity"
    return Explained("Aggregation does not exist", reason, detail)
