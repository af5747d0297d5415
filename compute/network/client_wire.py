"""How the network room is asked: the service's token, all pages, errors told apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from compute.core.context import TokenSource
from compute.core.errors import (
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    QuotaExceeded,
    Unauthorized,
)
from objectstore.client.caller import Answer, Caller
from objectstore.kernel.errors import Unavailable

CALL_SECONDS = 60.0

_KINDS: Mapping[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
}


class NetworkWire:
    """One room, wherever it is."""

    def __init__(self, caller: Caller, service: TokenSource) -> None:
        self._caller = caller
        self._service = service

    def list(
        self,
        collection: str,
        query: Iterable[tuple[str, str]],
        visible_to: str = "",
    ) -> list[Any]:
        """All pages.  ``visible_to``: only what that project could see itself."""
        pairs = [*query]
        if visible_to:
            pairs.append(("visible_to_project", visible_to))
        found: list[Any] = []
        path = f"/v2.0/{collection}?{urlencode(pairs)}"
        while path:
            answer = self.json("GET", path)
            found += answer[collection.replace("-", "_")]
            links = answer.get(f"{collection.replace('-', '_')}_links", ())
            path = next(
                (
                    f"/v2.0/{collection}?{each['href'].partition('?')[2]}"
                    for each in links
                    if each["rel"] == "next"
                ),
                "",
            )
        return found

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """Send JSON; the JSON of the answer."""
        content = None if body is None else orjson.dumps(body)
        return self.send(method, path, content, CALL_SECONDS).json()

    def send(
        self, method: str, path: str, body: bytes | None, seconds: float
    ) -> Answer:
        """Send bytes; the answer, when it is no refusal."""
        headers = {"X-Auth-Token": self._service.token(), "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        answer = self._caller.request(
            method, path, headers, body or b"", timeout=seconds
        )
        if answer.status >= 400:
            raise _failure(answer)
        return answer


def _failure(answer: Answer) -> Exception:
    if answer.status not in _KINDS:
        answer.close()
        return Unavailable(f"the network service answered {answer.status}")
    found = answer.json()
    error = found.get("NeutronError", {}) if isinstance(found, dict) else {}
    text, kind = error.get("message", ""), error.get("type", "")
    if kind == "OverQuota":
        # Neutron tells of quota by 409; to all others it is a refusal.
        return QuotaExceeded(text)
    return _KINDS[answer.status](text, kind=kind)
