"""How much a value is, as work is counted: a value one, and so sixteen characters.
Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CHARACTERS_BITS = 4


def weight_of_text(length: int) -> int:
    """Of so many characters."""
    return length >> CHARACTERS_BITS


def weight_of(value: Any, most: int) -> int:
    """Of a value with all that is in it; something above ``most`` when it is more."""
    waiting, found = [value], 0
    while waiting and found <= most:
        each = waiting.pop()
        found += 1
        if isinstance(each, str):
            found += weight_of_text(len(each))
        elif isinstance(each, Mapping):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return found
