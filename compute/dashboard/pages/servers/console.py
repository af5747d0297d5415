"""A server's screen: what it has printed, and its console in the browser."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from compute.dashboard.frame.fields import Values
from compute.dashboard.frame.panels import Frame, Terminal
from compute.dashboard.frame.routes import deed, page
from compute.dashboard.frame.view import Action, Block, Link, Page
from compute.dashboard.frame.visit import Visit
from objectstore.kernel.errors import Rejected

LOG_LINES = 500
_KINDS = {"vnc": "novnc", "serial": "serial"}


def show(visit: Visit) -> Page:
    """The console log, and ways to the console itself."""
    server_id, rooms = visit["id"], visit.rooms
    body = {"os-getConsoleOutput": {"length": LOG_LINES}}
    found = rooms.together(
        server=lambda: rooms.get("compute", "servers", server_id),
        log=lambda: rooms.post("compute", "servers", server_id, "action", body=body),
    )
    server = found["server"]["server"]
    path = f"/servers/{server_id}"
    text = found.get("log", {}).get("output", "")
    note = "" if text else "It has printed nothing yet, or does not run."
    follows = bool(visit.query("follow"))
    if follows:
        note = "What it prints is shown as it comes."
    return Page(
        f"Console of {server['name']}",
        "servers",
        [Block("log", text, "Console log", note, True, f"{server_id}.log", follows)],
        [
            Action("Open the screen", f"{path}/console/vnc", look="primary"),
            Action("Serial console", f"{path}/console/serial"),
            Action("Stop following", f"{path}/console", is_form=True)
            if follows
            else Action("Follow the log", f"{path}/console?follow=yes", is_form=True),
        ],
        trail=_trail(server),
    )


def show_remote(visit: Visit, values: Values) -> Page:
    """The console, in a frame of this page; its address is good for this once."""
    server_id, kind = visit["id"], visit["kind"]
    if kind not in _KINDS:
        raise Rejected(404)
    wanted = {"protocol": kind, "type": _KINDS[kind]}
    found = visit.rooms.together(
        server=lambda: visit.rooms.get("compute", "servers", server_id),
        console=lambda: visit.rooms.post(
            "compute",
            "servers",
            server_id,
            "remote-consoles",
            body={"remote_console": wanted},
        ),
    )
    server, url = found["server"]["server"], found["console"]["remote_console"]["url"]
    title = f"Console of {server['name']}"
    again = Action("Connect again", f"/servers/{server_id}/console/{kind}")
    if urlsplit(url).scheme in ("http", "https"):
        sections: list[Any] = [Frame(url, title)]
        return Page(
            title, "servers", sections, [again], trail=_trail(server), frame_url=url
        )
    note = "For programs that speak WebSocket; the address is good for a while."
    return Page(
        title,
        "servers",
        [
            Terminal("terminal", url, "Serial console"),
            Block("address", url, "Address of the serial console", note),
        ],
        [again],
        trail=_trail(server),
        frame_url=url,
    )


def _trail(server: Any) -> list[Link]:
    return [
        Link("Servers", "/servers"),
        Link(server["name"], f"/servers/{server['id']}"),
    ]


ROUTES = [
    page("servers/{id}/console", show),
    deed("servers/{id}/console/{kind}", show_remote),
]
