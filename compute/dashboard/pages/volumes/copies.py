"""Snapshots and backups of volumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import Field, Form, Values
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import (
    Action,
    Cell,
    Empty,
    Facts,
    Link,
    Page,
    Row,
    Table,
    Text,
    When,
    status,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.volumes.volumes import (
    GIB,
    is_busy,
    snapshot_actions,
    snapshot_table,
)
from compute.dashboard.pages.words import link_to, name_of, options, plain

_VOLUMES = Action("Look at the volumes", "/volumes", is_form=True)


def show_snapshots(visit: Visit) -> Page:
    """All of the project."""
    found = visit.rooms.get("volume", "snapshots", "detail", limit=1000)
    table = snapshot_table(found["snapshots"], "", _VOLUMES)
    return Page("Snapshots", "snapshots", [table])


def show_snapshot(visit: Visit) -> Page:
    """One of them."""
    found = visit.rooms.get("volume", "snapshots", visit["id"])["snapshot"]
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(found["id"], "copy")),
        ("Description", plain(found.get("description"))),
        ("Size", Text(formats.size(found["size"] * GIB))),
        ("Of", Link("volume", f"/volumes/{found['volume_id']}")),
        ("Made", When(found["created_at"])),
    ]
    return Page(
        name_of(found),
        "snapshots",
        [Facts("facts", facts, "About", is_busy(found))],
        snapshot_actions(found),
        badges=[status(found["status"])],
        trail=[Link("Snapshots", "/snapshots")],
    )


def delete_snapshot(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete("volume", "snapshots", visit["id"])
    return Redirect("/snapshots", Notice("The snapshot is deleted."))


def show_backups(visit: Visit) -> Page:
    """All of the project."""
    found = visit.rooms.get("volume", "backups", "detail", limit=1000)
    rows = [
        Row(
            [
                link_to(each, f"/backups/{each['id']}"),
                status(each["status"]),
                Text(formats.size(each["size"] * GIB)),
                Text("changes only" if each.get("is_incremental") else "whole"),
                When(each["created_at"]),
            ],
            _actions(each),
            is_busy(each),
        )
        for each in found["backups"]
    ]
    empty = Empty(
        "No backups yet. A backup is a copy of a volume in the object store: it"
        " outlives the volume and its host. Make one from a volume's actions.",
        _VOLUMES,
    )
    columns = ["Name", "State", "Size", "Keeps", "Made"]
    table = Table("backups", columns, rows, empty, is_filterable=True)
    return Page("Backups", "backups", [table])


def _actions(backup: Mapping[str, Any]) -> list[Action]:
    path = f"/backups/{backup['id']}"
    found = []
    if backup["status"] == "available":
        found.append(Action("Restore\u2026", f"{path}/restore", is_form=True))
    question = f"Delete the backup {name_of(backup)}?"
    return [*found, Action("Delete", f"{path}/delete", question, look="danger")]


def show_backup(visit: Visit) -> Page:
    """One of them."""
    found = visit.rooms.get("volume", "backups", visit["id"])["backup"]
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(found["id"], "copy")),
        ("Description", plain(found.get("description"))),
        ("Size of the volume", Text(formats.size(found["size"] * GIB))),
        ("Objects", plain(found.get("object_count"))),
        ("Container", plain(found.get("container"))),
        ("Made", When(found["created_at"])),
    ]
    if found.get("fail_reason"):
        facts.append(("What went wrong", Text(found["fail_reason"])))
    return Page(
        name_of(found),
        "backups",
        [Facts("facts", facts, "About", is_busy(found))],
        _actions(found),
        badges=[status(found["status"])],
        trail=[Link("Backups", "/backups")],
    )


def restore_form(visit: Visit) -> Form:
    """Into which volume."""
    volumes = visit.rooms.get("volume", "volumes", "detail", status="available")
    field = Field(
        "volume",
        "Into",
        "select",
        options=options(volumes["volumes"], blank="A new volume"),
        help="What is on a volume that you choose is lost.",
    )
    return Form(
        "Restore the backup", [field], "Restore", f"/backups/{visit['id']}", "backups"
    )


def restore(visit: Visit, values: Values) -> Redirect:
    """Order it."""
    wanted = values.given(volume_id="volume")
    path = ("backups", visit["id"], "restore")
    made = visit.rooms.post("volume", *path, body={"restore": wanted})
    text = Notice("The backup is being restored.")
    return Redirect(f"/volumes/{made['restore']['volume_id']}", text)


def delete_backup(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete("volume", "backups", visit["id"])
    return Redirect("/backups", Notice("The backup is deleted."))


ROUTES = [
    page("snapshots", show_snapshots),
    page("snapshots/{id}", show_snapshot),
    deed("snapshots/{id}/delete", delete_snapshot, "Delete this snapshot?"),
    page("backups", show_backups),
    page("backups/{id}", show_backup),
    form("backups/{id}/restore", restore_form, restore),
    deed("backups/{id}/delete", delete_backup, "Delete this backup?"),
]
