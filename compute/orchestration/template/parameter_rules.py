"""Constraints of parameters, as templates write them and as they are shown.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    make, kinds = _RULES[word]
    if kinds and kind not in kinds:
        raise TypeError
    return make(kind, rule, description)


def _custom(kind: str, rule: Any, description: str) -> Constraint:
    return Custom(text_of(rule), description)


def _allowed_values(kind: str, rule: Any, description: str) -> Constraint:
    if not isinstance(rule, list) or len(rule) > ALLOWED_VALUES_MAX:
        raise ValueError
    values = [converted(kind, each) for each in rule] if kind != LIST else rule
    return AllowedValues(values, description)


def _allowed_pattern(kind: str, rule: Any, description: str) -> Constraint:
    return AllowedPattern(Pattern(text_of(rule)), description)


def _length(kind: str, rule: Any, description: str) -> Constraint:
    _check_keys(rule, "min", "max")
    return Length(_bound(rule, "min"), _bound(rule, "max"), description)


def _range(kind: str, rule: Any, description: str) -> Constraint:
    _check_keys(rule, "min", "max")
    low, high = (rule.get(key) for key in ("min", "max"))
    return Range(
        None if low is None else number(low),
        None if high is None else number(high),
        description,
    )


def _modulo(kind: str, rule: Any, description: str) -> Constraint:
    _check_keys(rule, "step", "offset")
    step, offset = whole_number(rule["step"]), whole_number(rule.get("offset", 0))
    if step == 0 or abs(offset) >= abs(step):
        raise ValueError
    return Modulo(step, offset, description)


# By its word: what makes the constraint, and the types that may have it (none: all).
_RULES: Mapping[str, tuple[Callable[[str, Any, str], Constraint], tuple[str, ...]]] = {
    "custom_constraint": (_custom, ()),
    "allowed_values": (_allowed_values, ()),
    "allowed_pattern": (_allowed_pattern, (STRING,)),
    "length": (_length, (STRING, LIST, JSON)),
    "range": (_range, (NUMBER,)),
    "modulo": (_modulo, (NUMBER,)),
}


def _check_keys(rule: Any, *keys: str) -> None:
    if not isinstance(rule, Mapping) or not rule or not set(rule) <= set(keys):
        raise TypeError


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
