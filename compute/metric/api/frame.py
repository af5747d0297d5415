"""What every call has: who asks, the policy, bodies and queries."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.api import ApiCall
from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.pagination import PAGE_MAX, next_link
from compute.metric.client import ON_BEHALF_OF
from compute.metric.keeping.reading import Span
from compute.metric.parts import Parts
from compute.metric.policies import SEES_ALL
from compute.metric.series.moments import SECOND, duration, moment
from compute.metric.service.measures import Measures, Question

MEASURES_MAX = 200_000


class Frame:
    """Shared by the room's API."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def reader(self, call: ApiCall) -> RequestContext:
        """Who looks: the caller, or a project that a service asks for."""
        project_id = call.query.one(ON_BEHALF_OF)
        if not project_id:
            return call.context
        self.parts.policy.enforce(call.context, SEES_ALL)
        return RequestContext(
            call.context.request_id,
            project_id=project_id,
            roles=frozenset({"reader"}),
        )

    def check(self, call: ApiCall, rule: str) -> None:
        """403 when the policy says no to the caller."""
        self.parts.policy.enforce(call.context, rule)

    def moment(self, call: ApiCall, name: str) -> int | None:
        """A moment of the query."""
        text = call.query.one(name)
        return None if not text else self.moment_of(name, text)

    def moment_of(self, name: str, value: Any) -> int:
        """A moment in nanoseconds; 400."""
        try:
            return moment(value, int(self.parts.now() * SECOND))
        except ValueError as error:
            raise BadRequest(f"Invalid value for {name}: {error}") from None

    def span(self, call: ApiCall) -> Span:
        """``start`` and ``stop`` of the query; 400 for none of time between them."""
        start, stop = self.moment(call, "start"), self.moment(call, "stop")
        if start is not None and stop is not None and start >= stop:
            raise BadRequest("Invalid value for stop: it is not after start")
        return Span(start, stop)

    def question(self, call: ApiCall) -> Question:
        """What a query asks of a series."""
        return Question(
            call.query.one("aggregation") or "mean",
            length(call, "granularity"),
            self.span(call),
            length(call, "resample"),
        )

    def measures(self, given: Any) -> Measures:
        """Moments and values of a body's list of measures; 400."""
        if not isinstance(given, list):
            raise BadRequest("Invalid input: measures are a list")
        now = int(self.parts.now() * SECOND)
        times, values = [], []
        for each in given:
            if not isinstance(each, dict) or "timestamp" not in each:
                raise BadRequest("Invalid input: a measure has timestamp and value")
            value = each.get("value")
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise BadRequest(f"Invalid input: {str(value)[:64]!r} is not a number")
            try:
                number = float(value)
                times.append(moment(each["timestamp"], now))
            except (ValueError, OverflowError) as error:
                raise BadRequest(f"Invalid input: {error}") from None
            if not math.isfinite(number):
                raise BadRequest("Invalid input: a value must be finite")
            values.append(number)
        return times, values


def length(call: ApiCall, name: str) -> int | None:
    """A duration of the query; 400."""
    text = call.query.one(name)
    if not text:
        return None
    try:
        return duration(text)
    except ValueError as error:
        raise BadRequest(f"Invalid value for {name}: {error}") from None


def page_of(
    call: ApiCall, found: Sequence[Mapping[str, Any]], default: Sequence[str]
) -> tuple[list[Mapping[str, Any]], list[tuple[str, str]]]:
    """The page that is asked for, and the header that leads to the next one.  Sorted by
    ``sort=key:asc`` (with ``-nullslast``), and always by the id at last."""
    limit = max(1, min(call.query.number("limit", PAGE_MAX), PAGE_MAX))
    ordered = list(found)
    keys = [each for each in call.query.all("sort") if each] or list(default)
    for key in reversed([*keys, "id:asc"]):
        name, _, direction = key.partition(":")
        word = direction.partition("-")[0].lower() or "asc"
        if word not in ("asc", "desc"):
            raise BadRequest(f"Invalid sort direction: {word[:32]!r}")
        # Things of several types have attributes of their own.
        if ordered and not any(name in each for each in ordered):
            raise BadRequest(f"Invalid sort key: {name[:64]!r}")
        ordered.sort(key=lambda each: _sort_key(each.get(name)), reverse=word == "desc")
    marker = call.query.one("marker")
    if marker:
        places = [place for place, each in enumerate(ordered) if each["id"] == marker]
        if not places:
            raise BadRequest(f"Invalid pagination: no marker {marker[:64]!r}")
        ordered = ordered[places[0] + 1 :]
    if len(ordered) <= limit:
        return ordered, []
    page = ordered[:limit]
    link = next_link(call.url, call.query, page[-1]["id"])
    return page, [("Link", f'<{link}>; rel="next"')]


def _sort_key(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, "")
    if isinstance(value, bool | int | float):
        return (1, float(value))
    return (2, str(value))
