"""Hidden parameters' values in what a group's stack was made of.

The template of a nested stack that a resource writes itself (a group's) has the values
that the properties had, those of hidden parameters too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from compute.orchestration.engine.blueprints import blueprint_of
from compute.orchestration.engine.parts import Parts
from compute.orchestration.errors import Invalid
from compute.orchestration.model import Stack
from compute.orchestration.template.parameters import HIDDEN


def shown_template(parts: Parts, stack: Stack) -> Any:
    """The stack's template, without the values that stacks around it hide."""
    secrets = sorted(_secrets(parts, stack), key=len, reverse=True)
    return _without(stack.template, secrets) if secrets else stack.template


def _secrets(parts: Parts, stack: Stack) -> set[str]:
    found: set[str] = set()
    outer: Stack | None = stack
    while outer is not None and outer.owner_id:
        outer = parts.read(partial(parts.stores.stacks.get, identifier=outer.owner_id))
        try:
            blueprint = None if outer is None else blueprint_of(parts, outer)
        except Invalid:
            continue
        if blueprint is not None:
            for name, parameter in blueprint.template.parameters.items():
                if parameter.hidden:
                    found |= set(_texts(blueprint.values[name]))
    return found - {""}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value


def _without(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _without(each, secrets) for name, each in value.items()}
    if isinstance(value, list):
        return [_without(each, secrets) for each in value]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, HIDDEN)
    return value
