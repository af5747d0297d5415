"""What measures mean for an alarm.  Pure.

A threshold rule is held against the last ``evaluation_periods`` values: all of them
beyond the threshold are ``alarm``, none of them ``ok``, too few of them ``insufficient
data``.  Some beyond and some not change nothing, but an alarm that knew nothing takes
the state of the newest.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compute.alarm.model import ALARM, COMPOSITE, OK, UNKNOWN

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "eq": operator.eq,
    "ne": operator.ne,
    "ge": operator.ge,
    "gt": operator.gt,
}
OUTSIDE, INSIDE, NO_DATA = "outside", "inside", "unknown"
AND, OR = "and", "or"


@dataclass(frozen=True, slots=True)
class Threshold:
    """What all rules that look at measures have in common."""

    comparison: str
    threshold: float
    periods: int
    granularity: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the values say.  ``state`` None: nothing new, ``trend`` is the newest's.
    ``count`` values are as ``disposition`` says.  ``note``: why there are none."""

    state: str | None
    trend: str
    disposition: str
    count: int
    newest: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an evaluation comes to: the state, why, and the same for programs."""

    state: str
    reason: str
    reason_data: Mapping[str, Any]


def threshold_of(rule: Mapping[str, Any]) -> Threshold:
    """Of a stored rule, which was checked when it came."""
    return Threshold(
        rule["comparison_operator"],
        float(rule["threshold"]),
        int(rule["evaluation_periods"]),
        float(rule["granularity"]),
    )


def judge(threshold: Threshold, values: Sequence[float], note: str = "") -> Verdict:
    """``values``: the oldest first; more than are wanted, or fewer, ``note`` says
    why."""
    last = values[-threshold.periods :]
    newest = last[-1] if last else None
    if len(last) < threshold.periods:
        missing = threshold.periods - len(last)
        return Verdict(UNKNOWN, UNKNOWN, NO_DATA, missing, newest, note)
    compare = COMPARISONS[threshold.comparison]
    beyond = [compare(value, threshold.threshold) for value in last]
    trend = ALARM if beyond[-1] else OK
    if all(beyond):
        return Verdict(ALARM, trend, OUTSIDE, len(last), newest)
    if not any(beyond):
        return Verdict(OK, trend, INSIDE, len(last), newest)
    return Verdict(None, trend, OUTSIDE, sum(beyond), newest)


def settled(verdict: Verdict, now: str) -> str:
    """The state that an alarm in the state ``now`` has after it."""
    if verdict.state is not None:
        return verdict.state
    return verdict.trend if now == UNKNOWN else now


def outcome_of(verdict: Verdict, now: str) -> Outcome:
    """With the reason in words."""
    state = settled(verdict, now)
    data = {
        "type": "threshold",
        "disposition": verdict.disposition,
        "count": verdict.count,
        "most_recent": verdict.newest,
    }
    if state == UNKNOWN:
        why = f": {verdict.note}" if verdict.note else ""
        return Outcome(state, f"{verdict.count} datapoints are unknown{why}", data)
    verb = "Transition to" if state != now else "Remaining as"
    reason = (
        f"{verb} {state} due to {verdict.count} samples {verdict.disposition}"
        f" threshold, most recent: {verdict.newest}"
    )
    return Outcome(state, reason, data)


# ---- composite rules -----------------------------------------------------------


def leaves(rule: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rules that a composite one is made of, from left to right."""
    for word in (AND, OR):
        if word in rule:
            return [leaf for each in rule[word] for leaf in leaves(each)]
    return [rule]


def form(rule: Mapping[str, Any]) -> str:
    """How they belong together: ``(rule1 or (rule2 and rule3))``."""
    numbers = iter(range(1, len(leaves(rule)) + 1))

    def text(each: Mapping[str, Any]) -> str:
        for word in (AND, OR):
            if word in each:
                inner = f" {word} ".join(text(one) for one in each[word])
                return f"({inner})"
        return f"rule{next(numbers)}"

    return text(rule)


def composed(rule: Mapping[str, Any], states: Sequence[str]) -> str:
    """The state of the whole, from those of its leaves.  Like truth: one that is not
    known matters only where the others leave it open."""
    rest = iter(states)

    def state(each: Mapping[str, Any]) -> str:
        for word, wins, loses in ((AND, OK, ALARM), (OR, ALARM, OK)):
            if word in each:
                inner = [state(one) for one in each[word]]
                if wins in inner:
                    return wins
                return loses if all(one == loses for one in inner) else UNKNOWN
        return next(rest)

    return state(rule)


def composite_outcome(
    rule: Mapping[str, Any], verdicts: Sequence[Verdict], now: str
) -> Outcome:
    """``verdicts``: of the leaves, in their order."""
    states = [each.state or each.trend for each in verdicts]
    state = composed(rule, states)
    names = [
        f"rule{number}"
        for number, each in enumerate(states, 1)
        if each == state or state == UNKNOWN != each
    ]
    shape = form(rule)
    verb = "transition to" if state != now else "remaining as"
    data: dict[str, Any] = {"type": COMPOSITE, "composition_form": shape}
    parts = zip(leaves(rule), states, verdicts, strict=True)
    for number, (leaf, each, verdict) in enumerate(parts, 1):
        data[f"rule{number}"] = {
            "state": each,
            "disposition": verdict.disposition,
            "most_recent": verdict.newest,
            "rule": leaf,
        }
    because = f", due to {', '.join(names)}" if names else ""
    return Outcome(state, f"Composite rule {shape} {verb} {state}{because}", data)
