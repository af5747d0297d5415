"""Members of requests' bodies, read: texts, words, lists and maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.errors import BadRequest


def text_of(body: Mapping[str, Any], name: str, most: int = 255) -> str:
    """A text, "" when it is not there; ``BadRequest``."""
    found = body.get(name) or ""
    if not isinstance(found, str) or len(found) > most:
        raise BadRequest(f"{name} must be a text of at most {most} characters")
    return found


def word_of(
    body: Mapping[str, Any], name: str, words: tuple[str, ...], default: str
) -> str:
    """One of the words; ``BadRequest``."""
    found = body.get(name) or default
    if found not in words:
        raise BadRequest(f"{name} must be one of {', '.join(words)}")
    return str(found)


def list_of(body: Mapping[str, Any], name: str) -> list[Any]:
    """A list, empty when it is not there; ``BadRequest``."""
    found = body.get(name) or []
    if not isinstance(found, list):
        raise BadRequest(f"{name} must be a list")
    return found


def map_of(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A map, empty when it is not there; ``BadRequest``."""
    found = body.get(name) or {}
    if not isinstance(found, Mapping):
        raise BadRequest(f"{name} must be a map")
    return found
