"""Parameters of a template: what they may be, and what they are.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compute.orchestration.errors import Invalid, MissingParameter
from compute.orchestration.template.constraints import AllowedPattern, Constraint
from compute.orchestration.template.limits import (
    NAME_CHARACTERS_MAX,
    PARAMETERS_MAX,
    PATTERNS_MAX,
)
from compute.orchestration.template.parameter_rules import constraints_of, shown_rule
from compute.orchestration.template.parameter_types import (
    LIST,
    SHOWN_TYPES,
    TYPES,
    converted,
)
from compute.orchestration.template.scalars import text_of, truth

# What a hidden parameter's value is shown as.
HIDDEN = "******"

_KEYS = frozenset(
    {
        "type",
        "default",
        "description",
        "label",
        "hidden",
        "constraints",
        "immutable",
        "tags",
    }
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as its template declares it."""

    name: str
    type: str
    description: str = ""
    label: str = ""
    hidden: bool = False
    immutable: bool = False
    has_default: bool = False
    default: Any = None
    constraints: Sequence[Constraint] = ()
    tags: Sequence[str] = ()

    def value(self, given: Any) -> Any:
        """A value of the parameter's type that keeps its rules; ``Invalid``."""
        try:
            found = converted(self.type, given)
        except (TypeError, ValueError, OverflowError):
            shown = HIDDEN if self.hidden else _short(given)
            raise Invalid(
                f"Parameter '{self.name}' is invalid: {shown!r} is not of type"
                f" {self.type}"
            ) from None
        for constraint in self.constraints:
            problem = constraint.problem(found)
            if problem:
                text = "its value is not allowed" if self.hidden else problem
                reason = constraint.description or text
                raise Invalid(f"Parameter '{self.name}' is invalid: {reason}")
        return found

    def show(self, value: Any = None) -> dict[str, Any]:
        """As ``template validate`` shows it."""
        shown: dict[str, Any] = {
            "Type": SHOWN_TYPES[self.type],
            "NoEcho": "true" if self.hidden else "false",
            "Description": self.description,
            "Label": self.label or self.name,
        }
        if self.has_default:
            shown["Default"] = self.default
        if value is not None:
            shown["Value"] = HIDDEN if self.hidden else value
        if self.tags:
            shown["Tags"] = list(self.tags)
        for constraint in self.constraints:
            shown.update(shown_rule(constraint))
        return shown


def parse_parameters(section: Any) -> dict[str, Parameter]:
    """The section ``parameters``; ``Invalid``."""
    if not isinstance(section or {}, Mapping):
        raise Invalid("The parameters section must be a map")
    if len(section or ()) > PARAMETERS_MAX:
        raise Invalid(f"A template has at most {PARAMETERS_MAX} parameters")
    found = {name: _parameter(name, body) for name, body in (section or {}).items()}
    rules = [rule for parameter in found.values() for rule in parameter.constraints]
    if sum(isinstance(rule, AllowedPattern) for rule in rules) > PATTERNS_MAX:
        raise Invalid(f"A template has at most {PATTERNS_MAX} patterns")
    return found


def values_of(
    declared: Mapping[str, Parameter],
    given: Mapping[str, Any],
    defaults: Mapping[str, Any],
) -> dict[str, Any]:
    """Every parameter's value: given, or the environment's default, or the template's
    own.  ``Invalid`` for unknown names, ``MissingParameter``."""
    for name in given:
        if name not in declared:
            raise Invalid(f"The Parameter ({name}) was not defined in template.")
    found = {}
    for name, parameter in declared.items():
        if name in given:
            found[name] = parameter.value(given[name])
        elif name in defaults:
            found[name] = parameter.value(defaults[name])
        elif parameter.has_default:
            found[name] = parameter.value(parameter.default)
        else:
            raise MissingParameter(f"The Parameter ({name}) was not provided.")
    return found


def shown_values(
    declared: Mapping[str, Parameter], values: Mapping[str, Any]
) -> dict[str, str]:
    """Values as stacks show them: texts, and nothing of what is hidden."""
    found = {}
    for name, value in values.items():
        parameter = declared.get(name)
        if parameter is not None and parameter.hidden:
            found[name] = HIDDEN
        elif isinstance(value, list) and (parameter is None or parameter.type == LIST):
            found[name] = ",".join(text_of(each) for each in value)
        elif isinstance(value, bool):
            found[name] = str(value)
        else:
            found[name] = "" if value is None else text_of(value)
    return found


def _parameter(name: str, body: Any) -> Parameter:
    if len(name) > NAME_CHARACTERS_MAX:
        raise Invalid(f"The name of a parameter is too long: {_short(name)}")
    if not isinstance(body, Mapping):
        raise Invalid(f"Parameter {name} must be a map")
    unknown = sorted(set(body) - _KEYS)
    if unknown:
        raise Invalid(f"Invalid key '{unknown[0]}' for parameter ({name})")
    kind = body.get("type")
    if kind is None:
        raise Invalid(f"Missing parameter type for parameter: {name}")
    if kind not in TYPES:
        raise Invalid(f"Invalid type ({kind}) for parameter {name}")
    parameter = Parameter(
        name=name,
        type=kind,
        description=text_of(body.get("description") or ""),
        label=text_of(body.get("label") or ""),
        hidden=_flag(name, body, "hidden"),
        immutable=_flag(name, body, "immutable"),
        has_default=body.get("default") is not None,
        default=body.get("default"),
        constraints=tuple(constraints_of(name, kind, body.get("constraints"))),
        tags=tuple(text_of(tag) for tag in body.get("tags") or ()),
    )
    if parameter.has_default:
        parameter.value(parameter.default)
    return parameter


def _flag(name: str, body: Mapping[str, Any], key: str) -> bool:
    try:
        return truth(body.get(key, False))
    except TypeError:
        raise Invalid(f"{key} of parameter {name} must be true or false") from None


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 100 else text[:100] + " ..."
