"""Reads ``keys.toml``: which keys a document has in which microversion."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

NEWEST = 96
_FILE = Path(__file__).with_name("keys.toml")
_GONE = "="


@functools.cache
def _documents() -> dict[str, dict[str, str]]:
    return tomllib.loads(_FILE.read_text())


def names() -> list[str]:
    """Every document of the table."""
    return list(_documents())


def _changes(document: str) -> list[tuple[int, str]]:
    entries = _documents()[document]
    return sorted((int(key.removeprefix("2.")), text) for key, text in entries.items())


def keys_at(document: str, minor: int) -> frozenset[str] | None:
    """Its keys in 2.``minor``; None: it is not there then."""
    found: set[str] | None = None
    for since, text in _changes(document):
        if since > minor:
            break
        if text == _GONE:
            return None
        words = text.split()
        plain = {word for word in words if word[0] not in "+-"}
        if plain or found is None:
            found = plain
        found |= {word[1:] for word in words if word[0] == "+"}
        found -= {word[1:] for word in words if word[0] == "-"}
    return None if found is None else frozenset(found)


def edges(document: str) -> list[int]:
    """The versions at which it is looked at: each change, the one before, the ends."""
    found = {1, NEWEST}
    for since, _ in _changes(document):
        found |= {since, max(1, since - 1)}
    return sorted(found)
