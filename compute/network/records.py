"""Frozen records to JSON values and back, strictly.

A record is a frozen dataclass of text, numbers, truth values, text enumerations,
other records, ``X | None`` and ``tuple[X, ...]``.  Decoding refuses what it does not
know and what is missing or of another type, so two programs of different
versions disagree aloud instead of dropping a rule quietly.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Hashable
from typing import Any, TypeVar

from objectstore.kernel.errors import Corrupt

R = TypeVar("R")


def encode_record(record: Any) -> Any:
    """The JSON value of a record (or of any value that a record may hold)."""
    if dataclasses.is_dataclass(record):
        return {
            field.name: encode_record(getattr(record, field.name))
            for field in dataclasses.fields(record)
        }
    if isinstance(record, enum.Enum):
        return record.value
    if isinstance(record, tuple):
        return [encode_record(item) for item in record]
    return record


def decode_record(kind: type[R], value: Any) -> R:
    """The record of class ``kind`` that ``value`` describes.

    Raises ``Corrupt`` with the path of the field that is wrong.
    """
    return typing.cast(R, _decode(kind, value, kind.__name__))


@functools.cache
def _fields(kind: Hashable) -> dict[str, Any]:
    """Name and type of each field; resolved once for a class."""
    return typing.get_type_hints(kind)


def _decode(kind: Any, value: Any, path: str) -> Any:
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        options = typing.get_args(kind)
        if value is None and types.NoneType in options:
            return None
        (inner,) = (option for option in options if option is not types.NoneType)
        return _decode(inner, value, path)
    if origin is tuple:
        if not isinstance(value, list):
            raise Corrupt(f"{path} is not a list")
        item = typing.get_args(kind)[0]
        return tuple(
            _decode(item, each, f"{path}[{index}]") for index, each in enumerate(value)
        )
    if dataclasses.is_dataclass(kind):
        return _decode_fields(kind, value, path)
    if issubclass(kind, enum.Enum):
        try:
            return kind(value)
        except ValueError:
            raise Corrupt(f"{path}: {value!r} is no {kind.__name__}") from None
    # bool is a kind of int to Python, not to us.
    if type(value) is not kind:
        raise Corrupt(f"{path} is not of type {kind.__name__}")
    return value


def _decode_fields(kind: Any, value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise Corrupt(f"{path} is not an object")
    fields = _fields(kind)
    if value.keys() != fields.keys():
        wrong = sorted(value.keys() ^ fields.keys())
        raise Corrupt(f"{path}: missing or unknown: {', '.join(map(str, wrong))}")
    return kind(
        **{
            name: _decode(fields[name], each, f"{path}.{name}")
            for name, each in value.items()
        }
    )
