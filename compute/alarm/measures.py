"""What an alarm needs to know of measures: a small port, and the metric room behind it.

Only what the alarm's project may see is looked at, whoever made the alarm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson

from compute.alarm.model import BY_METRICS, RESOURCE
from compute.core.errors import BadRequest, Forbidden, NotFound
from compute.metric.client import MetricClient, Point

# A value may be on its way, and the newest granule has only begun.
GRANULES_MORE = 1
RATE = "rate:"


class Measures(Protocol):
    """Reads the values that a rule looks at."""

    def values(
        self, project_id: str, kind: str, rule: Mapping[str, Any], now: float
    ) -> Sequence[float]:
        """The last of them, the oldest first.  ``Unmeasured`` where there is no such
        thing to measure, or the project may not see it; ``Unavailable`` when nobody
        can say."""


class Unmeasured(Exception):
    """There are no such measures; says why."""


class MetricRoom:
    """The metric room as ``Measures``."""

    def __init__(self, client: MetricClient) -> None:
        self._client = client

    def values(
        self, project_id: str, kind: str, rule: Mapping[str, Any], now: float
    ) -> Sequence[float]:
        """See ``Measures``."""
        granularity = float(rule["granularity"])
        granules = rule["evaluation_periods"] + GRANULES_MORE
        start = max(0.0, now - granules * granularity)
        try:
            points = self._points(project_id, kind, rule, granularity, start)
        except (NotFound, Forbidden, BadRequest) as error:
            raise Unmeasured(error.text) from None
        return [
            point.value
            for point in points
            if point.granularity == granularity and point.value is not None
        ]

    def _points(
        self,
        project_id: str,
        kind: str,
        rule: Mapping[str, Any],
        granularity: float,
        start: float,
    ) -> Sequence[Point]:
        method = rule["aggregation_method"]
        if kind == RESOURCE:
            return self._client.measures_of(
                rule["resource_type"],
                rule["resource_id"],
                rule["metric"],
                aggregation=method,
                granularity=granularity,
                start=start,
                project_id=project_id,
            )
        again = method.removeprefix(RATE)
        if kind == BY_METRICS:
            metrics = [[each, method] for each in rule["metrics"]]
            return self._client.aggregates(
                ["aggregate", again, ["metric", *metrics]],
                granularity=granularity,
                start=start,
                project_id=project_id,
            ).points
        return self._client.aggregates(
            ["aggregate", again, ["metric", rule["metric"], method]],
            # A text would be a search in Gnocchi's other language.
            orjson.loads(rule["query"]),
            resource_type=rule["resource_type"],
            granularity=granularity,
            start=start,
            project_id=project_id,
        ).points
