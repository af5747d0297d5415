"""What hosts' agents know of the load balancer room: its internal API.

Errors: ``Unavailable`` when the room does not answer, or answers with a refusal.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from compute.balancer.view import Report, Served, decode_view, encode_reports
from compute.core.context import TokenSource
from objectstore.client.caller import Caller
from objectstore.kernel.errors import Unavailable

CALL_SECONDS = 30.0


class BalancerClient:
    """Calls the load balancer room."""

    def __init__(self, caller: Caller, service: TokenSource) -> None:
        self._caller = caller
        self._service = service

    def host_view(self, host: str) -> list[Served]:
        """The load balancers that live on the host."""
        return decode_view(self._send("GET", f"/internal/hosts/{_word(host)}/view"))

    def report(self, host: str, problem: str, reports: Sequence[Report]) -> None:
        """The host's agent lives, and so fare its load balancers."""
        body = encode_reports(problem, reports)
        self._send("POST", f"/internal/hosts/{_word(host)}/report", body)

    def _send(self, method: str, path: str, body: bytes = b"") -> bytes:
        headers = {"X-Auth-Token": self._service.token()}
        if body:
            headers["Content-Type"] = "application/json"
        answer = self._caller.request(method, path, headers, body, timeout=CALL_SECONDS)
        content = answer.read()
        if answer.status >= 400:
            raise Unavailable(f"the load balancer service answered {answer.status}")
        return content


def _word(host: str) -> str:
    return quote(host, safe="")
