"""Which resources a piece of a template refers to.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.template.functions.truths import truth_of
from compute.orchestration.template.scope import Scope, call_of


def references_in(value: Any, scope: Scope) -> Iterator[str]:
    """Names of resources, also of such that are not there; of an ``if`` only the value
    that its condition chooses."""
    call = call_of(value, scope)
    if call is not None:
        name, arguments = call
        if name == "get_resource" and isinstance(arguments, str):
            yield arguments
        elif name == "get_attr" and isinstance(arguments, list) and arguments:
            if isinstance(arguments[0], str):
                yield arguments[0]
            yield from references_in(arguments[1:], scope)
        elif name == "if" and isinstance(arguments, list) and len(arguments) > 1:
            chosen = _chosen(arguments, scope)
            yield from references_in(chosen, scope)
        else:
            yield from references_in(arguments, scope)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from references_in(each, scope)
    elif isinstance(value, list):
        for each in value:
            yield from references_in(each, scope)


def _chosen(arguments: list[Any], scope: Scope) -> Any:
    try:
        found = truth_of(arguments[0], scope)
    except Invalid:
        return None  # told when the value is resolved
    if found is True:
        return arguments[1]
    return arguments[2:] if found is False else arguments[1:]
