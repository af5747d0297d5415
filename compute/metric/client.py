"""What other rooms, agents and alarms ask of the metric room.

    client = MetricClient(callers["metric"], service_tokens)

    client.measures(metric_id, aggregation="mean", granularity=60,
                    start=..., stop=..., project_id=...)        -> [Point, ...]
    client.measures_of(resource_type, resource_id, name, ...)    -> [Point, ...]
    client.aggregates(operations, search, resource_type="instance",
                      granularity=60, start=..., stop=..., project_id=...)
                                                                -> Aggregated

Moments are seconds since the epoch, granularities seconds.  ``project_id``: only what
that project may see is looked at ("": everything); what it may not see is ``NotFound``,
or simply not among what a search finds.  Points come in the order of their moments.

``NotFound``: no such metric, resource, granularity or aggregation method.
``BadRequest``: operations or a search that are wrong.  ``Unavailable``: ask again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from compute.core.context import TokenSource
from compute.core.errors import BadRequest, Forbidden, NotFound
from compute.core.instants import parse_iso
from compute.core.rooms.wire import RoomWire
from objectstore.client.caller import Answer, Caller
from objectstore.kernel.errors import Unavailable

CALL_SECONDS = 30.0
ON_BEHALF_OF = "on_behalf_of"


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a series: of the ``granularity`` seconds that begin ``at``."""

    at: float
    granularity: float
    value: float | None


@dataclass(frozen=True, slots=True)
class Aggregated:
    """What operations gave: series by what they are of.

    One series under ``("aggregated",)`` when the outermost operation is an
    ``aggregate``; else by (resource's id, metric's name, method).
    """

    series: Mapping[tuple[str, ...], Sequence[Point]] = field(default_factory=dict)

    @property
    def points(self) -> Sequence[Point]:
        """The one series of an aggregate over a search; empty when nothing is
        there."""
        return self.series.get(("aggregated",), ())


@dataclass(frozen=True, slots=True)
class ResourceToFeed:
    """A resource as it should be known, and what was measured of it.

    ``metrics``: name -> (unit, archive policy, value).
    """

    id: str
    type: str
    project_id: str
    user_id: str
    attributes: Mapping[str, Any]
    metrics: Mapping[str, tuple[str, str, float]]


class MetricClient:
    """Calls the metric room."""

    def __init__(self, caller: Caller, service: TokenSource) -> None:
        self._wire = RoomWire(caller, service, _refusal, timeout=CALL_SECONDS)

    def measures(
        self,
        metric_id: str,
        *,
        aggregation: str = "mean",
        granularity: float | None = None,
        start: float | None = None,
        stop: float | None = None,
        project_id: str = "",
    ) -> list[Point]:
        """One metric's points from ``start`` (inclusive) to ``stop`` (exclusive)."""
        query = _query(aggregation, granularity, start, stop, project_id)
        path = f"/v1/metric/{quote(metric_id, safe='')}/measures?{query}"
        return _points(self._wire.json("GET", path))

    def measures_of(
        self,
        resource_type: str,
        resource_id: str,
        name: str,
        *,
        aggregation: str = "mean",
        granularity: float | None = None,
        start: float | None = None,
        stop: float | None = None,
        project_id: str = "",
    ) -> list[Point]:
        """The points of a resource's metric of that name."""
        query = _query(aggregation, granularity, start, stop, project_id)
        place = "/".join(
            quote(part, safe="")
            for part in (resource_type, resource_id, "metric", name)
        )
        path = f"/v1/resource/{place}/measures?{query}"
        return _points(self._wire.json("GET", path))

    def aggregates(
        self,
        operations: Any,
        search: Mapping[str, Any] | str | None = None,
        *,
        resource_type: str = "generic",
        granularity: float | None = None,
        start: float | None = None,
        stop: float | None = None,
        needed_overlap: float | None = None,
        fill: float | str | None = None,
        project_id: str = "",
    ) -> Aggregated:
        """Operations over the metrics that they name by id, or with a ``search`` over
        those of that name of all resources found: ``["aggregate", "mean", ["metric",
        "cpu_util", "mean"]]``.  ``search``: Gnocchi's query, as JSON or text."""
        query = _query("", granularity, start, stop, project_id)
        if needed_overlap is not None:
            query += f"&needed_overlap={needed_overlap}"
        if fill is not None:
            query += f"&fill={fill}"
        body: dict[str, Any] = {"operations": operations}
        if search is not None:
            body.update(search=search, resource_type=resource_type)
        answer = self._wire.json("POST", f"/v1/aggregates?{query}", body)
        return Aggregated(dict(_series(answer["measures"], ())))

    def feed(self, at: float, resources: Sequence[ResourceToFeed]) -> None:
        """These were measured at that moment.  Resources and metrics that are not
        there yet are made; attributes that have changed are."""
        body = {
            "at": at,
            "resources": [
                {
                    "id": each.id,
                    "type": each.type,
                    "project_id": each.project_id,
                    "user_id": each.user_id,
                    "attributes": dict(each.attributes),
                    "metrics": {name: list(it) for name, it in each.metrics.items()},
                }
                for each in resources
            ],
        }
        self._wire.json("POST", "/internal/feed", body)

    def ended(self, resource_ids: Sequence[str], at: float) -> None:
        """These resources are no more since then; their series stay."""
        self._wire.json(
            "POST", "/internal/ended", {"at": at, "resources": list(resource_ids)}
        )


def _query(
    aggregation: str,
    granularity: float | None,
    start: float | None,
    stop: float | None,
    project_id: str,
) -> str:
    given = {
        "aggregation": aggregation,
        "granularity": granularity,
        "start": start,
        "stop": stop,
        ON_BEHALF_OF: project_id,
    }
    return urlencode({name: it for name, it in given.items() if it not in (None, "")})


def _points(found: list[list[Any]]) -> list[Point]:
    return [Point(parse_iso(at), granularity, it) for at, granularity, it in found]


def _series(
    found: Mapping[str, Any], names: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], list[Point]]]:
    for name, inside in found.items():
        if isinstance(inside, list):
            yield (*names, name), _points(inside)
        else:
            yield from _series(inside, (*names, name))


def _refusal(answer: Answer, what: str) -> Exception:
    if answer.status not in (400, 403, 404, 413):
        return Unavailable(f"{what}: the metric service answered {answer.status}")
    found = answer.json()
    text = str(found.get("description", "")) if isinstance(found, dict) else ""
    if answer.status == 404:
        return NotFound(text or "not found")
    if answer.status == 403:
        return Forbidden(text or "forbidden")
    return BadRequest(text or "bad request")
