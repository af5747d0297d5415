"""The values of hidden parameters, wherever they have come: a nested stack's template
that a resource writes itself (a group's) has them, and so may the sentence that says
why a resource failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import takewhile
from typing import Any

from compute.orchestration.blueprint import Blueprint
from compute.orchestration.engine.blueprints import blueprint_of
from compute.orchestration.errors import Invalid
from compute.orchestration.model import Stack
from compute.orchestration.parts import Parts
from compute.orchestration.template.parameters import HIDDEN

# Sentences cut a long value somewhere: what begins with so many of its characters is no
# chance.
BEGIN_CHARACTERS = 16
# What is shorter stands in sentences by chance.
SECRET_CHARACTERS_MIN = 4


def hidden_around(parts: Parts, stack: Stack) -> list[str]:
    """The texts that the stacks around this one hide, the longest first."""
    found: set[str] = set()
    outer: Stack | None = stack
    while outer is not None and outer.owner_id:
        outer = parts.read(partial(parts.stores.stacks.find, key=outer.owner_id))
        if outer is not None:
            found |= _hidden_by(parts, outer)
    return sorted(found, key=len, reverse=True)


def sentence_without(parts: Parts, stack: Stack, reason: str) -> str:
    """What readers of the stack are told, without what it and those around it hide."""
    found = {*hidden_around(parts, stack), *_hidden_by(parts, stack)}
    # Some tell a value as Python writes it.
    found |= {repr(text)[1:-1] for text in found}
    for text in sorted(found, key=len, reverse=True):
        if len(text) >= SECRET_CHARACTERS_MIN:
            reason = told_without(reason, text)
    return reason


def told_without(sentence: str, secret: str) -> str:
    """The sentence without as much of the secret's beginning as it tells."""
    begin, told, at = secret[:BEGIN_CHARACTERS], "", 0
    while (found := sentence.find(begin, at)) >= 0:
        told += sentence[at:found] + HIDDEN
        pairs = zip(sentence[found:], secret, strict=False)
        at = found + sum(1 for _ in takewhile(lambda it: it[0] == it[1], pairs))
    return told + sentence[at:]


def without(value: Any, secrets: Sequence[str]) -> Any:
    """The value with none of these texts in it."""
    if isinstance(value, Mapping):
        return {name: without(each, secrets) for name, each in value.items()}
    if isinstance(value, list):
        return [without(each, secrets) for each in value]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, HIDDEN)
    return value


def _hidden_by(parts: Parts, stack: Stack) -> set[str]:
    try:
        return secrets_of(blueprint_of(parts, stack))
    except Invalid:
        return set()


def secrets_of(blueprint: Blueprint) -> set[str]:
    """The texts that a stack of this blueprint hides."""
    return {
        text
        for name, parameter in blueprint.template.parameters.items()
        if parameter.hidden
        for text in _texts(blueprint.values[name])
        if text
    }


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
