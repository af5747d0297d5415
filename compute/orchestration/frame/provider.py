"""A resource type that is a template: its parameters are the properties, its outputs
the attributes, and each resource of it is a nested stack."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from compute.orchestration.frame.properties import (
    ANY,
    BOOLEAN,
    LIST,
    NUMBER,
    STRING,
    Attribute,
    Property,
)
from compute.orchestration.frame.resource_type import Change
from compute.orchestration.frame.stack_type import StackType
from compute.orchestration.frame.work import Work
from compute.orchestration.template import parameter_types
from compute.orchestration.template.parameters import Parameter
from compute.orchestration.template.template import Template

# Among a resource's properties: that its template is another is a change of it.
DIGEST = "OS::template"

_KINDS = {
    parameter_types.STRING: STRING,
    parameter_types.NUMBER: NUMBER,
    parameter_types.LIST: LIST,
    parameter_types.JSON: ANY,
    parameter_types.BOOLEAN: BOOLEAN,
}


class Provider(StackType):
    """The type that one template makes."""

    def __init__(self, name: str, template: Template, digest: str) -> None:
        """``digest``: of the template, and of what else the nested stack is made of."""
        self.name = name  # type: ignore[misc]
        self.description = template.description  # type: ignore[misc]
        self._template = template
        self.properties = {  # type: ignore[misc]
            each.name: _property(each) for each in template.parameters.values()
        }
        self.attributes = {  # type: ignore[misc]
            each.name: Attribute(each.description, ANY)
            for each in template.outputs.values()
        }
        self.digest = digest

    def has_attribute(self, name: str) -> bool:
        """An output, or what is in the nested stack (``resource.name.attribute``)."""
        return name in self.attributes or name.startswith("resource.")

    def must_replace(self, change: Change) -> bool:
        """A nested stack can always be updated."""
        return False

    def template(self, work: Work) -> Mapping[str, Any]:
        """The one that it is."""
        return self._template.document

    def parameters(self, work: Work) -> Mapping[str, Any]:
        """The properties that have a value."""
        return _given(work.properties)

    def outline(
        self, properties: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """It is the same always."""
        return self._template.document, _given(properties)

    def reference(self, work: Work) -> Any:
        """The output ``OS::stack_id`` if the template has it, or the stack's id."""
        if "OS::stack_id" in self.attributes:
            return work.nested.outputs().get("OS::stack_id")
        return work.physical_id

    def attribute(self, work: Work, name: str) -> Any:
        """An output, or an attribute of something inside."""
        if name.startswith("resource."):
            _, resource, *path = name.split(".")
            return work.nested.attribute(resource, *path)
        return work.nested.outputs().get(name)


def digest_of(template: Template, surroundings: Any) -> str:
    """64 hexadecimal digits; ``surroundings``: JSON."""
    whole = [template.document, surroundings]
    text = orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def _given(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in properties.items()
        if value is not None and name != DIGEST
    }


def _property(parameter: Parameter) -> Property:
    return Property(
        _KINDS[parameter.type],
        parameter.description,
        required=not parameter.has_default,
        updatable=True,
        immutable=parameter.immutable,
        secret=parameter.hidden,
        constraints=parameter.constraints,
    )
