"""Operations over many series: ``/v1/aggregates``; the older ``/v1/aggregation``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.api.schema import Schema
from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.metric import store
from compute.metric.api.bodies import json_of, optional_json
from compute.metric.api.frame import Frame, length
from compute.metric.errors import invalid_argument
from compute.metric.keeping.reading import Span
from compute.metric.model import GENERIC, Resource
from compute.metric.operations.language import Node, compile_operations
from compute.metric.operations.table import AGGREGATED, Carry, backward, forward
from compute.metric.search.text import parse
from compute.metric.series.moments import seconds
from compute.metric.service import aggregates, finding
from compute.metric.service.aggregates import Answer, Chosen, Terms, Times
from compute.metric.service.finding import Life
from compute.metric.service.views import (
    metric_view,
    points_view,
    resource_view,
)
from objectstore.kernel.reply import Reply

GROUPS_MAX = 1000
ATTRIBUTES_MAX = 10
IDS = Schema({"type": "array", "items": {"type": "string", "maxLength": 255}})
# ``fill``: what stands where a series has nothing, if it is not a number.
CARRIED: Mapping[str, tuple[Carry, ...]] = {
    "dropna": (),
    "null": (),
    "ffill": (forward,),
    "bfill": (backward,),
    "full_ffill": (forward, backward),
    "full_bfill": (backward, forward),
}
BODY = Schema(
    {
        "type": "object",
        "properties": {
            "operations": {"type": ["array", "object", "string"]},
            "search": {"type": ["object", "string", "null"]},
            "resource_type": {"type": ["string", "null"], "maxLength": 255},
        },
        "required": ["operations"],
        "additionalProperties": False,
    }
)


class AggregatesApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts

    def routes(self) -> list[Route]:
        """Where they are."""
        older = "/v1/aggregation"
        return [
            Route("POST", "/v1/aggregates", self.aggregates),
            Route("GET", f"{older}/metric", self.of_metrics),
            Route("POST", f"{older}/metric", self.of_metrics),
            Route("POST", f"{older}/resource/{{type}}/metric/{{name}}", self.of_named),
        ]

    def aggregates(self, call: ApiCall) -> Reply:
        """What operations give."""
        # Who says nothing of how series are to overlap has of each what there is.
        terms = self._terms(call, overlap_default=0.0)
        effort = aggregates.effort_of(self._parts)
        body = json_of(call, BODY)
        node = compile_operations(body["operations"])
        context = self._frame.reader(call)
        search = body.get("search")
        if search is None:
            chosen = self._parts.read(
                lambda connection: aggregates.by_ids(
                    connection, self._parts, context, node
                )
            )
            found = aggregates.answer(self._parts, chosen, node, terms, effort)
            return json_reply(200, self._view(call, found, chosen, []))
        self._parts.policy.enforce(context, "search resource")
        kind = body.get("resource_type") or GENERIC
        query = parse(search) if isinstance(search, str) else search
        # Only groups are of what things were.
        groupby = call.query.all("groupby")
        history = bool(groupby) and call.query.flag("use_history")
        chosen, lives = self._search(context, kind, query, node, history)
        if not groupby:
            found = aggregates.answer(self._parts, chosen, node, terms, effort)
            return json_reply(200, self._view(call, found, chosen, _distinct(lives)))
        groups = []
        for group, members in _groups(call, lives):
            things = _distinct(members)
            part = aggregates.part_of(chosen, frozenset(each.id for each in things))
            if not part.metrics:
                continue
            times = _times(members) if history else None
            found = aggregates.answer(self._parts, part, node, terms, effort, times)
            view = self._view(call, found, part, things)
            groups.append({"group": group, "measures": view})
        return json_reply(200, groups)

    def of_metrics(self, call: ApiCall) -> Reply:
        """Metrics by their ids, which a query or a body may name, as one."""
        ids = call.query.all("metric")
        if call.request.method == "POST":
            ids = json_of(call, IDS)
        pairs = [[each, _aggregation(call)] for each in ids]
        node = _older_operations(call, pairs)
        context = self._frame.reader(call)
        chosen = self._parts.read(
            lambda connection: aggregates.by_ids(connection, self._parts, context, node)
        )
        effort = aggregates.effort_of(self._parts)
        found = aggregates.answer(self._parts, chosen, node, self._terms(call), effort)
        return json_reply(200, points_view(found.get(AGGREGATED, ())))

    def of_named(self, call: ApiCall) -> Reply:
        """The metrics of one name of the resources that a query finds, as one; or one
        for each group of them."""
        self._frame.check(call, "search resource")
        name, text = call.parameters["name"], call.query.one("filter")
        query = parse(text) if text else optional_json(call)
        node = _older_operations(call, [[name, _aggregation(call)]])
        terms, effort = self._terms(call), aggregates.effort_of(self._parts)
        context = self._frame.reader(call)
        chosen, lives = self._search(context, call.parameters["type"], query, node)
        if not call.query.all("groupby"):
            found = aggregates.answer(self._parts, chosen, node, terms, effort)
            return json_reply(200, points_view(found.get(AGGREGATED, ())))
        groups = []
        for group, members in _groups(call, lives):
            ids = frozenset(each.resource.id for each in members)
            part = aggregates.part_of(chosen, ids)
            if not part.metrics:
                continue
            found = aggregates.answer(self._parts, part, node, terms, effort)
            view = points_view(found.get(AGGREGATED, ()))
            groups.append({"group": group, "measures": view})
        return json_reply(200, groups)

    def _search(
        self,
        context: RequestContext,
        kind: str,
        query: Any,
        node: Node,
        history: bool = False,
    ) -> tuple[Chosen, list[Life]]:
        def work(connection: Connection) -> tuple[Chosen, list[Life]]:
            if history:
                lives = finding.lives(connection, self._parts, context, kind, query)
            else:
                found = finding.matching(connection, self._parts, context, kind, query)
                lives = [Life(each) for each in found]
            chosen = aggregates.of_resources(
                connection, self._parts, context, node, _distinct(lives)
            )
            return chosen, lives

        return self._parts.read(work)

    def _terms(self, call: ApiCall, overlap_default: float = 100.0) -> Terms:
        fill = call.query.one("fill")
        overlap = call.query.one("needed_overlap")
        carried = CARRIED.get(fill)
        is_number = fill != "" and carried is None
        return Terms(
            length(call, "granularity"),
            self._frame.span(call),
            # What is left empty asks for no overlap.
            _overlap(overlap, overlap_default) if carried is None else 0.0,
            _fill(fill) if is_number else None,
            carried or (),
        )

    def _view(
        self,
        call: ApiCall,
        found: Answer,
        chosen: Chosen,
        resources: Sequence[Resource],
    ) -> dict[str, Any]:
        shown = {key: points_view(points) for key, points in found.items()}
        view: dict[str, Any] = {"measures": aggregates.nested(shown)}
        if call.query.flag("details"):
            view["references"] = self._references(chosen, resources)
        return view

    def _references(
        self, chosen: Chosen, resources: Sequence[Resource]
    ) -> list[dict[str, Any]]:
        def work(connection: Connection) -> list[dict[str, Any]]:
            if resources:
                ids = [each.id for each in resources]
                named: dict[str, dict[str, str]] = {}
                for it in store.metrics_of(connection, ids):
                    named.setdefault(it.resource_id, {})[it.name] = it.id
                return [resource_view(it, named.get(it.id, {})) for it in resources]
            known = {each.name: each for each in store.policies.where(connection)}
            return [
                metric_view(each, known[each.archive_policy_name])
                for each in chosen.metrics.values()
            ]

        return self._parts.read(work)


def _aggregation(call: ApiCall) -> str:
    return call.query.one("aggregation") or "mean"


def _older_operations(call: ApiCall, pairs: list[list[str]]) -> Node:
    aggregation = _aggregation(call)
    again = call.query.one("reaggregation") or aggregation.removeprefix("rate:")
    inside: list[Any] = ["metric", *pairs]
    resample = length(call, "resample")
    if resample is not None:
        if not call.query.one("granularity"):
            raise BadRequest("A granularity must be specified to resample")
        inside = ["resample", aggregation, seconds(resample), inside]
    return compile_operations(["aggregate", again, inside])


def _distinct(lives: Sequence[Life]) -> list[Resource]:
    """Each resource once, as it was last."""
    return list({each.resource.id: each.resource for each in lives}.values())


def _times(lives: Sequence[Life]) -> Times:
    found: dict[str, list[Span]] = {}
    for each in lives:
        found.setdefault(each.resource.id, []).append(each.span)
    return found


def _groups(
    call: ApiCall, lives: Sequence[Life]
) -> list[tuple[Mapping[str, Any], list[Life]]]:
    names = list(dict.fromkeys(call.query.all("groupby")))
    if len(names) > ATTRIBUTES_MAX:
        raise BadRequest(f"Groups are of at most {ATTRIBUTES_MAX} attributes")
    groups: dict[tuple[str, ...], tuple[Mapping[str, Any], list[Life]]] = {}
    for life in lives:
        view = resource_view(life.resource)
        for name in names:
            if name not in view:
                raise BadRequest(f"Invalid groupby attribute: {name[:64]!r}")
        group = {name: view[name] for name in names}
        key = tuple(repr(each) for each in group.values())
        groups.setdefault(key, (group, []))[1].append(life)
    if len(groups) > GROUPS_MAX:
        raise BadRequest(f"That are more than {GROUPS_MAX} groups")
    return [groups[key] for key in sorted(groups)]


def _overlap(text: str, default: float) -> float:
    if not text:
        return default
    found = _number(text)
    if found is None:
        raise invalid_argument("Must be a number", "needed_overlap")
    return found


def _fill(text: str) -> float:
    found = _number(text)
    if found is None:
        known = ", ".join(repr(each) for each in [*CARRIED][:-1])
        reason = f"Must be a float, {known} or {[*CARRIED][-1]!r}"
        raise invalid_argument(reason, "fill")
    return found


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
