"""Functions that make lists, or look into them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.template.scalars import text_of
from compute.orchestration.template.scope import Function, Scope, plainly


@plainly
def _join(arguments: Any, scope: Scope) -> Any:
    delimiter, *lists = arguments
    if len(lists) > 1 and not scope.version.joins_many:
        raise Invalid("list_join takes one list in this version of templates")
    parts = [
        "" if each is None else text_of(each)
        for found in lists
        for each in _list("list_join", found)
    ]
    scope.spend_text(sum(map(len, parts)) + len(delimiter) * len(parts))
    return str(delimiter.join(parts))


def list_join(arguments: Any, scope: Scope) -> Any:
    """The elements of lists as one text, with a delimiter between them."""
    return _join(arguments, scope)


@plainly
def _concat(arguments: Any, scope: Scope) -> Any:
    found = [each for part in arguments for each in _list("list_concat", part)]
    scope.spend(len(found))
    return found


def list_concat(arguments: Any, scope: Scope) -> Any:
    """Several lists as one."""
    return _concat(arguments, scope)


@plainly
def _unique(arguments: Any, scope: Scope) -> Any:
    found: list[Any] = []
    for part in arguments:
        for each in _list("list_concat_unique", part):
            scope.spend(1 + len(found))
            if each not in found:
                found.append(each)
    return found


def list_concat_unique(arguments: Any, scope: Scope) -> Any:
    """Several lists as one, in which nothing comes twice."""
    return _unique(arguments, scope)


@plainly
def _contains(arguments: Any, scope: Scope) -> Any:
    value, among = arguments
    scope.spend(len(among))
    return value in among


def contains(arguments: Any, scope: Scope) -> Any:
    """Whether a value is in a list, or a text in a text."""
    return _contains(arguments, scope)


@plainly
def _filter(arguments: Any, scope: Scope) -> Any:
    unwanted, values = arguments
    scope.spend(len(unwanted) * len(values))
    return [each for each in _list("filter", values) if each not in unwanted]


def filter_out(arguments: Any, scope: Scope) -> Any:
    """A list without the values of another."""
    return _filter(arguments, scope)


def _list(name: str, value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, Mapping) or not isinstance(value, list):
        raise Invalid(f"{name} takes lists")
    return value


FUNCTIONS: Mapping[str, Function] = {
    "list_join": list_join,
    "list_concat": list_concat,
    "list_concat_unique": list_concat_unique,
    "contains": contains,
    "filter": filter_out,
}
