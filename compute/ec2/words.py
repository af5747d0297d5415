"""Words ``key=value``: what things of the network room and images can be told to keep.

A word of theirs has no comma and no slash, so these are written as in a URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

# What is ours, and no tag of the user's.
RESERVED = "ec2:"
_QUOTED = str.maketrans({"%": "%25", ",": "%2C", "/": "%2F"})


def word(key: str, value: str) -> str:
    """How a thing keeps it."""
    return f"{key}={value}".translate(_QUOTED)


def read_words(thing: Mapping[str, Any]) -> dict[str, str]:
    """All that a thing keeps, ours and the user's."""
    found = {}
    for each in thing.get("tags", ()):
        key, equals, value = unquote(each).partition("=")
        if equals:
            found[key] = value
    return found


def mark(thing: Mapping[str, Any], name: str) -> str:
    """What of ours a thing keeps under a name, which begins with ``ec2:``."""
    return read_words(thing).get(name, "")
