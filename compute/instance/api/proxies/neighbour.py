"""Another service, called with the caller's own token."""

from __future__ import annotations

from typing import Any

import orjson

from compute.core.api.frame import ApiCall
from objectstore.client.caller import Caller
from objectstore.kernel.errors import Rejected, Unavailable


class Refused(Rejected):
    """What the service does not do for this caller; ``kind``: its own word for why."""

    def __init__(self, status: int, message: str, kind: str) -> None:
        super().__init__(status, message)
        self.kind = kind


class Neighbour:
    """One service, called as the caller himself."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def ask(
        self,
        call: ApiCall,
        method: str,
        path: str,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Any:
        """The answer's JSON.  What it rejects, we reject with the same status:
        ``Refused``."""
        headers = {"X-Auth-Token": call.context.token, "Accept": "application/json"}
        content = b""
        if body is not None:
            content = orjson.dumps(body)
            headers["Content-Type"] = content_type
        answer = self._caller.request(method, path, headers, content)
        if answer.status == 202 and method == "DELETE":
            answer.close()
            return None
        if answer.status >= 500:
            answer.close()
            raise Unavailable(f"{path}: answered {answer.status}")
        if answer.status >= 400:
            raise Refused(answer.status, *_why(answer.read()))
        return answer.json()


def _why(raw: bytes) -> tuple[str, str]:
    """The message of a refusal, and its kind."""
    try:
        value = orjson.loads(raw)
        inner = value.get("NeutronError", value)
        return str(inner["message"]), str(inner.get("type", ""))
    except (ValueError, KeyError, AttributeError, TypeError):
        return "", ""
