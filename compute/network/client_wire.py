"""How the network room is asked: all pages, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from compute.core.context import TokenSource
from compute.core.errors import (
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    QuotaExceeded,
)
from compute.core.rooms.wire import RoomWire
from objectstore.client.caller import Answer, Caller
from objectstore.kernel.errors import Rejected, Unavailable

CALL_SECONDS = 60.0
# Of networks, what the cloud's own services ask about a project (``may_use``).
USABLE_BY = "usable_by_project"

_KINDS: Mapping[int, type[ApiError]] = {
    400: BadRequest,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
}


class NetworkWire(RoomWire):
    """One room, wherever it is; its lists whole."""

    def __init__(self, caller: Caller, service: TokenSource) -> None:
        headers = {"Accept": "application/json"}
        super().__init__(
            caller, service, _failure, headers=headers, timeout=CALL_SECONDS
        )

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


def may_use(wire: NetworkWire, project_id: str, network_id: str) -> bool:
    """Whether the project may put ports on the network."""
    query = [("id", network_id), (USABLE_BY, project_id)]
    return bool(wire.list("networks", query, project_id))


def _failure(answer: Answer, what: str) -> Exception:
    status = answer.status
    # 401 is for the service's own token: nothing that whoever asked us could mend.
    if status >= 500 or status in (401, 408, 429):
        return Unavailable(f"{what}: the network service answered {status}")
    found = answer.json()
    error = found.get("NeutronError", {}) if isinstance(found, dict) else {}
    text, kind = error.get("message", ""), error.get("type", "")
    if kind == "OverQuota":
        # Neutron tells of quota by 409; to all others it is a refusal.
        return QuotaExceeded(text)
    if status not in _KINDS:
        return Rejected(status, text or f"{what}: refused with {status}")
    return _KINDS[status](text, kind=kind)
