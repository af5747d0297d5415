"""Where a server is and in which state, put right by administrators."""

from __future__ import annotations

from typing import Any

from compute.dashboard.frame.fields import Field, Form, Option, Values
from compute.dashboard.frame.routes import deed, form
from compute.dashboard.frame.visit import Notice, Redirect, Visit


def _form(visit: Visit, title: str, field: Field, submit: str, lead: str) -> Form:
    path = f"/servers/{visit['id']}"
    return Form(title, [field], submit, path, "servers", lead=lead)


def _order(visit: Visit, body: dict[str, Any], text: str) -> Redirect:
    visit.rooms.post("compute", "servers", visit["id"], "action", body=body)
    return Redirect(f"/servers/{visit['id']}", Notice(text))


def _host_field(visit: Visit) -> Field:
    """The hosts that are heard, apart from the one that it is on."""
    rooms = visit.rooms
    found = rooms.together(
        server=lambda: rooms.get("compute", "servers", visit["id"]),
        hosts=lambda: rooms.get("compute", "os-hypervisors", "detail"),
    )
    now = found["server"]["server"].get("OS-EXT-SRV-ATTR:hypervisor_hostname")
    names = [
        each["hypervisor_hostname"]
        for each in found["hosts"]["hypervisors"]
        if each["state"] == "up" and each["hypervisor_hostname"] != now
    ]
    choices = [Option("", "Any that has room"), *(Option(each, each) for each in names)]
    return Field(
        "host", "To the host", "select", options=choices,
        help="" if names else "No other host is heard just now.",
    )  # fmt: skip


def move_form(visit: Visit) -> Form:
    """Where to."""
    lead = "It runs on meanwhile; its disk is copied."
    field = _host_field(visit)
    return _form(visit, "Move the server while it runs", field, "Move it", lead)


def move(visit: Visit, values: Values) -> Redirect:
    """Order it."""
    wanted = {"host": values["host"] or None, "block_migration": "auto"}
    return _order(visit, {"os-migrateLive": wanted}, "The server moves.")


def migrate_form(visit: Visit) -> Form:
    """Where to."""
    lead = "It is stopped for it, and waits afterwards until you confirm or revert."
    return _form(visit, "Move the server", _host_field(visit), "Move it", lead)


def migrate(visit: Visit, values: Values) -> Redirect:
    """Order it."""
    wanted = {"host": values["host"]} if values["host"] else None
    return _order(visit, {"migrate": wanted}, "The server moves.")


def evacuate_form(visit: Visit) -> Form:
    """Where to."""
    lead = (
        "Only for a server whose host is down: it begins anew from its image, or from"
        " its volume, on another host."
    )
    return _form(visit, "Evacuate the server", _host_field(visit), "Evacuate it", lead)


def evacuate(visit: Visit, values: Values) -> Redirect:
    """Order it."""
    wanted = values.given(host="host")
    return _order(visit, {"evacuate": wanted}, "The server is evacuated.")


def state_form(visit: Visit) -> Form:
    """Which state."""
    states = [Option("active", "active"), Option("error", "error")]
    field = Field("state", "State", "select", options=states, is_required=True)
    lead = "Nothing is done to the guest: only what the cloud believes of it changes."
    return _form(visit, "Set the server's state", field, "Set it", lead)


def set_state(visit: Visit, values: Values) -> Redirect:
    """Believe it."""
    return _order(visit, {"os-resetState": {"state": values["state"]}}, "Set.")


def abort(visit: Visit, values: Values) -> Redirect:
    """Call a live move off."""
    path = ("servers", visit["id"], "migrations", visit["migration"])
    visit.rooms.delete("compute", *path)
    return visit.done("/moves", "The move is called off.")


ROUTES = [
    form("servers/{id}/move", move_form, move),
    form("servers/{id}/migrate", migrate_form, migrate),
    form("servers/{id}/evacuate", evacuate_form, evacuate),
    form("servers/{id}/state", state_form, set_state),
    deed("servers/{id}/migrations/{migration}/abort", abort, "Call this move off?"),
]
