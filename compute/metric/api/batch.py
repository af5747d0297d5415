"""Measures of many metrics in one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.api.plain_json import check_plain
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.metric import store
from compute.metric.api.bodies import check, large_json, object_of
from compute.metric.api.frame import MEASURES_MAX, Frame
from compute.metric.api.metrics import NEW, new_metric
from compute.metric.errors import SHOWN_CHARACTERS_MAX, Explained
from compute.metric.model import GENERIC, Metric, Resource
from compute.metric.service import measures, metrics, resources
from compute.metric.service.measures import Measures
from objectstore.kernel.reply import Reply

METRICS_MAX = 20_000
CREATING = Schema(NEW)


class BatchApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("POST", "/v1/batch/metrics/measures", self.of_metrics),
            Route("POST", "/v1/batch/resources/metrics/measures", self.of_resources),
        ]

    def of_metrics(self, call: ApiCall) -> Reply:
        """Metric's id -> measures."""
        body = object_of(large_json(call))
        given = {
            metrics.canonical(metric_id): self._measures(each)
            for metric_id, each in body.items()
        }
        _check_size(given.values())

        def work(connection: Connection) -> list[str]:
            found = metrics.some(connection, given)
            unknown = [each for each in given if each not in found]
            if unknown:
                raise _unknown_metrics(unknown)
            for metric, resource in found.values():
                metrics.check(
                    self._parts, call.context, metric, resource, "post measures"
                )
            return measures.take(connection, given, self._parts.now())

        measures.accept(self._parts, work)
        return empty_reply(202)

    def of_resources(self, call: ApiCall) -> Reply:
        """Resource's id -> metric's name -> measures; with ``create_metrics`` those
        that are not there are made."""
        creates = call.query.flag("create_metrics")
        body = object_of(large_json(call))
        if len(body) > METRICS_MAX:
            raise BadRequest(f"One request has at most {METRICS_MAX} resources")
        given = {
            _key(resource_id): {
                name: (each, self._measures(each))
                for name, each in object_of(named).items()
            }
            for resource_id, named in body.items()
        }
        _check_size([each for named in given.values() for _, each in named.values()])

        def work(connection: Connection) -> list[str]:
            taken: dict[str, Measures] = {}
            found = {each: self._find(connection, call, each) for each in given}
            missing = [each for each, resource in found.items() if resource is None]
            if missing and creates:
                raise _unknown_resources(missing, call.context.project_id)
            if missing:
                unknown = [f"{each}/{name}" for each in missing for name in given[each]]
                raise _unknown_metrics(unknown)
            for resource_id, resource in found.items():
                if resource is not None:
                    named = given[resource_id]
                    taken |= self._of_one(connection, call, resource, named, creates)
            return measures.take(connection, taken, self._parts.now())

        measures.accept(self._parts, work)
        return empty_reply(202)

    def _find(
        self, connection: Connection, call: ApiCall, resource_id: str
    ) -> Resource | None:
        try:
            return resources.find(
                connection,
                self._parts,
                call.context,
                GENERIC,
                resource_id,
                "get resource",
            )
        except NotFound:
            return None

    def _of_one(
        self,
        connection: Connection,
        call: ApiCall,
        resource: Resource,
        named: Mapping[str, tuple[Any, Measures]],
        creates: bool,
    ) -> dict[str, Measures]:
        known = {it.name: it for it in store.metrics_of(connection, [resource.id])}
        unknown = [name for name in named if name not in known]
        if unknown and not creates:
            raise _unknown_metrics([f"{resource.id}/{name}" for name in unknown])
        if unknown:
            resources.check_all(
                self._parts, call.context, [resource], "update resource"
            )
            wanted = [new_metric(_described(named[it][0]), it) for it in unknown]
            made: list[Metric] = metrics.create(
                connection, self._parts, call.context, resource.id, wanted
            )
            known |= {each.name: each for each in made}
        for name in named:
            metrics.check(
                self._parts, call.context, known[name], resource, "post measures"
            )
        return {known[name].id: each for name, (_, each) in named.items()}

    def _measures(self, given: Any) -> Measures:
        if isinstance(given, dict):
            given = given.get("measures")
        return self._frame.measures(given)


def _unknown_metrics(names: Sequence[str]) -> BadRequest:
    shown = ", ".join(
        each.lower()[:SHOWN_CHARACTERS_MAX] for each in sorted(names)[:10]
    )
    return BadRequest(f"Unknown metrics: {shown}")


def _unknown_resources(originals: Sequence[str], project_id: str) -> Explained:
    detail = [
        {
            "resource_id": resources.uuid_of(each, project_id),
            "original_resource_id": each[:SHOWN_CHARACTERS_MAX],
        }
        for each in originals[:10]
    ]
    return Explained("Unknown resources", "They do not exist", detail)


def _key(text: str) -> str:
    """What a database can be asked for; 400."""
    if "\0" in text:
        raise BadRequest("The body has a text with a NUL character")
    return text


def _described(given: Any) -> Mapping[str, Any]:
    """What a body says of a metric that may have to be made."""
    if not isinstance(given, dict):
        return {}
    described = {name: it for name, it in given.items() if name != "measures"}
    check_plain(described)
    check(CREATING, described)
    return described


def _check_size(given: Any) -> None:
    found = [len(times) for times, _ in given]
    if len(found) > METRICS_MAX or sum(found) > MEASURES_MAX:
        raise BadRequest(
            f"One request has at most {METRICS_MAX} metrics and {MEASURES_MAX} measures"
        )
