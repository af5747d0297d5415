"""Templates with one resource of a type, all of it by parameters: a start for authors.

In both languages that templates are read in, and so that this room takes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.orchestration.frame.properties import (
    ANY,
    BOOLEAN,
    INTEGER,
    LIST,
    MAP,
    NUMBER,
    STRING,
)
from compute.orchestration.frame.resource_type import ResourceType
from compute.orchestration.template import parameter_types
from compute.orchestration.template.versions import ALL, FOREIGN, KEY

# The type of parameter that a property's value can come from.
_PARAMETER_TYPES = {
    STRING: "string",
    INTEGER: "number",
    NUMBER: "number",
    BOOLEAN: "boolean",
    MAP: "json",
    LIST: "comma_delimited_list",
    ANY: "string",
}
_FOREIGN_KEY = "HeatTemplateFormatVersion"
# A parameter's keys in CloudFormation's language.
_FOREIGN_NAMES = {"description": "Description", "default": "Default"}


def hot_sample(kind: ResourceType) -> Mapping[str, Any]:
    """In Heat's own language."""
    parameters: dict[str, Any] = {}
    for name, rule in kind.properties.items():
        parameter: dict[str, Any] = {"type": _PARAMETER_TYPES[rule.kind]}
        if rule.description:
            parameter["description"] = rule.description
        if not rule.required:
            empty: dict[str, Any] = {MAP: {}, LIST: [], BOOLEAN: False}
            default = empty.get(rule.kind, "") if rule.default is None else rule.default
            if not (default == "" and parameter["type"] == "number"):
                parameter["default"] = default
        if rule.secret:
            parameter["hidden"] = True
        parameters[name] = parameter
    return {
        KEY: ALL[-1].name,
        "description": f"Initial template of {kind.name.rsplit(':', 1)[-1]}",
        "parameters": parameters,
        "resources": {
            kind.name.rsplit(":", 1)[-1]: {
                "type": kind.name,
                "properties": {name: {"get_param": name} for name in kind.properties},
            }
        },
        "outputs": {
            name: {
                "description": each.description,
                "value": {"get_attr": [kind.name.rsplit(":", 1)[-1], name]},
            }
            for name, each in kind.attributes.items()
        },
    }


def cfn_sample(kind: ResourceType) -> Mapping[str, Any]:
    """In CloudFormation's: the same in other words."""
    own = hot_sample(kind)
    ((name, resource),) = own["resources"].items()
    return {
        _FOREIGN_KEY: FOREIGN[_FOREIGN_KEY],
        "Description": own["description"],
        "Parameters": {
            parameter: {
                "Type": parameter_types.SHOWN_TYPES[given["type"]],
                **{
                    new: given[old]
                    for old, new in _FOREIGN_NAMES.items()
                    if old in given
                },
                **({"NoEcho": "true"} if given.get("hidden") else {}),
            }
            for parameter, given in own["parameters"].items()
        },
        "Resources": {
            name: {
                "Type": resource["type"],
                "Properties": {each: {"Ref": each} for each in resource["properties"]},
            }
        },
        "Outputs": {
            output: {
                "Description": given["description"],
                "Value": {"Fn::GetAtt": given["value"]["get_attr"]},
            }
            for output, given in own["outputs"].items()
        },
    }


SAMPLES: Mapping[str, Callable[[ResourceType], Mapping[str, Any]]] = {
    "hot": hot_sample,
    "cfn": cfn_sample,
}
"""By the names that clients ask for."""
