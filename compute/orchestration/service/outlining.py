"""What a new stack would be, resource by resource, before there is anything of it.

A resource that is a stack is a list of what is in it, as far as the cloud's limits
would let it be made.  References are the resources'
names, as there are no ids yet; what only a resource that is there could tell is null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from compute.orchestration.blueprint import Blueprint, Identity
from compute.orchestration.engine.blueprints import draw
from compute.orchestration.engine.hiding import secrets_of, without
from compute.orchestration.errors import MissingParameter
from compute.orchestration.frame.stack_type import StackType
from compute.orchestration.model import Wanted
from compute.orchestration.parts import Parts
from compute.orchestration.states import COMPLETE, INIT
from compute.orchestration.template.environment import registry_inside
from compute.orchestration.template.limits import WORK_MAX
from compute.orchestration.template.parameters import HIDDEN
from compute.orchestration.template.scope import Scope, resolve
from compute.orchestration.template.unknown import Unknown

NO_STACK = "None"
"""The id of a stack that there is not, as clients know it."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Place:
    """Which of the stacks inside each other; ``secrets``: what is hidden there."""

    name: str
    parent: str = ""
    depth: int = 0
    secrets: tuple[str, ...] = ()


class Outline:
    """Of one stack, with what is nested in it."""

    def __init__(self, parts: Parts, project_id: str) -> None:
        self._parts = parts
        self._project_id = project_id
        self._count = 0
        # Of all that is shown: a small template may be in there a thousand times.
        self._work_left = WORK_MAX

    def resources(self, blueprint: Blueprint, name: str) -> list[Any]:
        """Documents and lists of documents; ``Invalid``."""
        return self._resources(blueprint, _Place(name))

    def _resources(self, blueprint: Blueprint, place: _Place) -> list[Any]:
        self._count += len(blueprint.sections)
        secrets = {*place.secrets, *secrets_of(blueprint)}
        scope = blueprint.scope(reference=lambda resource: resource)
        longest_first = tuple(sorted(secrets, key=len, reverse=True))
        inner = replace(place, secrets=longest_first)
        return [
            self._resource(blueprint, scope, each, inner) for each in blueprint.sections
        ]

    def _resource(
        self, blueprint: Blueprint, scope: Scope, name: str, place: _Place
    ) -> Any:
        kind = blueprint.kind_of(name)[1]
        scope.work_left = min(scope.work_left, self._work_left)
        is_ours = not resolve(blueprint.sections[name].external_id, scope)
        properties = blueprint.properties(name, scope) if is_ours else {}
        self._work_left = scope.work_left
        inside = None
        if isinstance(kind, StackType) and is_ours:
            inside = self._inside(blueprint, kind, name, properties, place)
        if inside is not None:
            return inside
        section, stack = blueprint.sections[name], self._identity(place, "")
        metadata = _known(blueprint.metadata(name, scope))
        self._work_left = scope.work_left
        shown = {
            each: HIDDEN if kind.properties[each].secret else _known(value)
            for each, value in properties.items()
            if each in kind.properties
        }
        document = {
            "resource_name": name,
            "resource_type": section.type,
            "resource_action": INIT,
            "resource_status": COMPLETE,
            "resource_status_reason": "",
            "physical_resource_id": "",
            "creation_time": None,
            "updated_time": None,
            "description": section.description,
            "stack_name": place.name,
            "stack_identity": stack,
            "resource_identity": self._identity(place, f"/resources/{name}"),
            "attributes": dict.fromkeys((*kind.attributes, "show")),
            "properties": without(shown, place.secrets),
            "metadata": without(metadata, place.secrets),
            "required_by": sorted(
                other for other, needs in blueprint.graph.items() if name in needs
            ),
        }
        if place.parent:
            document["parent_resource"] = place.parent
        return document

    def _inside(
        self,
        blueprint: Blueprint,
        kind: StackType,
        name: str,
        properties: Mapping[str, Any],
        place: _Place,
    ) -> list[Any] | None:
        """None where that is not known yet, or would be too much."""
        settings = self._parts.settings
        is_full = self._count >= settings.resources_per_stack
        outline = kind.outline(properties)
        if outline is None or is_full or place.depth >= settings.nested_depth:
            return None
        template, parameters = outline
        above = blueprint.wanted
        registry = above.environment.get("resource_registry") or {}
        environment = {
            **above.environment,
            "parameters": {},
            "resource_registry": registry_inside(registry, name),
        }
        known = {
            each: value
            for each, value in _known(parameters).items()
            if value is not None
        }
        inner = replace(
            place, name=f"{place.name}-{name}", parent=name, depth=place.depth + 1
        )
        identity = Identity(NO_STACK, inner.name, self._project_id)
        wanted = Wanted(template, above.files, environment, known)
        try:
            drawn = draw(wanted, identity, self._parts.registry)
        except MissingParameter:
            return None
        return self._resources(drawn, inner)

    def _identity(self, place: _Place, path: str) -> Document:
        return {
            "stack_name": place.name,
            "stack_id": NO_STACK,
            "tenant": self._project_id,
            "path": path,
        }


def _known(value: Any) -> Any:
    """Null for what is not known yet."""
    if isinstance(value, Unknown):
        return None
    if isinstance(value, Mapping):
        return {key: _known(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_known(each) for each in value]
    return value
