"""Groups of volumes, and snapshots of a whole group, all of one moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import Values
from compute.dashboard.frame.routes import deed, page
from compute.dashboard.frame.view import (
    Action,
    Cell,
    Empty,
    Facts,
    Link,
    Many,
    Page,
    Row,
    Table,
    Text,
    When,
    status,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.volumes.volumes import GIB, is_busy
from compute.dashboard.pages.words import PAGE_ROWS, link_to, name_of, new_action, plain

ROOM, PLACE, SNAPSHOTS = "volume", "volume-groups", "volume-group-snapshots"
MAKE = new_action("Make a group", at(PLACE, "new"))
TRAIL = (Link("Volume groups", at(PLACE)),)
Thing = Mapping[str, Any]


def show_all(visit: Visit) -> Page:
    """The groups, a page at a time, and what was copied of them."""
    rooms, marker = visit.rooms, visit.query("marker") or None
    found = rooms.together(
        groups=lambda: rooms.get(
            ROOM, "groups", "detail", limit=PAGE_ROWS, marker=marker
        ),
        snapshots=lambda: rooms.get(ROOM, "group_snapshots", "detail", limit=PAGE_ROWS),
        types=lambda: rooms.get(ROOM, "group_types"),
    )
    groups = found["groups"]["groups"]
    names = _names(found.get("types", {}).get("group_types", ()))
    rows = [
        Row(
            [
                link_to(each, at(PLACE, each["id"])),
                status(each["status"]),
                Text(names.get(each["group_type"], each["group_type"])),
                plain(each.get("description")),
                When(each["created_at"]),
            ],
            actions_of(each),
            is_busy(each),
        )
        for each in groups
    ]
    empty = Empty(
        "No groups yet. The volumes of a group are copied at one moment: a database"
        " and its log, say.",
        MAKE,
    )
    more = at(PLACE, marker=groups[-1]["id"]) if len(groups) == PAGE_ROWS else ""
    columns = ["Name", "State", "Type", "Description", "Made"]
    table = Table(PLACE, columns, rows, empty, is_filterable=True, more=more)
    snapshots = found.get("snapshots", {}).get("group_snapshots", ())
    visit.problems += found.problems
    sections = [table, _snapshot_table(snapshots, _names(groups))]
    return Page("Volume groups", PLACE, sections, [MAKE])


def _names(things: Iterable[Thing]) -> dict[str, str]:
    return {each["id"]: name_of(each) for each in things}


def actions_of(group: Thing) -> list[Action]:
    """What can be done with it now."""
    path = (PLACE, group["id"])
    found = []
    if group["status"] == "available":
        copied = at(PLACE, "copy", group=group["id"])
        found = [
            Action("Snapshot\u2026", at(*path, "snapshot"), is_form=True),
            Action("Edit\u2026", at(*path, "edit"), is_form=True),
            Action("Copy\u2026", copied, is_form=True),
        ]
    if not is_busy(group):
        name = name_of(group)
        gone = f"Delete the group {name}? It must be empty: its volumes stay."
        whole = f"Delete the group {name} and all of its volumes?"
        found += [
            Action("Delete", at(*path, "delete"), gone, look="danger"),
            Action("Delete it all", at(*path, "delete-all"), whole, look="danger"),
        ]
    return found


def _snapshot_table(
    snapshots: Iterable[Thing],
    names: Mapping[str, str],
    title: str = "Snapshots of groups",
) -> Table:
    rows = [
        Row(
            [
                Text(name_of(each)),
                status(each["status"]),
                Link(
                    names.get(each["group_id"], each["group_id"][:8]),
                    at(PLACE, each["group_id"]),
                ),
                When(each["created_at"]),
            ],
            _snapshot_actions(each),
            is_busy(each),
        )
        for each in snapshots
    ]
    empty = Empty("None yet. Take one from a group's actions.")
    columns = ["Name", "State", "Of", "Made"]
    return Table("snapshots", columns, rows, empty, title)


def _snapshot_actions(snapshot: Thing) -> list[Action]:
    found = []
    if snapshot["status"] == "available":
        copied = at(PLACE, "copy", snapshot=snapshot["id"])
        found.append(Action("New group\u2026", copied, is_form=True))
    question = f"Delete {name_of(snapshot)}, the snapshots of all its volumes?"
    path = at(SNAPSHOTS, snapshot["id"], "delete")
    return [*found, Action("Delete", path, question, look="danger")]


def show_one(visit: Visit) -> Page:
    """Its volumes, and what was copied of it."""
    rooms, group_id = visit.rooms, visit["id"]
    found = rooms.together(
        group=lambda: rooms.get(ROOM, "groups", group_id),
        volumes=lambda: rooms.get(ROOM, "volumes", "detail", group_id=group_id),
        snapshots=lambda: rooms.get(
            ROOM, "group_snapshots", "detail", group_id=group_id, limit=PAGE_ROWS
        ),
        types=lambda: rooms.get(ROOM, "types"),
        kinds=lambda: rooms.get(ROOM, "group_types"),
    )
    group = found["group"]["group"]
    names = _names(found.get("types", {}).get("volume_types", ()))
    kinds = _names(found.get("kinds", {}).get("group_types", ()))
    taken = [Text(names.get(each, each)) for each in group["volume_types"]]
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(group["id"], "copy")),
        ("Description", plain(group.get("description"))),
        ("Type", Text(kinds.get(group["group_type"], group["group_type"]))),
        ("Takes volumes of", Many(taken, "no type")),
        ("Zone", plain(group.get("availability_zone"))),
        ("Made", When(group["created_at"])),
    ]
    rows = [
        Row(
            [
                link_to(each, at("volumes", each["id"])),
                status(each["status"]),
                Text(formats.size(each["size"] * GIB)),
                plain(each.get("volume_type")),
            ],
            is_busy=is_busy(each),
        )
        for each in found.get("volumes", {}).get("volumes", ())
    ]
    edit = Action("Edit\u2026", at(PLACE, group_id, "edit"), is_form=True)
    empty = Empty("No volumes in it yet.", edit)
    columns = ["Name", "State", "Size", "Type"]
    snapshots = found.get("snapshots", {}).get("group_snapshots", ())
    visit.problems += found.problems
    actions = actions_of(group)
    return Page(
        name_of(group),
        PLACE,
        [
            Facts("facts", facts, "About", is_busy(group)),
            Table("volumes", columns, rows, empty, "Its volumes"),
            _snapshot_table(snapshots, {group_id: name_of(group)}, "Its snapshots"),
        ],
        actions[:2],
        actions[2:],
        badges=[status(group["status"])],
        trail=TRAIL,
    )


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away.  Refused while a volume is in it."""
    return _delete(visit, False)


def delete_all(visit: Visit, values: Values) -> Redirect:
    """With its volumes.  Refused while a server has one of them."""
    return _delete(visit, True)


def _delete(visit: Visit, is_whole: bool) -> Redirect:
    body = {"delete": {"delete-volumes": is_whole}}
    visit.rooms.post(ROOM, "groups", visit["id"], "action", body=body)
    return Redirect(at(PLACE), Notice("The group is being deleted."))


def delete_snapshot(visit: Visit, values: Values) -> Redirect:
    """The snapshots of all volumes together."""
    visit.rooms.delete(ROOM, "group_snapshots", visit["id"])
    return visit.done(at(PLACE), "The snapshot of the group is being deleted.")


ROUTES = [
    page(PLACE, show_all),
    page(f"{PLACE}/{{id}}", show_one),
    deed(f"{PLACE}/{{id}}/delete", delete, "Delete this group? Its volumes stay."),
    deed(f"{PLACE}/{{id}}/delete-all", delete_all, "Delete it and all its volumes?"),
    deed(f"{SNAPSHOTS}/{{id}}/delete", delete_snapshot, "Delete this snapshot?"),
]
