"""Texts, numbers and truths as people write them in YAML.  Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import orjson

from compute.core.api.query import FALSE_WORDS, TRUE_WORDS

# Longer ones take time to read, and mean nothing.
NUMBER_CHARACTERS_MAX = 40


def text_of(value: Any) -> str:
    """A value as a text; maps and lists as JSON.  ``TypeError``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping | list):
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    raise TypeError


def whole_number(value: Any) -> int:
    """``ValueError`` or ``TypeError`` for what is none."""
    found = number(value)
    if found != int(found):
        raise ValueError
    return int(found)


def number(value: Any) -> int | float:
    """``ValueError`` or ``TypeError`` for what is none."""
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or len(value) > NUMBER_CHARACTERS_MAX or "_" in value:
        raise TypeError
    try:
        return int(value)
    except ValueError:
        found = float(value)
    if not math.isfinite(found):
        raise ValueError
    return found


def truth(value: Any) -> bool:
    """``TypeError`` for what is neither yes nor no."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise TypeError
