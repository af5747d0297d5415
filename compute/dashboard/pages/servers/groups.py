"""Server groups: which servers are to be on one host, or on different ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Option, Values
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import (
    Action,
    Cell,
    Empty,
    Link,
    Many,
    Page,
    Row,
    Table,
    Text,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.words import name_of, new_action

MAKE = new_action("Make a group", "/server-groups/new")
POLICIES = {
    "anti-affinity": "on different hosts",
    "soft-anti-affinity": "on different hosts, where there are enough",
    "affinity": "on one host",
    "soft-affinity": "on one host, where it has room",
}
PER_HOST_MAX = 1000


def show_all(visit: Visit) -> Page:
    """The list."""
    rooms = visit.rooms
    found = rooms.together(
        groups=lambda: rooms.get("compute", "os-server-groups", limit=1000),
        servers=lambda: rooms.get("compute", "servers", limit=1000),
    )
    names = {
        each["id"]: name_of(each)
        for each in found.get("servers", {}).get("servers", ())
    }
    visit.problems += found.problems
    rows = [_row(each, names) for each in found["groups"]["server_groups"]]
    empty = Empty(
        "No groups yet. A group keeps its servers apart, so that one host takes only"
        " one of them along when it fails; or together. Choose it when you launch.",
        MAKE,
    )
    columns = ["Name", "Its servers are", "At most on one host", "Servers"]
    table = Table("server-groups", columns, rows, empty, is_filterable=True)
    return Page("Server groups", "server-groups", [table], [MAKE])


def _row(group: Mapping[str, Any], names: Mapping[str, str]) -> Row:
    members: list[Cell] = [
        Link(names.get(each, each[:8]), f"/servers/{each}") for each in group["members"]
    ]
    most = (group.get("rules") or {}).get("max_server_per_host")
    question = f"Delete the group {name_of(group)}? Its servers stay."
    path = f"/server-groups/{group['id']}/delete"
    return Row(
        [
            Text(name_of(group)),
            Text(POLICIES.get(group["policy"], group["policy"])),
            Text(str(most) if most else "\u2013"),
            Many(members),
        ],
        [Action("Delete", path, question, look="danger")],
    )


def new_form(visit: Visit) -> Form:
    """Its rule."""
    policies = [Option(word, text) for word, text in POLICIES.items()]
    return Form(
        "Make a server group",
        [
            Field("name", "Name", is_required=True),
            Field(
                "policy", "Its servers are", "select", options=policies,
                is_required=True,
            ),
            Field(
                "most", "At most so many on one host", "number", least=1,
                most=PER_HOST_MAX, help="Only where they are to be on different hosts.",
            ),
        ],
        "Make it",
        "/server-groups",
        "server-groups",
    )  # fmt: skip


def make(visit: Visit, values: Values) -> Redirect:
    """Make it."""
    most = values.number("most")
    group: dict[str, Any] = {"name": values["name"], "policy": values["policy"]}
    if most is not None:
        if values["policy"] != "anti-affinity":
            raise BadForm({"most": "Only for servers on different hosts."})
        group["rules"] = {"max_server_per_host": most}
    visit.rooms.post("compute", "os-server-groups", body={"server_group": group})
    return Redirect("/server-groups", Notice("The group is there."))


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete("compute", "os-server-groups", visit["id"])
    return Redirect("/server-groups", Notice("The group is deleted."))


ROUTES = [
    page("server-groups", show_all),
    form("server-groups/new", new_form, make),
    deed("server-groups/{id}/delete", delete, "Delete this group? Its servers stay."),
]
