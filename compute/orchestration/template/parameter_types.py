"""The types that a parameter may have, and what is given as values of them.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from compute.orchestration.template.limits import LIST_ELEMENTS_MAX
from compute.orchestration.template.scalars import number, text_of, truth
from compute.orchestration.template.yaml_reader import check_size, with_text_keys

STRING, NUMBER, JSON = "string", "number", "json"
BOOLEAN, LIST = "boolean", "comma_delimited_list"
TYPES = (STRING, NUMBER, LIST, JSON, BOOLEAN)
SHOWN_TYPES = {
    STRING: "String",
    NUMBER: "Number",
    LIST: "CommaDelimitedList",
    JSON: "Json",
    BOOLEAN: "Boolean",
}


def _to_list(given: Any) -> list[Any]:
    if isinstance(given, str):
        given = given.split(",", LIST_ELEMENTS_MAX) if given else []
    if not isinstance(given, list) or len(given) > LIST_ELEMENTS_MAX:
        raise TypeError
    return [text_of(each).strip() for each in given]


def _to_json(given: Any) -> Any:
    if isinstance(given, str):
        given = orjson.loads(given) if given else {}
    if not isinstance(given, Mapping | list):
        raise TypeError
    # What a text stands for has the limits of what came as JSON.
    check_size(given, "a parameter")
    return with_text_keys(given, "a parameter")


_CONVERSIONS: Mapping[str, Callable[[Any], Any]] = {
    STRING: text_of,
    NUMBER: number,
    LIST: _to_list,
    JSON: _to_json,
    BOOLEAN: truth,
}


def converted(kind: str, given: Any) -> Any:
    """A value of the type.  ``TypeError``, ``ValueError`` or ``OverflowError`` for what
    is none."""
    return _CONVERSIONS[kind](given)
