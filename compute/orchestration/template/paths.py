"""Ways into maps and lists.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson


def along(value: Any, path: Iterable[Any]) -> Any:
    """What is at the end of a path of keys and positions; None when nothing is.  A text
    on the way that is JSON is read."""
    for key in path:
        if isinstance(value, str):
            value = _read(value)
        if isinstance(value, Mapping):
            value = value.get(key, value.get(str(key)))
        elif isinstance(value, list) and str(key).lstrip("-").isdecimal():
            position = int(key)
            value = value[position] if -len(value) <= position < len(value) else None
        else:
            return None
    return value


def _read(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
