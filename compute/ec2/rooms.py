"""The other rooms, asked with the signer's own token.

What they reject is raised as it is: rights, quotas and tenancy are theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

from compute.ec2.frame.errors import Away
from objectstore.client.caller import Caller
from objectstore.kernel.errors import Rejected, Unavailable

# The newest versions whose bodies are written and read here.
COMPUTE_VERSION = "2.79"
VOLUME_VERSION = "3.60"
PAGE = 1000
ORDER_HEADER = "Idempotency-Key"
PATIENCE_SECONDS = 60.0

_BASES = {
    "compute": "/v2.1",
    "volume": "/v3",
    "image": "/v2",
    "network": "/v2.0",
}


class Rooms:
    """For one token."""

    def __init__(self, callers: Mapping[str, Caller], token: str) -> None:
        self._callers = callers
        self._token = token

    def get(self, room: str, *path: str, **query: Any) -> Any:
        """A document."""
        return self._call(room, "GET", _path(path, query))

    def post(self, room: str, *path: str, body: Any, order: str = "") -> Any:
        """Make something, or have something done; ``order``: by which it is known
        again when it is sent twice, empty when it is not."""
        return self._call(room, "POST", _path(path), body, order=order)

    def put(self, room: str, *path: str, body: Any) -> Any:
        """Change something."""
        return self._call(room, "PUT", _path(path), body)

    def patch(self, room: str, *path: str, body: Any, kind: str) -> Any:
        """Change something by a patch of that media type."""
        return self._call(room, "PATCH", _path(path), body, kind=kind)

    def delete(self, room: str, *path: str) -> None:
        """Take something away."""
        self._call(room, "DELETE", _path(path))

    def pages(
        self, room: str, name: str, *path: str, **query: Any
    ) -> Iterator[dict[str, Any]]:
        """Every entry of a list, however many pages it has."""
        if room != "network":
            query["limit"] = PAGE
        target: str | None = _path(path, query)
        while target is not None:
            document = self._call(room, "GET", target)
            yield from document[name]
            target = _next(document, name, _path(path))

    def _call(
        self,
        room: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        kind: str = "application/json",
        order: str = "",
    ) -> Any:
        headers = {"X-Auth-Token": self._token}
        if order:
            headers[ORDER_HEADER] = order
        if room == "compute":
            headers["X-OpenStack-Nova-API-Version"] = COMPUTE_VERSION
        elif room == "volume":
            headers["OpenStack-API-Version"] = f"volume {VOLUME_VERSION}"
        content = b""
        if body is not None:
            headers["Content-Type"] = kind
            content = orjson.dumps(body)
        try:
            answer = self._callers[room].request(
                method, _BASES[room] + path, headers, content, timeout=PATIENCE_SECONDS
            )
            with answer:
                raw = answer.read()
        except Unavailable as error:
            raise Away(room, str(error)) from error
        if answer.status >= 500 and answer.status != 501:
            raise Away(room, f"it answered {answer.status} to {method} {path}")
        document = _json(raw)
        if answer.status >= 400:
            raise Rejected(answer.status, _text(document) or f"{room} rejected it")
        return document


def _path(segments: tuple[str, ...], query: Mapping[str, Any] | None = None) -> str:
    path = "".join(f"/{quote(segment, safe='')}" for segment in segments)
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def _next(document: Mapping[str, Any], name: str, path: str) -> str | None:
    """Where a list goes on: Glance says ``next``, Nova and Cinder have links."""
    url = document.get("next")
    for link in document.get(f"{name}_links", ()):
        if link["rel"] == "next":
            url = link["href"]
    return f"{path}?{urlsplit(url).query}" if url else None


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError:
        return {"message": raw.decode("utf-8", "replace")}


def _text(document: Any) -> str:
    """The sentence in an error, whichever room's dialect it is in."""
    while isinstance(document, dict):
        if isinstance(document.get("message"), str):
            return str(document["message"])
        document = next(iter(document.values()), "")
    return document if isinstance(document, str) else ""
