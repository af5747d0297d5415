"""The rule of each type of alarm, as it comes and as it is kept.

Numbers may come as texts, as the command sends them; what is not said gets Aodh's
defaults.  ``ValueError`` says what is wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from compute.alarm.model import (
    BY_METRICS,
    BY_RESOURCES,
    COMPOSITE,
    EVENT,
    RESOURCE,
    THRESHOLDS,
)
from compute.alarm.rules import AND, COMPARISONS, OR

Rule = dict[str, Any]

TEXT_MAX = 255
QUERY_CHARACTERS_MAX = 8192
METRICS_MAX = 100
# How far back an evaluation looks: no more values than one reply should have.
PERIODS_MAX = 1000
GRANULARITY_MAX = 366 * 86400
GRANULARITY_DEFAULT = 60
LEAVES_MAX = 32
DEPTH_MAX = 8
CONDITIONS_MAX = 32
EVENT_OPERATORS = ("lt", "le", "eq", "ne", "ge", "gt")
EVENT_KINDS = ("", "string", "integer", "float", "boolean", "datetime")
_METHOD = re.compile(
    "(rate:)?(mean|sum|last|max|min|std|median|first|count|[1-9][0-9]?pct)"
)
_COMMON = frozenset(
    {
        "comparison_operator",
        "threshold",
        "evaluation_periods",
        "granularity",
        "aggregation_method",
    }
)
_OWN: Mapping[str, frozenset[str]] = {
    RESOURCE: frozenset({"metric", "resource_id", "resource_type"}),
    BY_METRICS: frozenset({"metrics"}),
    BY_RESOURCES: frozenset({"metric", "query", "resource_type"}),
}


def checked_rule(kind: str, given: Any) -> Rule:
    """The rule of an alarm of that type."""
    if not isinstance(given, dict):
        raise ValueError(f"{kind}_rule must be a map")
    return _CHECKS[kind](kind, given)


def _threshold(kind: str, given: Mapping[str, Any]) -> Rule:
    allowed = _COMMON | _OWN[kind]
    for name in given:
        if name not in allowed:
            raise ValueError(f"{kind}_rule has no {name[:50]}")
    comparison = given.get("comparison_operator") or "eq"
    if comparison not in COMPARISONS:
        raise ValueError(f"comparison_operator is one of {', '.join(COMPARISONS)}")
    method = given.get("aggregation_method")
    if not isinstance(method, str) or not _METHOD.fullmatch(method):
        raise ValueError("aggregation_method is one of mean, sum, last, max, min ...")
    rule: Rule = {
        "comparison_operator": comparison,
        "threshold": _number("threshold", given.get("threshold")),
        "evaluation_periods": _whole(
            "evaluation_periods", given.get("evaluation_periods"), 1, PERIODS_MAX
        ),
        "granularity": _whole(
            "granularity",
            given.get("granularity"),
            GRANULARITY_DEFAULT,
            GRANULARITY_MAX,
        ),
        "aggregation_method": method,
    }
    for name in sorted(_OWN[kind]):
        rule[name] = _metrics(given) if name == "metrics" else _text(name, given)
    if kind == BY_RESOURCES:
        _check_query(rule["query"])
    return rule


def _metrics(given: Mapping[str, Any]) -> list[str]:
    found = given.get("metrics")
    if not isinstance(found, list) or not 0 < len(found) <= METRICS_MAX:
        raise ValueError(f"metrics is a list of 1 to {METRICS_MAX} ids")
    return [_text("metrics", {"metrics": each}) for each in found]


def _check_query(text: str) -> None:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ValueError("query is a search of resources, as JSON") from None
    if not isinstance(found, dict):
        raise ValueError("query is a search of resources: a map")


def _event(kind: str, given: Mapping[str, Any]) -> Rule:
    for name in given:
        if name not in ("event_type", "query"):
            raise ValueError(f"event_rule has no {name[:50]}")
    conditions = given.get("query") or []
    if not isinstance(conditions, list) or len(conditions) > CONDITIONS_MAX:
        raise ValueError(f"query is a list of at most {CONDITIONS_MAX} conditions")
    return {
        "event_type": _text("event_type", {"event_type": "*", **given}),
        "query": [_condition(each) for each in conditions],
    }


def _condition(given: Any) -> Rule:
    if not isinstance(given, dict) or set(given) - {"field", "op", "type", "value"}:
        raise ValueError("a condition has field, op, type and value")
    found = {
        "field": _text("field", given),
        "op": given.get("op") or "eq",
        "type": given.get("type") or "",
        "value": _text("value", {"value": str(given.get("value", ""))}),
    }
    if found["op"] not in EVENT_OPERATORS:
        raise ValueError(f"op is one of {', '.join(EVENT_OPERATORS)}")
    if found["type"] not in EVENT_KINDS:
        raise ValueError("type is string, integer, float, boolean or datetime")
    return found


def _composite(kind: str, given: Mapping[str, Any]) -> Rule:
    count = 0

    def walk(each: Any, depth: int) -> Rule:
        nonlocal count
        if not isinstance(each, dict) or depth > DEPTH_MAX:
            raise ValueError(f"composite_rule is maps, at most {DEPTH_MAX} deep")
        words = [word for word in (AND, OR) if word in each]
        if words:
            inner = each[words[0]]
            if len(each) != 1 or not isinstance(inner, list) or len(inner) < 2:
                raise ValueError('"and" and "or" stand alone, before two rules or more')
            return {words[0]: [walk(one, depth + 1) for one in inner]}
        count += 1
        if count > LEAVES_MAX:
            raise ValueError(f"composite_rule has at most {LEAVES_MAX} rules")
        own = each.get("type")
        if own not in THRESHOLDS:
            raise ValueError(f"the rules in it have a type: {', '.join(THRESHOLDS)}")
        rest = {name: value for name, value in each.items() if name != "type"}
        return {"type": own, **_threshold(own, rest)}

    found = walk(given, 1)
    if not {AND, OR} & found.keys():
        raise ValueError('composite_rule begins with "and" or "or"')
    return found


_CHECKS: Mapping[str, Callable[[str, Mapping[str, Any]], Rule]] = {
    **dict.fromkeys(THRESHOLDS, _threshold),
    COMPOSITE: _composite,
    EVENT: _event,
}


def _text(name: str, given: Mapping[str, Any]) -> str:
    found = given.get(name)
    most = QUERY_CHARACTERS_MAX if name == "query" else TEXT_MAX
    if not isinstance(found, str) or not found:
        raise ValueError(f"{name} must be a text, and is needed")
    if len(found) > most:
        raise ValueError(f"{name} has at most {most} characters")
    return found


def _number(name: str, given: Any) -> float:
    try:
        found = float(given) if not isinstance(given, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise ValueError(f"{name} must be a number, and is needed")
    return found


def _whole(name: str, given: Any, default: int, most: int) -> int:
    if given is None:
        return default
    found = _number(name, given)
    if found != int(found) or not 1 <= found <= most:
        raise ValueError(f"{name} is a whole number from 1 to {most}")
    return int(found)
