"""What the functions of a template are resolved with.  Pure.

    value = resolve(raw, scope)

A map with one key that is a function's name is a call.  What a function cannot know yet
is ``UNKNOWN``, and so is what is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.template.limits import DEPTH_MAX, WORK_MAX
from compute.orchestration.template.unknown import UNKNOWN, has_unknown
from compute.orchestration.template.versions import Version
from compute.orchestration.template.weight import weight_of, weight_of_text

Function = Callable[[Any, "Scope"], Any]


def _unknown_resource(name: str) -> Any:
    return UNKNOWN


def _unknown_attribute(name: str, path: Sequence[Any]) -> Any:
    return UNKNOWN


@dataclass(slots=True)
class Scope:
    """``tests``: the functions of conditions.  ``parameters``: with the pseudo ones.
    ``mappings``: what ``Fn::FindInMap`` looks into.
    ``reference`` and ``attribute`` ask resources; ``conditions`` are decided already;
    ``facade``: of the resource that a nested stack is.  ``work_left``: what functions
    may still make."""

    version: Version
    functions: Mapping[str, Function]
    tests: Mapping[str, Function] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, bool] = field(default_factory=dict)
    resources: frozenset[str] = frozenset()
    facade: Mapping[str, Any] = field(default_factory=dict)
    reference: Callable[[str], Any] = _unknown_resource
    attribute: Callable[[str, Sequence[Any]], Any] = _unknown_attribute
    work_left: int = WORK_MAX

    def spend(self, amount: int) -> None:
        """Count what a function makes; ``Invalid`` beyond the limit."""
        self.work_left -= amount
        if self.work_left < 0:
            raise Invalid("The template's functions make too much of it")

    def spend_text(self, characters: int) -> None:
        """The same of a text."""
        self.spend(weight_of_text(characters))


def call_of(value: Any, scope: Scope) -> tuple[str, Any] | None:
    """The function's name and its arguments, if the value is a call."""
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, arguments),) = value.items()
        if name in scope.functions:
            return name, arguments
    return None


def resolve(value: Any, scope: Scope, depth: int = 0) -> Any:
    """The value with every call replaced by what it gives; ``Invalid``."""
    scope.spend(1)
    if depth > DEPTH_MAX:
        raise Invalid("The template is too deep")
    call = call_of(value, scope)
    if call is not None:
        name, arguments = call
        try:
            found = scope.functions[name](arguments, scope)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            raise Invalid(f'The arguments of "{name}" are wrong') from None
        # Whoever looks at it walks through it: a digest of a long text, for instance.
        scope.spend(weight_of(found, scope.work_left))
        return found
    if isinstance(value, Mapping):
        return {key: resolve(each, scope, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [resolve(each, scope, depth + 1) for each in value]
    if isinstance(value, str):
        scope.spend_text(len(value))
    return value


def plainly(function: Callable[[Any, Scope], Any]) -> Function:
    """A function of resolved arguments; ``UNKNOWN`` where one of them is."""

    def resolved(arguments: Any, scope: Scope) -> Any:
        found = resolve(arguments, scope)
        return UNKNOWN if has_unknown(found) else function(found, scope)

    return resolved
