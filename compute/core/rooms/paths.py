"""A room's public API as whoever calls it sees it: where it begins, paths below it, and
what its errors say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from objectstore.kernel.errors import Rejected

_BASES = {
    "identity": "/v3",
    "compute": "/v2.1",
    "volume": "/v3",
    "image": "/v2",
    "network": "/v2.0",
    "load-balancer": "/v2.0/lbaas",
    "object-store": "/v1",
    "metric": "/v1",
    "alarming": "/v2",
    "key-manager": "/v1",
}
_NOWHERE = frozenset(("", ".", ".."))
# What the dialects call it: most of them, alarms', stacks'.
_SENTENCES = ("message", "faultstring", "explanation", "description")


def base_of(room: str, project_id: str) -> str:
    """Where it begins, for calls of a project."""
    if room == "orchestration":
        return f"/v1/{project_id}"
    return _BASES[room]


def path_of(segments: Iterable[Any], query: Mapping[str, Any] | None = None) -> str:
    """A path below it, percent-encoded.  ``Rejected`` 404 where a name is missing, or
    would lead to something above."""
    names = [str(segment) for segment in segments]
    if not _NOWHERE.isdisjoint(names):
        raise Rejected(404, "There is no such thing.")
    path = "".join(f"/{quote(name, safe='')}" for name in names)
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def sentence_of(document: Any) -> str:
    """The sentence in an error, whichever room's dialect it is in."""
    while isinstance(document, dict):
        for name in _SENTENCES:
            if isinstance(document.get(name), str):
                return str(document[name])
        inner = [each for each in document.values() if isinstance(each, dict)]
        document = inner[0] if inner else next(iter(document.values()), "")
    return document if isinstance(document, str) else ""
