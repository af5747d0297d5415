"""What was asked of a server, who asked, and how each step of it went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.routes import page
from compute.dashboard.frame.view import (
    Badge,
    Block,
    Cell,
    Empty,
    Facts,
    Link,
    Page,
    Row,
    Table,
    Text,
    When,
)
from compute.dashboard.frame.visit import Visit, at
from compute.dashboard.pages.words import PAGE_ROWS, plain

_TONES = {"Success": "good", "Error": "bad"}


def show_all(visit: Visit) -> Page:
    """Everything, a page at a time."""
    rooms, server_id = visit.rooms, visit["id"]
    path = ("servers", server_id, "os-instance-actions")
    found = rooms.together(
        server=lambda: rooms.get("compute", "servers", server_id),
        history=lambda: rooms.get(
            "compute", *path, limit=PAGE_ROWS, marker=visit.query("marker") or None
        ),
    )
    actions = found["history"]["instanceActions"]
    rows = [
        Row(
            [
                Link(
                    formats.words_of(each["action"]),
                    at("servers", server_id, "history", each["request_id"]),
                ),
                When(each["start_time"]),
                Text(each.get("message") or "", "faint"),
                Text(each["request_id"], "mono"),
            ]
        )
        for each in actions
    ]
    more = ""
    if len(actions) == PAGE_ROWS:
        more = at("servers", server_id, "history", marker=actions[-1]["request_id"])
    columns = ["What was asked", "When", "What went wrong", "Request"]
    table = Table("history", columns, rows, Empty("Nothing yet."), more=more)
    server = found["server"]["server"]
    return Page("History", "servers", [table], trail=_trail(server))


def show_one(visit: Visit) -> Page:
    """One request and its steps."""
    rooms, server_id = visit.rooms, visit["id"]
    found = rooms.together(
        server=lambda: rooms.get("compute", "servers", server_id),
        action=lambda: rooms.get(
            "compute", "servers", server_id, "os-instance-actions", visit["request"]
        ),
    )
    action, server = found["action"]["instanceAction"], found["server"]["server"]
    events = action.get("events") or ()
    facts: list[tuple[str, Cell]] = [
        ("Asked", When(action["start_time"])),
        ("Changed", When(action.get("updated_at") or "")),
        ("Request", Text(action["request_id"], "copy")),
        ("By the person", plain(action.get("user_id"))),
        ("In the project", plain(action.get("project_id"))),
        ("What went wrong", plain(action.get("message"))),
    ]
    is_busy = any(not each.get("finish_time") for each in events)
    sections: list[Any] = [
        Facts("facts", facts, "About", is_busy),
        _steps(events),
        *(
            Block(f"trace-{place}", each["traceback"], f"Details of {each['event']}")
            for place, each in enumerate(events)
            if each.get("traceback")
        ),
    ]
    title = formats.words_of(action["action"]).capitalize()
    history = Link("History", at("servers", server_id, "history"))
    return Page(title, "servers", sections, trail=[*_trail(server), history])


def _steps(events: Any) -> Table:
    rows = [
        Row(
            [
                Text(each["event"]),
                _result(each),
                When(each["start_time"]),
                Text(_seconds(each)),
                Text(each.get("host") or "", "mono"),
            ],
            is_busy=not each.get("finish_time"),
        )
        for each in events
    ]
    columns = ["Step", "How it went", "Begun", "Took", "Host"]
    return Table("steps", columns, rows, Empty("No step has begun."), "Steps")


def _result(event: Mapping[str, Any]) -> Badge:
    if not event.get("finish_time"):
        return Badge("under way", "busy")
    result = event.get("result") or "done"
    return Badge(result.lower(), _TONES.get(result, "idle"))


def _seconds(event: Mapping[str, Any]) -> str:
    begun = formats.moment_of(event["start_time"])
    ended = formats.moment_of(event.get("finish_time") or "")
    if begun is None or ended is None:
        return "\u2013"
    return f"{(ended - begun).total_seconds():.1f} s"


def _trail(server: Mapping[str, Any]) -> list[Link]:
    return [
        Link("Servers", "/servers"),
        Link(server["name"], at("servers", server["id"])),
    ]


ROUTES = [
    page("servers/{id}/history", show_all),
    page("servers/{id}/history/{request}", show_one),
]
