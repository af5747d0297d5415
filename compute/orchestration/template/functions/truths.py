"""Functions of conditions, and ``if``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.template.scope import Function, Scope, plainly, resolve
from compute.orchestration.template.unknown import UNKNOWN, Unknown

# An ``if`` whose condition is false and that has no other value: the property, or the
# element of the list, is not there.
WITHOUT = None


@plainly
def _equals(arguments: Any, scope: Scope) -> Any:
    one, other = arguments
    return one == other


def equals(arguments: Any, scope: Scope) -> Any:
    """Whether two values are the same."""
    return _equals(arguments, scope)


def truth_of(value: Any, scope: Scope) -> Any:
    """A condition, a condition's name, or a value: true or false."""
    if isinstance(value, str):
        if value not in scope.conditions:
            raise Invalid(f'Invalid condition "{value}"')
        return scope.conditions[value]
    inside = dataclasses.replace(scope, functions=scope.tests)
    found = resolve(value, inside)
    scope.work_left = inside.work_left
    if isinstance(found, bool | Unknown):
        return found
    raise Invalid("A condition must be true or false")


def negation(arguments: Any, scope: Scope) -> Any:
    """Whether a condition is false."""
    found = truth_of(arguments, scope)
    return found if isinstance(found, Unknown) else not found


def conjunction(arguments: Any, scope: Scope) -> Any:
    """Whether all of several conditions are true."""
    return _of_many(arguments, scope, decisive=False)


def disjunction(arguments: Any, scope: Scope) -> Any:
    """Whether one of several conditions is true."""
    return _of_many(arguments, scope, decisive=True)


def _of_many(arguments: Any, scope: Scope, *, decisive: bool) -> Any:
    if not isinstance(arguments, list) or len(arguments) < 2:
        raise Invalid("The minimum number of conditions is 2")
    found = [truth_of(each, scope) for each in arguments]
    if decisive in found:
        return decisive
    return UNKNOWN if UNKNOWN in found else not decisive


def choose(arguments: Any, scope: Scope) -> Any:
    """One of two values, as a condition says."""
    condition, *values = arguments
    least = 1 if scope.version.if_without_else else 2
    if not least <= len(values) <= 2:
        raise Invalid('Arguments to "if" must be a condition and two values')
    found = truth_of(condition, scope)
    if isinstance(found, Unknown):
        return found
    return resolve([*values, WITHOUT][0 if found else 1], scope)


FUNCTIONS: Mapping[str, Function] = {
    "equals": equals,
    "not": negation,
    "and": conjunction,
    "or": disjunction,
    "if": choose,
}
