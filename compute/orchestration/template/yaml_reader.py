"""YAML that strangers wrote, as plain values.  Pure.

Only plain values come of it (YAML's own "safe" tags), dates stay the texts that they
were, and what a document would become is counted before anything is made of it.

JSON is YAML but for its tabs, which readers of YAML refuse before a token: what begins
as an object is tried as JSON first.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import yaml  # type: ignore[import-untyped]

from compute.orchestration.errors import Invalid
from compute.orchestration.template.limits import DEPTH_MAX, NODES_MAX

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
INTEGER_MAX = 2**63 - 1
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(_BASE):  # type: ignore[misc]
    """Without dates: ``heat_template_version: 2013-05-23`` is a text."""


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != _TIMESTAMP]
    for first, pairs in _BASE.yaml_implicit_resolvers.items()
}


def read_yaml(text: str, what: str) -> Any:
    """The value of the one document in ``text``; ``Invalid`` names ``what``."""
    found = _read_json(text)
    if found is not None:
        check_size(found, what)
        return with_text_keys(found, what)
    try:
        _measure(text, what)
        value = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise Invalid(f"Error parsing {what}: {problem}{where}") from None
    except (ValueError, RecursionError):
        raise Invalid(f"Error parsing {what}: a value in it is wrong") from None
    return with_text_keys(value, what)


def _read_json(text: str) -> dict[str, Any] | None:
    """The object in ``text``; None if it holds none (YAML's reader says why)."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def check_size(value: Any, what: str) -> None:
    """Hold a value that came as JSON to the same limits; ``Invalid``."""
    waiting, count = [(value, 1)], 0
    while waiting:
        found, depth = waiting.pop()
        count += 1
        if depth > DEPTH_MAX or count > NODES_MAX:
            raise _too_large(what)
        if isinstance(found, Mapping):
            waiting += [(each, depth + 1) for each in found.values()]
        elif isinstance(found, list):
            waiting += [(each, depth + 1) for each in found]


def with_text_keys(value: Any, what: str) -> Any:
    """Keys are texts: ``80:`` and ``yes:`` are what JSON would make of them."""
    if isinstance(value, dict):
        found = {}
        for key, each in value.items():
            if not isinstance(key, str | int | float):
                raise Invalid(f"Error parsing {what}: a key is no text")
            found[with_text_keys(_key(key), what)] = with_text_keys(each, what)
        return found
    if isinstance(value, list):
        return [with_text_keys(each, what) for each in value]
    if value is None or _is_plain(value):
        return value
    raise Invalid(f"Error parsing {what}: a value is no plain text or number")


def _is_plain(value: Any) -> bool:
    """Whether JSON, and every database, can hold it."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and -INTEGER_MAX <= value <= INTEGER_MAX


def _key(key: str | int | float) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return str(key)


def _measure(text: str, what: str) -> None:
    """Count what the document stands for, from its events: nothing is made yet."""
    sizes: dict[str, int] = {}
    # Of each collection that is open: its anchor, and the values in it so far.
    open_ones: list[tuple[str | None, int]] = [(None, 0)]
    for event in yaml.parse(text, Loader=_Loader):
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.AliasEvent):
            # An anchor that is still open stands for itself: without an end.
            if anchor not in sizes:
                raise Invalid(f"Error parsing {what}: an alias refers to itself")
            size = sizes[anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            open_ones.append((anchor, 1))
            if len(open_ones) > DEPTH_MAX:
                raise _too_large(what)
            continue
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_ones.pop()
            _note(sizes, anchor, size)
        elif isinstance(event, yaml.ScalarEvent):
            size = 1
            _note(sizes, anchor, size)
        else:
            continue
        before, count = open_ones[-1]
        open_ones[-1] = (before, count + size)
        if count + size > NODES_MAX:
            raise _too_large(what)


def _note(sizes: dict[str, int], anchor: str | None, size: int) -> None:
    if anchor is not None:
        sizes[anchor] = size


def _too_large(what: str) -> Invalid:
    return Invalid(
        f"{what} is too large: at most {NODES_MAX} values, {DEPTH_MAX} levels deep"
    )
