"""Launching a server."""

from __future__ import annotations

from compute.dashboard.frame.fields import Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.servers.launch_form import launch_form
from compute.dashboard.pages.servers.order import order_of


def launch(visit: Visit, values: Values) -> Redirect:
    """Order it."""
    reply = visit.rooms.post("compute", "servers", body=order_of(values))
    made = reply.get("server", {}).get("id", "")
    count = values.number("count") or 1
    path = f"/servers/{made}" if count == 1 and made else "/servers"
    text = "The server is being built."
    return Redirect(path, Notice(text if count == 1 else f"{count} servers are built."))


ROUTES = [form("servers/new", launch_form, launch)]
