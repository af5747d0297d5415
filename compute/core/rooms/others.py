"""The other rooms over their public APIs, with a token that somebody gives.

What they reject is raised as it is: rights, quotas and tenancy are theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson

from compute.core.rooms.paths import base_of, path_of, sentence_of
from objectstore.client.caller import Caller
from objectstore.kernel.errors import Rejected, Unavailable

# Versions whose bodies are written and read here.
VERSIONS: Mapping[str, Mapping[str, str]] = {
    "compute": {"X-OpenStack-Nova-API-Version": "2.79"},
    "volume": {"OpenStack-API-Version": "volume 3.60"},
}
PAGE = 1000
PAGES_MAX = 100
PATIENCE_SECONDS = 60.0
ORDER_HEADER = "Idempotency-Key"


class Source(Protocol):
    """Whose token calls are made with."""

    @property
    def project_id(self) -> str:
        """The token's project."""

    def token(self) -> str:
        """A good one; ``Rejected`` when there is none any more."""

    def refused(self) -> None:
        """The token was refused."""


class Rooms:
    """For one source of tokens."""

    def __init__(self, callers: Mapping[str, Caller], source: Source) -> None:
        self._callers = callers
        self._source = source

    @property
    def project_id(self) -> str:
        """The token's project."""
        return self._source.project_id

    def get(self, room: str, *path: str, **query: Any) -> Any:
        """A document."""
        return self._call(room, "GET", path_of(path, query))

    def find(self, room: str, *path: str) -> Any | None:
        """A document, or None."""
        try:
            return self._call(room, "GET", path_of(path))
        except Rejected as error:
            if error.status == 404:
                return None
            raise

    def post(self, room: str, *path: str, body: Any, order: str = "") -> Any:
        """Make something, or have something done; ``order``: by which it is known
        again when it is sent twice, empty when it is not."""
        headers = {ORDER_HEADER: order} if order else {}
        return self._call(room, "POST", path_of(path), body, headers=headers)

    def put(self, room: str, *path: str, body: Any) -> Any:
        """Change something."""
        return self._call(room, "PUT", path_of(path), body)

    def patch(self, room: str, *path: str, body: Any, kind: str = "") -> Any:
        """Change something by a patch of that media type."""
        return self._call(room, "PATCH", path_of(path), body, kind)

    def delete(self, room: str, *path: str) -> bool:
        """Take something away; False when it was not there."""
        try:
            self.remove(room, *path)
        except Rejected as error:
            if error.status == 404:
                return False
            raise
        return True

    def remove(self, room: str, *path: str) -> None:
        """The same; ``Rejected`` when it was not there."""
        self._call(room, "DELETE", path_of(path))

    def pages(
        self, room: str, key: str, *path: str, **query: Any
    ) -> Iterator[Mapping[str, Any]]:
        """Every entry of a list."""
        if room not in ("network", "load-balancer", "identity"):
            query.setdefault("limit", PAGE)
        target: str | None = path_of(path, query)
        for _ in range(PAGES_MAX):
            if target is None:
                return
            document = self._call(room, "GET", target)
            yield from document[key]
            target = _next(document, key, path_of(path))

    def raw(
        self,
        room: str,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body, whatever they are."""
        for is_last in (False, True):
            sent = {**(headers or {}), "X-Auth-Token": self._source.token()}
            try:
                answer = self._callers[room].request(
                    method,
                    self._base(room) + path,
                    sent,
                    content,
                    timeout=PATIENCE_SECONDS,
                )
                with answer:
                    body = answer.read()
            except Unavailable as error:
                raise self.away(room, str(error)) from error
            if answer.status != 401 or is_last:
                break
            self._source.refused()
        return answer.status, answer.headers, body

    def away(self, room: str, why: str) -> Unavailable:
        """What is raised when a room does not answer, or says that it cannot."""
        return Unavailable(f"{room}: {why}")

    def _base(self, room: str) -> str:
        if room == "object-store":
            return f"/v1/AUTH_{self.project_id}"
        return base_of(room, self.project_id)

    def _call(
        self,
        room: str,
        method: str,
        path: str,
        body: Any = None,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        headers = {**VERSIONS.get(room, {}), **(headers or {})}
        content = b""
        if body is not None:
            headers["Content-Type"] = kind or "application/json"
            content = orjson.dumps(body)
        status, _, raw = self.raw(room, method, path, headers, content)
        if status >= 500 and status != 501:
            raise self.away(room, f"it answered {status} to {method} {path}")
        document = _json(raw)
        if status >= 400:
            raise Rejected(status, sentence_of(document) or f"{room} rejected it")
        return document


def _next(document: Mapping[str, Any], key: str, path: str) -> str | None:
    """Where a list goes on: Glance says ``next``, the others have links."""
    url = document.get("next")
    for link in document.get(f"{key}_links", ()):
        if link["rel"] == "next":
            url = link["href"]
    return f"{path}?{urlsplit(url).query}" if isinstance(url, str) else None


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError:
        return {"message": raw.decode("utf-8", "replace")}
