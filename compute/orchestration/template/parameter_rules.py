"""Constraints of parameters, as templates write them and as they are shown.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.template.constraints import (
    AllowedPattern,
    AllowedValues,
    Constraint,
    Custom,
    Length,
    Modulo,
    Range,
)
from compute.orchestration.template.limits import ALLOWED_VALUES_MAX
from compute.orchestration.template.parameter_types import (
    JSON,
    LIST,
    NUMBER,
    STRING,
    converted,
)
from compute.orchestration.template.patterns import Pattern
from compute.orchestration.template.scalars import number, text_of, whole_number


def constraints_of(name: str, kind: str, section: Any) -> list[Constraint]:
    """Those of a parameter of a type (``kind``); ``Invalid``."""
    if not isinstance(section or [], list):
        raise Invalid(f"The constraints of parameter {name} must be a list")
    found = []
    for each in section or ():
        words = set(each) - {"description"} if isinstance(each, Mapping) else set()
        if len(words) != 1:
            raise Invalid(f"A constraint of parameter {name} must name one rule")
        word = words.pop()
        description = text_of(each.get("description") or "")
        try:
            found.append(_constraint(kind, word, each[word], description))
        except (TypeError, ValueError, KeyError, AttributeError):
            raise Invalid(
                f"Invalid constraint {word} for parameter {name} of type {kind}"
            ) from None
    return found


def _constraint(kind: str, word: str, rule: Any, description: str) -> Constraint:
    """``TypeError`` and the like for a rule that is wrong, or not of this type."""
    if word == "custom_constraint":
        return Custom(text_of(rule), description)
    if word == "allowed_values" and isinstance(rule, list):
        if len(rule) > ALLOWED_VALUES_MAX:
            raise ValueError
        values = [converted(kind, each) for each in rule] if kind != LIST else rule
        return AllowedValues(values, description)
    if word == "allowed_pattern" and kind == STRING:
        return AllowedPattern(Pattern(text_of(rule)), description)
    if word == "length" and kind in (STRING, LIST, JSON) and _has(rule, "min", "max"):
        return Length(_bound(rule, "min"), _bound(rule, "max"), description)
    if word == "range" and kind == NUMBER and _has(rule, "min", "max"):
        low, high = (rule.get(key) for key in ("min", "max"))
        return Range(
            None if low is None else number(low),
            None if high is None else number(high),
            description,
        )
    if word == "modulo" and kind == NUMBER and _has(rule, "step", "offset"):
        step, offset = whole_number(rule["step"]), whole_number(rule.get("offset", 0))
        if step == 0 or abs(offset) >= abs(step):
            raise ValueError
        return Modulo(step, offset, description)
    raise TypeError


def _has(rule: Any, *keys: str) -> bool:
    return isinstance(rule, Mapping) and bool(rule) and set(rule) <= set(keys)


def _bound(rule: Mapping[str, Any], key: str) -> int | None:
    return None if rule.get(key) is None else whole_number(rule[key])


def shown_rule(constraint: Constraint) -> dict[str, Any]:
    """As ``template validate`` shows it."""
    shown: dict[str, Any] = {}
    if isinstance(constraint, Length):
        shown = {"MinLength": constraint.least, "MaxLength": constraint.most}
    elif isinstance(constraint, Range):
        shown = {"MinValue": constraint.least, "MaxValue": constraint.most}
    elif isinstance(constraint, AllowedValues):
        shown = {"AllowedValues": list(constraint.values)}
    elif isinstance(constraint, AllowedPattern):
        shown = {"AllowedPattern": constraint.pattern.text}
    elif isinstance(constraint, Modulo):
        shown = {"Modulo": {"step": constraint.step, "offset": constraint.offset}}
    elif isinstance(constraint, Custom):
        shown = {"CustomConstraint": constraint.name}
    if constraint.description:
        shown["ConstraintDescription"] = constraint.description
    return {key: value for key, value in shown.items() if value is not None}
