"""How one room asks another: with a token, in JSON, refusals told as errors.

What a status means differs from room to room, so each client says which error it is.
But no room sends its callers elsewhere: one who does so is not the room that was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import orjson

from compute.core.context import TokenSource
from objectstore.client.caller import Answer, Caller, Content
from objectstore.kernel.errors import Unavailable

Refusal = Callable[[Answer, str], Exception]
"""From an answer that is none, and what was asked (``GET /path``), to the error."""


class RoomWire:
    """One room, wherever it is."""

    def __init__(
        self,
        caller: Caller,
        service: TokenSource,
        refusal: Refusal,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> None:
        """``service``: whose token is shown where no other is; ``headers`` go with
        every question; ``timeout``: seconds until an answer must begin."""
        self._caller = caller
        self._service = service
        self._refusal = refusal
        self._headers = dict(headers or {})
        self._timeout = timeout

    def json(
        self,
        method: str,
        path: str,
        value: Any = None,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Send JSON, or nothing; the JSON of the answer."""
        body = b"" if value is None else orjson.dumps(value)
        answer = self.send(
            method, path, body, token=token, headers=headers, timeout=timeout
        )
        return answer.json()

    def send(
        self,
        method: str,
        path: str,
        body: Content = b"",
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        timeout: float | None = None,
    ) -> Answer:
        """Send bytes (JSON, unless ``headers`` say otherwise); the answer, when it is
        no refusal.  ``accept``: statuses that are none here.  A redirection is
        ``Unavailable``, whichever room."""
        sent = {
            "X-Auth-Token": token or self._service.token(),
            **self._headers,
            **(headers or {}),
        }
        if isinstance(body, bytes) and body:
            sent.setdefault("Content-Type", "application/json")
        seconds = self._timeout if timeout is None else timeout
        answer = self._caller.request(method, path, sent, body, timeout=seconds)
        if answer.status < 300 or answer.status in accept:
            return answer
        with answer:
            what = f"{method} {path.partition('?')[0]}"
            if answer.status < 400:
                # Not a refusal: nobody who asked us could follow it.
                raise Unavailable(f"{what}: redirected ({answer.status}) from the room")
            raise self._refusal(answer, what)
