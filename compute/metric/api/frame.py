"""What every call has: who asks, the policy, bodies and queries."""

from __future__ import annotations

import math
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.metric.client import ON_BEHALF_OF
from compute.metric.errors import invalid_argument, invalid_input
from compute.metric.keeping.reading import Span
from compute.metric.parts import Parts
from compute.metric.policies import SEES_ALL
from compute.metric.series import calendar
from compute.metric.series.moments import SECOND, duration, moment
from compute.metric.service.measures import Measures, Question

MEASURES_MAX = 200_000
NOT_MEASURES = "unexpected measures format"


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
        except ValueError:
            raise invalid_argument("Must be a datetime or a timestamp", name) from None

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
            call.query.one("resample")
            if call.query.one("resample") in calendar.LETTERS
            else length(call, "resample"),
        )

    def measures(self, given: Any) -> Measures:
        """Moments and values of a body's list of measures; 400."""
        if not isinstance(given, list):
            raise invalid_input(NOT_MEASURES)
        now = int(self.parts.now() * SECOND)
        times, values = [], []
        for each in given:
            if not isinstance(each, dict) or "timestamp" not in each:
                raise invalid_input(NOT_MEASURES)
            value = each.get("value")
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise invalid_input(NOT_MEASURES)
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
    return length_of(name, text) if text else None


def length_of(name: str, text: str) -> int:
    """A duration; 400."""
    try:
        return duration(text)
    except ValueError:
        raise invalid_argument("Unable to parse timespan", name) from None
