"""What templates want to know: their parameters, and those of the templates in them.

What is given may not be enough for a blueprint; then the values of what is nested are
left out, for nobody can tell them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from compute.core.errors import Forbidden
from compute.orchestration.blueprint import Blueprint, Identity
from compute.orchestration.engine.blueprints import draw
from compute.orchestration.errors import Invalid
from compute.orchestration.frame.provider import DIGEST
from compute.orchestration.model import Wanted
from compute.orchestration.parts import Parts
from compute.orchestration.template.environment import (
    is_template,
    registry_inside,
    stored_environment,
)
from compute.orchestration.template.limits import WORK_MAX
from compute.orchestration.template.scope import Scope
from compute.orchestration.template.template import Template, parse_template
from compute.orchestration.template.unknown import has_unknown
from compute.orchestration.template.weight import weight_of
from compute.orchestration.template.yaml_reader import read_yaml

Document = dict[str, Any]


def shown_parameters(template: Template, given: Mapping[str, Any]) -> Document:
    """Each as it is declared, with its value where one is given."""
    return {
        name: parameter.show(given.get(name))
        for name, parameter in template.parameters.items()
    }


def templates_in(wanted: Wanted, template: Template) -> dict[str, str]:
    """The files that are resources of the template, by resource."""
    environment = stored_environment(wanted.environment)
    found = {
        name: environment.type_of(section.type, name)
        for name, section in template.resources.items()
    }
    return {
        name: target
        for name, target in found.items()
        if is_template(target) and target in wanted.files
    }


class Nested:
    """The parameters of nested templates, each resource's with those inside it."""

    def __init__(self, parts: Parts, identity: Identity) -> None:
        self._parts = parts
        self._identity = identity
        self._count = 0
        # One file may be a thousand resources: it is read once, and what is told of
        # it all together has an end.
        self._read: dict[str, tuple[Mapping[str, Any], Template]] = {}
        self._work_left = WORK_MAX

    def parameters(self, wanted: Wanted) -> Document:
        """By resource; ``Invalid``, ``Forbidden``."""
        return self._parameters(wanted, parse_template(wanted.template), 0)

    def _parameters(self, wanted: Wanted, template: Template, depth: int) -> Document:
        settings = self._parts.settings
        files = templates_in(wanted, template)
        self._count += len(files)
        if self._count > settings.resources_per_stack:
            most = settings.resources_per_stack
            raise Forbidden(f"Maximum resources per stack exceeded: {most}")
        if files and depth >= settings.nested_depth:
            raise Forbidden(f"Recursion depth exceeds {settings.nested_depth}.")
        values = self._values(wanted, files) if files else {}
        found = {}
        for name, file in files.items():
            document, nested = self._template(wanted, file)
            inner = _inner(wanted, name, document, values.get(name) or {})
            shown = shown_parameters(nested, inner.parameters)
            self._work_left -= weight_of(shown, self._work_left)
            if self._work_left < 0:
                raise Invalid("The parameters of what is nested are too much to tell")
            found[name] = {
                "Type": template.resources[name].type,
                "Description": nested.description or "No description",
                "Parameters": shown,
            }
            below = self._parameters(inner, nested, depth + 1)
            if below:
                found[name]["NestedParameters"] = below
        return found

    def _template(
        self, wanted: Wanted, file: str
    ) -> tuple[Mapping[str, Any], Template]:
        found = self._read.get(file)
        if found is None:
            document = read_yaml(wanted.files[file], f"template {file}")
            found = self._read[file] = document, parse_template(document)
        return found

    def _values(self, wanted: Wanted, files: Mapping[str, str]) -> Document:
        """What each of them is given, as far as that is known."""
        try:
            blueprint = draw(wanted, self._identity, self._parts.registry)
            scope = blueprint.scope()
            return {name: _given(blueprint, name, scope) for name in files}
        except Invalid:
            return {}


def _inner(
    wanted: Wanted, name: str, document: Mapping[str, Any], values: Mapping[str, Any]
) -> Wanted:
    registry = wanted.environment.get("resource_registry") or {}
    environment = {
        **wanted.environment,
        "parameters": {},
        "resource_registry": registry_inside(registry, name),
    }
    return replace(
        wanted, template=document, environment=environment, parameters=values
    )


def _given(blueprint: Blueprint, name: str, scope: Scope) -> Document:
    if name not in blueprint.sections:
        return {}
    values = blueprint.properties(name, scope)
    return {
        each: value
        for each, value in values.items()
        if value is not None and each != DIGEST and not has_unknown(value)
    }
