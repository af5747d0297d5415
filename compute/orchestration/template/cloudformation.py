"""Templates of AWS CloudFormation, written as Heat's own.  Pure.

Sections, parameters' rules and functions have other names there and mean the same; so a
document is translated, and whatever works on a template sees one language only.  What
was sent is what is kept and shown.

``Fn::Base64`` gives its text: servers take theirs as it is.  Functions whose names are
kept (``KEPT``) have no counterpart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.template.limits import DEPTH_MAX
from compute.orchestration.template.versions import (
    CLOUDFORMATION,
    KEY,
    MAPPINGS,
    is_foreign,
)

FIND_IN_MAP, SELECT = "Fn::FindInMap", "Fn::Select"
KEPT = (FIND_IN_MAP, SELECT)
# The one region, and the one zone that is sure to be there.
REGION, ZONE = "RegionOne", "nova"

_SECTIONS = {
    "Description": "description",
    "Parameters": "parameters",
    "ParameterGroups": "parameter_groups",
    "Conditions": "conditions",
    "Mappings": MAPPINGS,
    "Resources": "resources",
    "Outputs": "outputs",
}
# What says something to whoever reads the template.
_ASIDE = frozenset({"Metadata"})
_RESOURCE_KEYS = {
    "Type": "type",
    "Properties": "properties",
    "Metadata": "metadata",
    "DependsOn": "depends_on",
    "UpdatePolicy": "update_policy",
    "DeletionPolicy": "deletion_policy",
    "Description": "description",
    "Condition": "condition",
}
_OUTPUT_KEYS = {
    "Value": "value",
    "Description": "description",
    "Condition": "condition",
}
_TYPES = {
    "String": "string",
    "Number": "number",
    "CommaDelimitedList": "comma_delimited_list",
    "Json": "json",
    "Boolean": "boolean",
}
_PSEUDO = {
    "AWS::StackName": {"get_param": "OS::stack_name"},
    "AWS::StackId": {"get_param": "OS::stack_id"},
    "AWS::AccountId": {"get_param": "OS::project_id"},
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::NoValue": None,
}
_RENAMED = {
    "Fn::Join": "list_join",
    "Fn::Split": "str_split",
    "Fn::If": "if",
    "Fn::Equals": "equals",
    "Fn::And": "and",
    "Fn::Or": "or",
    "Fn::GetAtt": "get_attr",
    "Fn::ResourceFacade": "resource_facade",
}
_TESTS = frozenset({"Fn::And", "Fn::Or", "Fn::Not"})
_FACADE = {
    "Metadata": "metadata",
    "DeletionPolicy": "deletion_policy",
    "UpdatePolicy": "update_policy",
}


def hot_form(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document in Heat's own language; ``Invalid`` for what has no meaning."""
    if not is_foreign(document):
        return document
    return _Translation(document).document()


class _Translation:
    """Of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._parameters = _map(document, "Parameters")

    def document(self) -> dict[str, Any]:
        """The whole of it."""
        found: dict[str, Any] = {KEY: CLOUDFORMATION.name}
        for key, value in self._document.items():
            if key in _SECTIONS:
                found[_SECTIONS[key]] = value
            elif key not in _ASIDE and not key.endswith("TemplateFormatVersion"):
                raise Invalid(f"The template section is invalid: {key}")
        found["parameters"] = {
            name: _parameter(name, body) for name, body in self._parameters.items()
        }
        found["conditions"] = self._condition_section()
        found["resources"] = self._bodies("Resources", _RESOURCE_KEYS)
        found["outputs"] = self._bodies("Outputs", _OUTPUT_KEYS)
        return found

    def _condition_section(self) -> dict[str, Any]:
        section = _map(self._document, "Conditions")
        return {name: self._value(body, is_test=True) for name, body in section.items()}

    def _bodies(self, section: str, keys: Mapping[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, body in _map(self._document, section).items():
            if not isinstance(body, Mapping):
                raise Invalid(f'"{section}" must contain a map of maps ({name})')
            unknown = sorted(body.keys() - keys.keys())
            if unknown:
                raise Invalid(
                    f'"{unknown[0]}" is not a valid keyword inside {section} {name}'
                )
            found[name] = {
                keys[key]: value if key in _PLAIN_KEYS else self._value(value)
                for key, value in body.items()
            }
        return found

    # ---- values ------------------------------------------------------------------

    def _value(self, value: Any, depth: int = 0, *, is_test: bool = False) -> Any:
        """``is_test``: where a condition may be named, which elsewhere is a map like
        any other."""
        if depth > DEPTH_MAX:
            raise Invalid("The template is too deep")
        if isinstance(value, list):
            return [self._value(each, depth + 1, is_test=is_test) for each in value]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            ((name, arguments),) = value.items()
            if name == "Ref":
                return self._ref(arguments)
            if is_test and name == "Condition" and isinstance(arguments, str):
                return arguments
            if name.startswith("Fn::"):
                return self._call(name, arguments, depth, is_test or name in _TESTS)
        return {key: self._value(each, depth + 1) for key, each in value.items()}

    def _ref(self, name: Any) -> Any:
        if not isinstance(name, str):
            raise Invalid('The arguments of "Ref" are wrong')
        if name in _PSEUDO:
            return _PSEUDO[name]
        return {"get_param" if name in self._parameters else "get_resource": name}

    def _call(self, name: str, arguments: Any, depth: int, is_test: bool) -> Any:
        special = _SPECIAL.get(name)
        if special is None and name not in _RENAMED and name not in KEPT:
            raise Invalid(f'"{name}" is no function of these templates')
        if name == "Fn::GetAtt" and isinstance(arguments, str):
            arguments = arguments.split(".", 1)
        found = self._value(arguments, depth + 1, is_test=is_test)
        if special is not None:
            return special(found)
        return {_RENAMED.get(name, name): found}


_PLAIN_KEYS = frozenset({"Type", "DependsOn", "Description", "Condition"})


def _only(arguments: Any) -> Any:
    return arguments[0] if isinstance(arguments, list) and arguments else arguments


def _replace(arguments: Any) -> Any:
    if not isinstance(arguments, list) or len(arguments) != 2:
        raise Invalid('The arguments of "Fn::Replace" are wrong')
    return {"str_replace": {"params": arguments[0], "template": arguments[1]}}


_SPECIAL: Mapping[str, Callable[[Any], Any]] = {
    "Fn::Base64": lambda arguments: arguments,
    "Fn::GetAZs": lambda arguments: [ZONE],
    "Fn::Not": lambda arguments: {"not": _only(arguments)},
    "Fn::Replace": _replace,
    "Fn::ResourceFacade": lambda arguments: {
        "resource_facade": _FACADE.get(str(arguments), arguments)
    },
}


def _parameter(name: str, body: Any) -> dict[str, Any]:
    if not isinstance(body, Mapping):
        raise Invalid(f"Parameter {name} must be a map")
    given = str(body.get("Type", "String"))
    if given.startswith("List<"):
        kind = "comma_delimited_list"
    else:
        # The types that name things of AWS are ids of things here.
        kind = "string" if given.startswith("AWS::") else _TYPES.get(given, given)
    found: dict[str, Any] = {"type": kind}
    for key, word in (("Default", "default"), ("Description", "description")):
        if key in body:
            found[word] = body[key]
    if "NoEcho" in body:
        found["hidden"] = body["NoEcho"]
    why = {"description": body.get("ConstraintDescription") or ""}
    rules = _rules(body)
    if rules:
        found["constraints"] = [{**rule, **why} for rule in rules]
    unknown = sorted(body.keys() - _PARAMETER_KEYS)
    if unknown:
        raise Invalid(f'"{unknown[0]}" is not a valid keyword inside Parameters {name}')
    return found


_PARAMETER_KEYS = frozenset(
    {
        "Type",
        "Default",
        "Description",
        "NoEcho",
        "ConstraintDescription",
        "AllowedValues",
        "AllowedPattern",
        "MinLength",
        "MaxLength",
        "MinValue",
        "MaxValue",
    }
)


def _rules(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    for key, word in (
        ("AllowedValues", "allowed_values"),
        ("AllowedPattern", "allowed_pattern"),
    ):
        if key in body:
            rules.append({word: body[key]})
    for low, high, word in (
        ("MinLength", "MaxLength", "length"),
        ("MinValue", "MaxValue", "range"),
    ):
        bounds = {
            end: body[key] for key, end in ((low, "min"), (high, "max")) if key in body
        }
        if bounds:
            rules.append({word: bounds})
    return rules


def _map(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise Invalid(f"The {name} section must be a map")
    return found
