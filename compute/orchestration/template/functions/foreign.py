"""Functions of CloudFormation's templates that Heat's own have nothing for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.template.cloudformation import FIND_IN_MAP, SELECT
from compute.orchestration.template.scalars import whole_number
from compute.orchestration.template.scope import Function, Scope, plainly, resolve
from compute.orchestration.template.unknown import UNKNOWN, has_unknown


@plainly
def _select(arguments: Any, scope: Scope) -> Any:
    key, values = arguments
    if isinstance(values, str):
        values = values.split(",")
    if isinstance(values, Mapping):
        return values.get(key, "")
    place = whole_number(key)
    return values[place] if 0 <= place < len(values) else ""


def select(arguments: Any, scope: Scope) -> Any:
    """One element of a list by its number, or of a map by its key."""
    return _select(arguments, scope)


def find_in_map(arguments: Any, scope: Scope) -> Any:
    """A value of the template's section Mappings, by three names."""
    path = resolve(arguments, scope)
    if has_unknown(path):
        return UNKNOWN
    if not isinstance(path, list) or len(path) != 3:
        raise Invalid("Fn::FindInMap needs a map's name and two keys")
    found: Any = scope.mappings
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            raise Invalid(f"The mapping {'.'.join(map(str, path))} is not there")
        found = found[name]
    return found


FUNCTIONS: Mapping[str, Function] = {SELECT: select, FIND_IN_MAP: find_in_map}
