"""What types an option can have, and how their text is read and shown.

``int``, ``float``, ``bool``, ``str``, ``Path``, any ``Enum`` (by value),
``Seconds`` (``90``, ``1.5 s``, ``200 ms``, ``5 min``, ``2 h``, ``7 d``), ``Size``
(``512``, ``64 KiB``, ``1.5 GiB``), ``tuple[T, ...]`` of any of them (separated by
commas), and ``T | None`` (empty text is None).
"""

from __future__ import annotations

import enum
import types
import typing
from pathlib import Path
from typing import Annotated, Any

SECONDS = "seconds"
SIZE = "size"
Seconds = Annotated[float, SECONDS]
"""A duration; bare numbers are seconds."""
Size = Annotated[int, SIZE]
"""A number of bytes."""

TRUE_WORDS = frozenset({"true", "yes", "on", "1", "t", "y"})
FALSE_WORDS = frozenset({"false", "no", "off", "0", "f", "n"})
SECONDS_BY_UNIT = {
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
# Decimal suffixes too: whoever writes 5 GB means 5,000,000,000.
BYTES_BY_UNIT = {
    "B": 1,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
}


class BadValue(ValueError):
    """The text is no value of the option's type; the message says why."""


def parse_value(hint: Any, text: str) -> Any:
    """The value that ``text`` stands for.  Raises ``BadValue``."""
    text = text.strip()
    inner, unit = _taken_apart(hint)
    if unit == SECONDS:
        return _number_with_unit(text, SECONDS_BY_UNIT, "a duration such as 1.5 s")
    if unit == SIZE:
        size = _number_with_unit(text, BYTES_BY_UNIT, "a size such as 64 KiB")
        return int(size)
    optional = _optional_of(inner)
    if optional is not None:
        return parse_value(optional, text) if text else None
    if typing.get_origin(inner) is tuple:
        element = typing.get_args(inner)[0]
        parts = (part.strip() for part in text.split(","))
        return tuple(parse_value(element, part) for part in parts if part)
    return _parse_plain(inner, text)


def show_value(hint: Any, value: Any) -> str:
    """The text that ``parse_value`` reads back as ``value``."""
    inner, unit = _taken_apart(hint)
    if value is None:
        return ""
    if unit == SECONDS:
        return f"{value * 1000:g} ms" if 0 < value < 1 else f"{value:g} s"
    if unit == SIZE:
        return _show_size(value)
    optional = _optional_of(inner)
    if optional is not None:
        return show_value(optional, value)
    if typing.get_origin(inner) is tuple:
        element = typing.get_args(inner)[0]
        return ", ".join(show_value(element, part) for part in value)
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def type_name(hint: Any) -> str:
    """What the sample file calls the type."""
    inner, unit = _taken_apart(hint)
    if unit is not None:
        return unit
    optional = _optional_of(inner)
    if optional is not None:
        return f"{type_name(optional)} or empty"
    if typing.get_origin(inner) is tuple:
        return f"list of {type_name(typing.get_args(inner)[0])}"
    if isinstance(inner, type) and issubclass(inner, enum.Enum):
        return " | ".join(str(member.value) for member in inner)
    names = {int: "integer", float: "number", bool: "true or false", str: "text"}
    return names.get(inner, "path" if inner is Path else str(inner))


def _taken_apart(hint: Any) -> tuple[Any, str | None]:
    if typing.get_origin(hint) is Annotated:
        inner, *notes = typing.get_args(hint)
        return inner, next((note for note in notes if note in (SECONDS, SIZE)), None)
    return hint, None


def _optional_of(hint: Any) -> Any | None:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [part for part in typing.get_args(hint) if part is not type(None)]
        return rest[0]
    return None


def _parse_plain(kind: Any, text: str) -> Any:
    if kind is str:
        return text
    if kind is bool:
        word = text.lower()
        if word not in TRUE_WORDS | FALSE_WORDS:
            raise BadValue(f"{text!r} is neither true nor false")
        return word in TRUE_WORDS
    if kind is int:
        return _whole_number(text)
    if kind is float:
        return _number(text, "a number")
    if kind is Path:
        if not text:
            raise BadValue("a path is missing")
        return Path(text)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        for member in kind:
            if str(member.value) == text:
                return member
        raise BadValue(f"{text!r} is none of {type_name(kind)}")
    raise TypeError(f"options cannot have the type {kind!r}")


def _whole_number(text: str) -> int:
    digits = text[1:] if text[:1] == "-" else text
    if not (digits.isascii() and digits.isdigit()):
        raise BadValue(f"{text!r} is no whole number")
    return int(text)


def _number(text: str, wanted: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise BadValue(f"{text!r} is not {wanted}") from None
    if value != value or value in (float("inf"), float("-inf")):
        raise BadValue(f"{text!r} is not {wanted}")
    return value


def _number_with_unit(text: str, units: dict[str, Any], wanted: str) -> float:
    number = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = text[len(number) :]
    if unit and unit not in units:
        raise BadValue(f"{text!r} is not {wanted} (units: {', '.join(units)})")
    # Sizes multiply as integers where they can: 5 GiB must come out exact.
    number = number.strip()
    factor = units[unit] if unit else 1
    if number.isascii() and number.isdigit():
        return int(number) * factor
    return _number(number, wanted) * factor


def _show_size(value: int) -> str:
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if value and value % BYTES_BY_UNIT[unit] == 0:
            return f"{value // BYTES_BY_UNIT[unit]} {unit}"
    return str(value)
