"""Aggregates: hosts that belong together, and the zones that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Option, Values
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import (
    Action,
    Empty,
    Link,
    Many,
    Page,
    Row,
    Table,
    Text,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.words import new_action, pairs, plain
from compute.dashboard.rooms import Rooms

MAKE = new_action("Make an aggregate", "/aggregates/new")
ROOM, PLACE = "compute", "os-aggregates"
ZONE = "availability_zone"


def show_all(visit: Visit) -> Page:
    """The list."""
    found = visit.rooms.get(ROOM, PLACE)["aggregates"]
    empty = Empty(
        "No aggregates yet. One makes hosts a zone that people choose, or keeps them"
        " for flavors that ask for what they have.",
        MAKE,
    )
    columns = ["Name", "Zone", "Hosts", "Metadata"]
    rows = [_row(each) for each in found]
    table = Table("aggregates", columns, rows, empty, is_filterable=True)
    trail = [Link("Hosts", "/hosts")]
    return Page("Aggregates", "hosts", [table], [MAKE], trail=trail)


def _row(aggregate: Mapping[str, Any]) -> Row:
    path = f"/aggregates/{aggregate['id']}"
    told = [
        Text(f"{name} = {value}")
        for name, value in sorted(aggregate["metadata"].items())
        if name != ZONE
    ]
    question = f"Delete the aggregate {aggregate['name']}? Its hosts stay."
    return Row(
        [
            Text(aggregate["name"]),
            plain(aggregate.get(ZONE)),
            Many([Text(each) for each in aggregate["hosts"]]),
            Many(told),
        ],
        [
            Action("Edit\u2026", f"{path}/edit", is_form=True),
            Action("Delete", f"{path}/delete", question, look="danger"),
        ],
    )


def _hosts(rooms: Rooms) -> list[str]:
    found = rooms.get(ROOM, "os-services", binary="nova-compute")["services"]
    return sorted({str(each["host"]) for each in found})


def _fields(
    name: str, zone: str, metadata: str, hosts: Sequence[str], chosen: Sequence[str]
) -> list[Field]:
    every = sorted({*hosts, *chosen})
    return [
        Field("name", "Name", values=[name], is_required=True),
        Field(
            "zone", "Availability zone", values=[zone],
            help="Left empty, its hosts stay in the zone that they are in.",
        ),
        Field(
            "hosts", "Hosts", "checks", chosen, [Option(each, each) for each in every]
        ),
        Field(
            "metadata", "Metadata", "textarea", [metadata],
            help="One name=value a line; flavors ask for them.",
        ),
    ]  # fmt: skip


def new_form(visit: Visit) -> Form:
    """Its name, zone and hosts."""
    fields = _fields("", "", "", _hosts(visit.rooms), ())
    return Form("Make an aggregate", fields, "Make it", "/aggregates", "hosts")


def make(visit: Visit, values: Values) -> Redirect:
    """Make it, then put hosts into it."""
    wanted = {"name": values["name"], ZONE: values["zone"] or None}
    made = visit.rooms.post(ROOM, PLACE, body={"aggregate": wanted})["aggregate"]
    _settle(visit, {**made, "hosts": made.get("hosts") or []}, values)
    return Redirect("/aggregates", Notice("The aggregate is there."))


def _find(visit: Visit) -> Mapping[str, Any]:
    found: Mapping[str, Any] = visit.rooms.get(ROOM, PLACE, visit["id"])["aggregate"]
    return found


def edit_form(visit: Visit) -> Form:
    """The same, as it is."""
    found = visit.rooms.together(
        one=lambda: _find(visit), hosts=lambda: _hosts(visit.rooms)
    )
    one = found["one"]
    told = "\n".join(
        f"{name} = {value}"
        for name, value in sorted(one["metadata"].items())
        if name != ZONE
    )
    fields = _fields(
        one["name"], one.get(ZONE) or "", told, found["hosts"], one["hosts"]
    )
    return Form("Edit the aggregate", fields, "Save", "/aggregates", "hosts")


def edit(visit: Visit, values: Values) -> Redirect:
    """Change what is another."""
    one = _find(visit)
    if one.get(ZONE) and not values["zone"]:
        raise BadForm({"zone": "A zone is not taken away again: delete the aggregate."})
    change = {"name": values["name"], **values.given(**{ZONE: "zone"})}
    path = (PLACE, visit["id"])
    visit.rooms.put(ROOM, *path, body={"aggregate": change})
    _settle(visit, one, values)
    return Redirect("/aggregates", Notice("Saved."))


def _settle(visit: Visit, one: Mapping[str, Any], values: Values) -> None:
    """Its hosts and its metadata."""
    path = (PLACE, str(one["id"]), "action")
    wanted, has = set(values.chosen("hosts")), set(one["hosts"])
    for host in sorted(wanted - has):
        visit.rooms.post(ROOM, *path, body={"add_host": {"host": host}})
    for host in sorted(has - wanted):
        visit.rooms.post(ROOM, *path, body={"remove_host": {"host": host}})
    told = pairs(values["metadata"])
    gone = set(one.get("metadata") or {}) - set(told) - {ZONE}
    change: dict[str, str | None] = {**told, **dict.fromkeys(gone)}
    if change:
        visit.rooms.post(ROOM, *path, body={"set_metadata": {"metadata": change}})


def delete(visit: Visit, values: Values) -> Redirect:
    """Empty it, and take it away."""
    path = (PLACE, visit["id"], "action")
    for host in _find(visit)["hosts"]:
        visit.rooms.post(ROOM, *path, body={"remove_host": {"host": host}})
    visit.rooms.delete(ROOM, PLACE, visit["id"])
    return Redirect("/aggregates", Notice("The aggregate is deleted."))


ROUTES = [
    page("aggregates", show_all),
    form("aggregates/new", new_form, make),
    form("aggregates/{id}/edit", edit_form, edit),
    deed("aggregates/{id}/delete", delete, "Delete this aggregate? Its hosts stay."),
]
