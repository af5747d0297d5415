"""Snapshots of stacks: taken, restored, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.dashboard.frame.fields import Field, Form, Values
from compute.dashboard.frame.routes import deed, form
from compute.dashboard.frame.view import Action, Empty, Row, Table, Text, When, status
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.stacks.launch import ROOM

PLACE = "snapshots"


def snapshot_table(stack: Mapping[str, Any], snapshots: Iterable[Any]) -> Table:
    """On the stack's page."""
    home = at("stacks", str(stack["stack_name"]), str(stack["id"]), PLACE)
    is_idle = "IN_PROGRESS" not in stack["stack_status"]
    rows = []
    for each in snapshots:
        name, path = each["name"] or each["id"][:8], f"{home}/{each['id']}"
        word = str(each["status"])
        actions = []
        if is_idle and word == "COMPLETE":
            question = f"Make the stack what it was in {name}? What came after is lost."
            actions.append(Action("Restore", f"{path}/restore", question))
        question = f"Delete the snapshot {name}?"
        actions.append(Action("Delete", f"{path}/delete", question, look="danger"))
        rows.append(
            Row(
                [
                    Text(name),
                    status(word),
                    Text(each.get("status_reason") or "", "faint"),
                    When(each["creation_time"]),
                ],
                actions,
                word == "IN_PROGRESS",
            )
        )
    take = Action("Take one", f"{home}/new", is_form=True)
    columns = ["Snapshot", "State", "Because", "Taken"]
    empty = Empty("No snapshots: one keeps what the stack and its volumes are now.")
    return Table(PLACE, columns, rows, empty, "Snapshots", [take] if is_idle else ())


def _place(visit: Visit) -> tuple[str, str, str]:
    return "stacks", visit["name"], visit["id"]


def new_form(visit: Visit) -> Form:
    """Its name."""
    fields = [Field("label", "Name")]
    home = at(*_place(visit))
    return Form("Take a snapshot of the stack", fields, "Take it", home, "stacks")


def take(visit: Visit, values: Values) -> Redirect:
    """Take it."""
    body = values.given(name="label")
    visit.rooms.post(ROOM, *_place(visit), PLACE, body=body)
    return Redirect(at(*_place(visit)), Notice("The snapshot is being taken."))


def restore(visit: Visit, values: Values) -> Redirect:
    """Make the stack what it was."""
    path = (*_place(visit), PLACE, visit["snapshot"], "restore")
    visit.rooms.post(ROOM, *path, body={})
    return Redirect(at(*_place(visit)), Notice("The stack is being restored."))


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete(ROOM, *_place(visit), PLACE, visit["snapshot"])
    return visit.done(at(*_place(visit)), "The snapshot is deleted.")


_ONE = "stacks/{name}/{id}/snapshots"
ROUTES = [
    form(f"{_ONE}/new", new_form, take),
    deed(
        f"{_ONE}/{{snapshot}}/restore",
        restore,
        "Make the stack what it was then? What came after is lost.",
    ),
    deed(f"{_ONE}/{{snapshot}}/delete", delete, "Delete this snapshot?"),
]
