"""What hosts' agents know of the load balancer room: its internal API.

Errors: ``Unavailable`` when the room does not answer, or answers with a refusal.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from compute.balancer.view import (
    Keys,
    Report,
    Served,
    decode_keys,
    decode_view,
    encode_reports,
)
from compute.core.context import TokenSource
from compute.core.rooms.wire import RoomWire
from objectstore.client.caller import Answer, Caller
from objectstore.kernel.errors import Unavailable

CALL_SECONDS = 30.0
# A host waits for them with all that it serves.
KEYS_SECONDS = 10.0


class BalancerClient:
    """Calls the load balancer room."""

    def __init__(self, caller: Caller, service: TokenSource) -> None:
        self._wire = RoomWire(caller, service, _refusal, timeout=CALL_SECONDS)

    def host_view(self, host: str) -> list[Served]:
        """The load balancers that live on the host."""
        return decode_view(self._wire.send("GET", _of(host, "view")).read())

    def keys(self, host: str, balancer_id: str) -> Keys:
        """What one of them needs of secrets, to begin."""
        where = _of(host, f"balancers/{quote(balancer_id, safe='')}/keys")
        return decode_keys(self._wire.send("GET", where, timeout=KEYS_SECONDS).read())

    def report(self, host: str, problem: str, reports: Sequence[Report]) -> None:
        """The host's agent lives, and so fare its load balancers."""
        body = encode_reports(problem, reports)
        self._wire.send("POST", _of(host, "report"), body).read()


def _of(host: str, what: str) -> str:
    return f"/internal/hosts/{quote(host, safe='')}/{what}"


def _refusal(answer: Answer, what: str) -> Exception:
    """An agent asks nothing that is its own fault: it asks again."""
    return Unavailable(f"{what}: the load balancer service answered {answer.status}")
