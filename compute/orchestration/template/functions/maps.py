"""Functions that make maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.template.scope import Function, Scope, plainly


@plainly
def _merge(arguments: Any, scope: Scope) -> Any:
    found: dict[str, Any] = {}
    for each in arguments:
        if each is not None and not isinstance(each, Mapping):
            raise Invalid("map_merge takes maps")
        found.update(each or {})
    scope.spend(len(found))
    return found


def map_merge(arguments: Any, scope: Scope) -> Any:
    """Several maps as one; what comes later wins."""
    return _merge(arguments, scope)


@plainly
def _map_replace(arguments: Any, scope: Scope) -> Any:
    found, changes = arguments
    if not set(changes) <= {"keys", "values"}:
        raise TypeError
    keys, values = changes.get("keys") or {}, changes.get("values") or {}
    made: dict[str, Any] = {}
    for key, value in found.items():
        new = keys.get(key, key)
        if new != key and (new in found or new in made):
            raise Invalid(f"map_replace: the key {new} would be there twice")
        is_known = isinstance(value, str | int | float) and str(value) in values
        made[new] = values[str(value)] if is_known else value
    return made


def map_replace(arguments: Any, scope: Scope) -> Any:
    """A map with keys and values replaced by others."""
    return _map_replace(arguments, scope)


FUNCTIONS: Mapping[str, Function] = {
    "map_merge": map_merge,
    "map_replace": map_replace,
}
