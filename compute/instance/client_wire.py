"""How the instance room is asked: the service's token, errors told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from compute.core.context import TokenSource
from compute.core.errors import BadRequest, Conflict, NotFound, Stale
from objectstore.client.caller import Answer, Caller
from objectstore.kernel.errors import Rejected, Unavailable

# Longer than any of these calls takes by itself, shorter than a job's lease.
CALL_SECONDS = 20.0


class InstanceWire:
    """One room, wherever it is."""

    def __init__(self, caller: Caller, tokens: TokenSource) -> None:
        self._caller = caller
        self._tokens = tokens

    def get(self, path: str) -> Any:
        """The JSON that is there."""
        return self.call("GET", path).json()

    def send(self, method: str, path: str, value: Mapping[str, Any]) -> Any:
        """Send JSON; the JSON of the answer."""
        return self.call(method, path, orjson.dumps(value)).json()

    def call(
        self, method: str, path: str, body: bytes = b"", *, version: str = ""
    ) -> Answer:
        """Send bytes; the answer, when it is no refusal.  ``version``: of the public
        API, where it is that which is called."""
        headers = {"X-Auth-Token": self._tokens.token()}
        if version:
            headers["OpenStack-API-Version"] = version
        if body:
            headers["Content-Type"] = "application/json"
        answer = self._caller.request(method, path, headers, body, timeout=CALL_SECONDS)
        if answer.status < 300:
            return answer
        raise _failure(answer)


def _failure(answer: Answer) -> Exception:
    status = answer.status
    text = answer.read().decode("utf-8", "replace")
    try:
        (fault,) = orjson.loads(text).values()
        text = str(fault["message"])
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    if status == 404:
        return NotFound(text)
    if status == 409:
        return Stale(text) if "no longer" in text else Conflict(text)
    if status == 400:
        return BadRequest(text)
    if 400 <= status < 500 and status not in (401, 408, 429):
        return Rejected(status, text)
    return Unavailable(f"the instance room answered {status}: {text}")
