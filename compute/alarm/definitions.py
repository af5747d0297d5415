"""An alarm as a client describes it, checked.  Pure.

What clients only read (ids, moments) may come along, for they send back what they were
shown; it means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.alarm import time_constraints
from compute.alarm.actions import Action, parse
from compute.alarm.model import ACTIONS, SEVERITIES, STATES, TYPES
from compute.alarm.rule_schemas import checked_rule
from compute.core.api.query import FALSE_WORDS, TRUE_WORDS
from compute.core.errors import BadRequest

NAME_MAX = 255
DESCRIPTION_MAX = 4096
CONSTRAINTS_MAX = 16
# Types of Aodh that this cloud has nothing for.
NEVER = {
    "threshold": "there are no ceilometer's statistics: use gnocchi's types",
    "prometheus": "there is no Prometheus",
    "loadbalancer_member_health": "use a composite rule, or an event",
    "combination": "use composite",
}
_READ_ONLY = frozenset(
    {
        "alarm_id",
        "timestamp",
        "state_timestamp",
        "state_reason",
        "evaluate_timestamp",
        "links",
    }
)
_FIELDS = frozenset(
    {
        "name",
        "description",
        "type",
        "enabled",
        "severity",
        "repeat_actions",
        "time_constraints",
        "state",
        "project_id",
        "user_id",
        *ACTIONS.values(),
    }
)
_RULES = {f"{kind}_rule" for kind in (*TYPES, *NEVER)}


@dataclass(frozen=True, slots=True)
class Definition:
    """What an alarm is to be; ``state`` "": as it is, or not known yet."""

    name: str
    description: str
    type: str
    rule: Mapping[str, Any]
    enabled: bool
    severity: str
    repeat_actions: bool
    time_constraints: list[dict[str, Any]]
    actions: Mapping[str, list[str]]
    state: str
    project_id: str
    user_id: str

    def parsed_actions(self) -> list[Action]:
        """All of them, each once."""
        every = (each for name in ACTIONS.values() for each in self.actions[name])
        return [parse(each) for each in dict.fromkeys(every)]


def definition_of(given: Any, actions_max: int) -> Definition:
    """``BadRequest`` says what is wrong."""
    if not isinstance(given, dict):
        raise BadRequest("An alarm is a map")
    try:
        return _checked(given, actions_max)
    except ValueError as error:
        raise BadRequest(f"Invalid input: {error}") from None


def _checked(given: Mapping[str, Any], actions_max: int) -> Definition:
    for field in given:
        if field not in _FIELDS | _READ_ONLY | _RULES:
            raise ValueError(f"alarms have no {field[:50]}")
    kind = given.get("type")
    if isinstance(kind, str) and kind in NEVER:
        raise ValueError(f"type {kind} is not to be had: {NEVER[kind]}")
    if kind not in TYPES:
        raise ValueError(f"type is one of {', '.join(TYPES)}")
    for other in _RULES - {f"{kind}_rule"}:
        if given.get(other):
            raise ValueError(f"{other} and {kind}_rule cannot be set at the same time")
    rule = given.get(f"{kind}_rule")
    if rule is None and kind != "event":
        raise ValueError(f"{kind}_rule must be set for {kind} type alarm")
    name = given.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= NAME_MAX:
        raise ValueError(f"name is a text of 1 to {NAME_MAX} characters")
    description = given.get("description") or f"{kind} alarm rule"
    if not isinstance(description, str) or len(description) > DESCRIPTION_MAX:
        raise ValueError(f"description is a text of at most {DESCRIPTION_MAX}")
    return Definition(
        name=name,
        description=description,
        type=str(kind),
        rule=checked_rule(str(kind), {} if rule is None else rule),
        enabled=_flag(given, "enabled", True),
        severity=_one_of(given, "severity", SEVERITIES, "low"),
        repeat_actions=_flag(given, "repeat_actions", False),
        time_constraints=_constraints(given.get("time_constraints")),
        actions={each: _actions(given, each, actions_max) for each in ACTIONS.values()},
        state=_one_of(given, "state", STATES, ""),
        project_id=_id(given, "project_id"),
        user_id=_id(given, "user_id"),
    )


def _actions(given: Mapping[str, Any], name: str, most: int) -> list[str]:
    found = given.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"{name} is a list of URLs")
    once = list(dict.fromkeys(each for each in found if each))
    if len(once) > most:
        raise ValueError(f"{name} count exceeds maximum value {most}")
    for each in once:
        parse(each)
    return once


def _constraints(given: Any) -> list[dict[str, Any]]:
    found = given or []
    if not isinstance(found, list) or len(found) > CONSTRAINTS_MAX:
        raise ValueError(f"time_constraints is a list of at most {CONSTRAINTS_MAX}")
    checked = [_constraint(each) for each in found]
    if len({each["name"] for each in checked}) < len(checked):
        raise ValueError("Time constraint names must be unique for a given alarm.")
    return checked


def _constraint(given: Any) -> dict[str, Any]:
    known = {"name", "description", "start", "duration", "timezone"}
    if not isinstance(given, dict) or set(given) - known:
        raise ValueError(f"a time constraint has {', '.join(sorted(known))}")
    texts: dict[str, Any] = {
        each: given.get(each) or "" for each in known - {"duration"}
    }
    for name, value in texts.items():
        if not isinstance(value, str) or len(value) > NAME_MAX:
            raise ValueError(f"{name} of a time constraint is a short text")
    if not texts["name"] or not texts["start"]:
        raise ValueError("a time constraint has a name and a start")
    time_constraints.check_start(texts["start"])
    time_constraints.zone_of(texts["timezone"])
    text = str(given.get("duration", ""))
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValueError("duration of a time constraint is a number of seconds")
    if int(text) > time_constraints.DURATION_MAX:
        raise ValueError("duration of a time constraint is at most a year")
    return {**texts, "duration": int(text)}


def _flag(given: Mapping[str, Any], name: str, default: bool) -> bool:
    found = given.get(name)
    if found is None:
        return default
    word = str(found).lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise ValueError(f"{name} is true or false")
    return word in TRUE_WORDS


def _one_of(
    given: Mapping[str, Any], name: str, words: tuple[str, ...], default: str
) -> str:
    found = given.get(name)
    if found is None:
        return default
    if found not in words:
        raise ValueError(f"{name} is one of {', '.join(words)}")
    return str(found)


def _id(given: Mapping[str, Any], name: str) -> str:
    found = given.get(name) or ""
    if not isinstance(found, str) or len(found) > 64:
        raise ValueError(f"{name} is an id")
    return found
