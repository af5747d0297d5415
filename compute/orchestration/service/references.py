"""That what a template names is there, asked when the stack is ordered.

A misspelt flavor is told at once, in the answer to the request, and not as the reason
of a stack that failed.  What cannot be asked now (a room is away, or tells this caller
nothing) is seen when it is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compute.orchestration.blueprint import Blueprint
from compute.orchestration.errors import Invalid
from compute.orchestration.frame.properties import Property
from compute.orchestration.frame.work import Cloud
from compute.orchestration.resources.frame.finding import SHELVES, NoSuchThing, find
from compute.orchestration.resources.frame.schemas import reference_of
from compute.orchestration.template.constraints import Custom
from compute.orchestration.template.unknown import UNKNOWN
from objectstore.kernel.errors import Rejected, Unavailable

# Each is a request or two to a room, while the caller waits.
LOOKS_MAX = 100

Named = tuple[str, str, str]
"""Where something is named, of what kind it is, and how it is called."""


def check_references(cloud: Cloud, blueprint: Blueprint) -> None:
    """Raise ``Invalid`` for the first thing that is not there."""
    asked: set[tuple[str, str]] = set()
    own = _own_names(blueprint)
    for where, kind, given in _named(blueprint):
        if (kind, given) in asked or given in own or len(asked) >= LOOKS_MAX:
            continue
        asked.add((kind, given))
        try:
            find(cloud, kind, given)
        except NoSuchThing as problem:
            text = f"{where}: Error validating value '{given}': {problem.text}"
            raise Invalid(text) from None
        except (Rejected, Unavailable):
            continue


def _named(blueprint: Blueprint) -> Iterator[Named]:
    for parameter in blueprint.template.parameters.values():
        value = blueprint.values.get(parameter.name)
        if not isinstance(value, str) or not value:
            continue
        for constraint in parameter.constraints:
            if isinstance(constraint, Custom) and constraint.name in SHELVES:
                yield f"Parameter '{parameter.name}' is invalid", constraint.name, value
    scope = blueprint.scope(attribute=lambda name, path: UNKNOWN)
    for name in blueprint.sections:
        schema = blueprint.kind_of(name)[1].properties
        for key, value in blueprint.properties(name, scope).items():
            if key in schema:
                where = f"Property error: resources.{name}.properties.{key}"
                yield from _in(schema[key], value, where)


def _in(schema: Property, value: Any, where: str) -> Iterator[Named]:
    if isinstance(value, list) and schema.items is not None:
        for each in value:
            yield from _in(schema.items, each, where)
    elif isinstance(value, Mapping) and schema.schema is not None:
        for key, each in value.items():
            yield from _in(schema.schema[key], each, f"{where}.{key}")
    elif isinstance(value, str) and value:
        kind = reference_of(schema)
        if kind in SHELVES:
            yield where, kind, value


def _own_names(blueprint: Blueprint) -> set[str]:
    """What resources of the template itself will be called."""
    scope = blueprint.scope(attribute=lambda name, path: UNKNOWN)
    found = set()
    for name in blueprint.sections:
        called = blueprint.properties(name, scope).get("name")
        if isinstance(called, str):
            found.add(called)
    return found
