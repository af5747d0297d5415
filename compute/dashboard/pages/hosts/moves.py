"""Moves and resizes of everybody's servers, for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.routes import page
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Empty,
    Link,
    Page,
    Row,
    Table,
    Text,
    When,
)
from compute.dashboard.frame.visit import Visit, at
from compute.dashboard.pages.words import PAGE_ROWS

_TONES = {
    "completed": "good", "confirmed": "good", "finished": "good", "done": "good",
    "error": "bad", "failed": "bad", "reverted": "idle", "cancelled": "idle",
}  # fmt: skip
_KINDS = {"live-migration": "while it runs", "evacuation": "evacuated"}


def show(visit: Visit) -> Page:
    """The newest first, a page at a time."""
    marker = visit.query("marker") or None
    found = visit.rooms.get("compute", "os-migrations", limit=PAGE_ROWS, marker=marker)
    moves = found["migrations"]
    more = at("moves", marker=moves[-1]["uuid"]) if len(moves) == PAGE_ROWS else ""
    columns = ["Server", "How", "State", "From", "To", "Asked"]
    empty = Empty("No server has been moved or resized yet.")
    rows = [_row(each) for each in moves]
    table = Table("moves", columns, rows, empty, is_filterable=True, more=more)
    trail = [Link("Hosts", "/hosts")]
    return Page("Moves of servers", "hosts", [table], trail=trail)


def _row(move: Mapping[str, Any]) -> Row:
    server_id, state = move["instance_uuid"], move["status"]
    kind = move["migration_type"]
    tone = _TONES.get(state, "busy")
    actions = []
    if kind == "live-migration" and tone == "busy":
        path = f"/servers/{server_id}/migrations/{move['id']}/abort"
        actions.append(Action("Call it off", path, "Call this move off?"))
    return Row(
        [
            Link(server_id[:8], f"/servers/{server_id}"),
            Text(_KINDS.get(kind, formats.words_of(kind))),
            Badge(state, tone),
            Text(move.get("source_compute") or "\u2013"),
            Text(move.get("dest_compute") or "\u2013"),
            When(move["created_at"]),
        ],
        actions,
        tone == "busy",
    )


ROUTES = [page("moves", show)]
