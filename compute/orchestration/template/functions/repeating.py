"""``repeat``: the same piece of a template for each of several values."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.template.scalars import text_of, truth
from compute.orchestration.template.scope import Function, Scope, resolve
from compute.orchestration.template.unknown import UNKNOWN, has_unknown

_KEYS = frozenset({"for_each", "template", "permutations"})


def repeat(arguments: Any, scope: Scope) -> Any:
    """A list: the template once for each value (or each combination of values)."""
    if not {"for_each", "template"} <= set(arguments) <= _KEYS:
        raise TypeError
    each = resolve(arguments["for_each"], scope)
    if has_unknown(each):
        return UNKNOWN
    names = list(each)
    lists = [_values(name, each[name]) for name in names]
    combine = truth(arguments.get("permutations", True))
    if not combine and len({len(values) for values in lists}) > 1:
        raise Invalid("repeat: without permutations the lists must be equally long")
    together = zip(*lists, strict=True)
    sets: Iterator[Any] = itertools.product(*lists) if combine else together
    found = []
    for values in sets:
        scope.spend(len(names))
        texts = dict(zip(names, values, strict=True))
        found.append(resolve(_put(arguments["template"], texts, scope), scope))
    return found


def _values(name: str, given: Any) -> list[Any]:
    if isinstance(given, Mapping):
        return list(given)
    if isinstance(given, list):
        return given
    if given is None:
        return []
    raise Invalid(f"repeat: the values for {name} must be a list")


def _put(piece: Any, values: Mapping[str, Any], scope: Scope) -> Any:
    """The piece with the names replaced; one that stands alone becomes the value."""
    scope.spend(1)
    if isinstance(piece, str):
        return _put_text(piece, values, scope)
    if isinstance(piece, Mapping):
        return {
            text_of(_put_text(key, values, scope)): _put(each, values, scope)
            for key, each in piece.items()
        }
    if isinstance(piece, list):
        return [_put(each, values, scope) for each in piece]
    return piece


def _put_text(text: str, values: Mapping[str, Any], scope: Scope) -> Any:
    if text in values:
        return values[text]
    names = [name for name in values if name and name in text]
    if not names:
        return text
    names.sort(key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, names)))
    longest = max(len(text_of(values[name])) for name in names)
    scope.spend_text(len(text) + longest * sum(1 for _ in pattern.finditer(text)))
    return pattern.sub(lambda found: text_of(values[found.group()]), text)


FUNCTIONS: Mapping[str, Function] = {"repeat": repeat}
