"""A template, taken apart and checked for its form.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.template.cloudformation import hot_form
from compute.orchestration.template.limits import (
    CONDITIONS_MAX,
    NAME_CHARACTERS_MAX,
    OUTPUTS_MAX,
    TYPE_CHARACTERS_MAX,
)
from compute.orchestration.template.parameters import Parameter, parse_parameters
from compute.orchestration.template.scalars import text_of
from compute.orchestration.template.versions import (
    CLOUDFORMATION,
    KEY,
    MAPPINGS,
    Version,
    version_of,
)

DELETE, RETAIN, SNAPSHOT = "Delete", "Retain", "Snapshot"
_POLICIES = {word.lower(): word for word in (DELETE, RETAIN, SNAPSHOT)}

_SECTIONS = frozenset(
    {
        KEY,
        "description",
        "parameter_groups",
        "parameters",
        "resources",
        "outputs",
        "conditions",
    }
)
_RESOURCE_KEYS = frozenset(
    {
        "type",
        "properties",
        "metadata",
        "depends_on",
        "update_policy",
        "deletion_policy",
        "description",
        "external_id",
        "condition",
    }
)
_OUTPUT_KEYS = frozenset({"value", "description", "condition"})


@dataclass(frozen=True, slots=True)
class ResourceSection:
    """A resource as its template has it; functions are not resolved."""

    name: str
    type: str
    properties: Any = None
    metadata: Any = None
    depends_on: tuple[str, ...] = ()
    update_policy: Any = None
    deletion_policy: Any = None
    external_id: Any = None
    condition: Any = None
    description: str = ""

    def pieces(self) -> tuple[Any, ...]:
        """All that may refer to other resources."""
        return (
            self.properties,
            self.metadata,
            self.update_policy,
            self.deletion_policy,
            self.external_id,
        )


@dataclass(frozen=True, slots=True)
class OutputSection:
    """An output as its template has it."""

    name: str
    value: Any
    description: str = ""
    condition: Any = None


@dataclass(frozen=True, slots=True)
class Template:
    """A whole template; ``document``: what it was read from."""

    version: Version
    document: Mapping[str, Any]
    description: str = ""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    groups: tuple[Mapping[str, Any], ...] = ()
    conditions: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, ResourceSection] = field(default_factory=dict)
    outputs: Mapping[str, OutputSection] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)


def parse_template(document: Any) -> Template:
    """Take a document apart; ``Invalid``."""
    if not isinstance(document, Mapping):
        raise Invalid("The template is not a JSON object or YAML mapping.")
    sent, document = document, hot_form(document)
    version = version_of(document)
    known = _SECTIONS | {MAPPINGS} if version is CLOUDFORMATION else _SECTIONS
    unknown = sorted(set(document) - known)
    if unknown or ("conditions" in document and not version.tests):
        section = unknown[0] if unknown else "conditions"
        raise Invalid(f"The template section is invalid: {section}")
    parameters = parse_parameters(document.get("parameters"))
    resources = _section(document, "resources")
    outputs = _section(document, "outputs")
    conditions = _section(document, "conditions")
    if len(outputs) > OUTPUTS_MAX or len(conditions) > CONDITIONS_MAX:
        raise Invalid(f"A template has at most {OUTPUTS_MAX} outputs and conditions")
    return Template(
        version=version,
        document=sent,
        description=text_of(document.get("description") or ""),
        parameters=parameters,
        groups=tuple(_groups(document.get("parameter_groups"), parameters)),
        conditions=conditions,
        resources={name: _resource(name, body) for name, body in resources.items()},
        outputs={name: _output(name, body) for name, body in outputs.items()},
        mappings=_section(document, MAPPINGS),
    )


def policy_of(value: Any) -> str:
    """A resolved deletion policy; ``Invalid``."""
    if value is None:
        return DELETE
    found = _POLICIES.get(str(value).lower())
    if found is None:
        raise Invalid(f'Invalid deletion policy "{value}"')
    return found


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise Invalid(f"The {name} section must be a map")
    return found


def _resource(name: str, body: Any) -> ResourceSection:
    if not name or len(name) > NAME_CHARACTERS_MAX or "/" in name:
        raise Invalid(
            f'Invalid resource name "{name[:50]}": it needs 1 to'
            f" {NAME_CHARACTERS_MAX} characters and no slash"
        )
    if not isinstance(body, Mapping):
        raise Invalid(f'"resources" must contain a map of resource maps ({name})')
    unknown = sorted(set(body) - _RESOURCE_KEYS)
    if unknown:
        raise Invalid(f'"{unknown[0]}" is not a valid keyword inside resource {name}')
    kind = body.get("type")
    if not isinstance(kind, str) or not kind:
        raise Invalid(f"Each Resource must contain a type key ({name})")
    if len(kind) > TYPE_CHARACTERS_MAX:
        raise Invalid(f"The type of resource {name} is too long")
    needs = body.get("depends_on") or []
    needs = [needs] if isinstance(needs, str) else needs
    if not isinstance(needs, list) or not all(isinstance(each, str) for each in needs):
        raise Invalid(
            f"depends_on of resource {name} must be a name or a list of names"
        )
    return ResourceSection(
        name=name,
        type=kind,
        properties=body.get("properties"),
        metadata=body.get("metadata"),
        depends_on=tuple(needs),
        update_policy=body.get("update_policy"),
        deletion_policy=body.get("deletion_policy"),
        external_id=body.get("external_id"),
        condition=body.get("condition"),
        description=text_of(body.get("description") or ""),
    )


def _output(name: str, body: Any) -> OutputSection:
    if not isinstance(body, Mapping):
        raise Invalid(f'"outputs" must contain a map of output maps ({name})')
    unknown = sorted(set(body) - _OUTPUT_KEYS)
    if unknown:
        raise Invalid(f'"{unknown[0]}" is not a valid keyword inside output {name}')
    if "value" not in body:
        raise Invalid(f"Each output definition must contain a value key ({name})")
    return OutputSection(
        name,
        body["value"],
        text_of(body.get("description") or ""),
        body.get("condition"),
    )


def _groups(
    section: Any, parameters: Mapping[str, Parameter]
) -> list[Mapping[str, Any]]:
    if not isinstance(section or [], list):
        raise Invalid("The parameter_groups section must be a list")
    grouped: set[str] = set()
    for group in section or ():
        names = group.get("parameters") if isinstance(group, Mapping) else None
        if not isinstance(names, list):
            raise Invalid("Each parameter group must have a list of parameters")
        for name in names:
            if name not in parameters:
                raise Invalid(f'The grouped parameter "{name}" is not a parameter')
            if name in grouped:
                raise Invalid(
                    f'The parameter "{name}" must be in one parameter group only'
                )
            grouped.add(name)
    return list(section or ())
