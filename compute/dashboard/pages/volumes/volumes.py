"""Volumes: the list, one of them, and what is done to it."""

from __future__ import annotations

from collections.abc import Mapping
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
    Search,
    Table,
    Text,
    When,
    status,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.words import (
    PAGE_ROWS,
    link_to,
    name_of,
    new_action,
    plain,
    yes,
)

MAKE = new_action("Make a volume", "/volumes/new")
TRAIL = (Link("Volumes", "/volumes"),)
GIB = 1 << 30
# "reserved" is not: but for those of servers that are shelved it is a moment on the way
# to a server.
SETTLED = frozenset(("available", "in-use", "error", "maintenance"))


def is_busy(thing: Mapping[str, Any]) -> bool:
    """Whether a volume, snapshot or backup will change by itself."""
    word = thing["status"]
    return word not in SETTLED and not word.startswith("error")


def show_all(visit: Visit) -> Page:
    """The list, a page at a time."""
    wanted, sought = visit.query("status"), visit.query("search")
    asked = {"name~": sought or None, "status": wanted or None}
    found = visit.rooms.together(
        volumes=lambda: visit.rooms.get(
            "volume",
            "volumes",
            "detail",
            limit=PAGE_ROWS,
            marker=visit.query("marker") or None,
            **asked,
        ),
        servers=lambda: visit.rooms.get("compute", "servers", limit=1000),
    )
    names = server_names(found.get("servers", {}).get("servers", ()))
    volumes = found["volumes"]["volumes"]
    visit.problems += found.problems
    rows = [
        Row(
            [
                link_to(each, f"/volumes/{each['id']}"),
                status(each["status"]),
                Text(formats.size(each["size"] * GIB)),
                plain(each.get("volume_type")),
                holders(each, names),
                When(each["created_at"]),
            ],
            actions_of(each),
            is_busy(each),
        )
        for each in volumes
    ]
    more = ""
    if len(volumes) == PAGE_ROWS:
        last = volumes[-1]["id"]
        more = at("volumes", marker=last, status=wanted, search=sought)
    empty = Empty(
        "No volumes yet. A volume is a disk that lives on its own: it outlives servers"
        " and moves between them.",
        MAKE,
    )
    if wanted or sought:
        empty = Empty(
            "No volume is so.", Action("All volumes", "/volumes", is_form=True)
        )
    search = Search("/volumes", "search", "Search by name", sought, {"status": wanted})
    columns = ["Name", "State", "Size", "Type", "Attached to", "Made"]
    table = Table(
        "volumes", columns, rows, empty, is_filterable=True, more=more, search=search
    )
    lead = f"Only those that are {wanted}" if wanted else ""
    return Page("Volumes", "volumes", [table], [MAKE], lead=lead)


def server_names(servers: Any) -> dict[str, str]:
    """Names by id."""
    return {each["id"]: name_of(each) for each in servers}


def holders(volume: Mapping[str, Any], names: Mapping[str, str]) -> Cell:
    """The servers that have it."""
    cells: list[Cell] = []
    for each in volume.get("attachments", ()):
        server_id = each["server_id"]
        name = names.get(server_id, server_id[:8])
        cells.append(
            Link(f"{name} {each.get('device') or ''}", f"/servers/{server_id}")
        )
    return Many(cells, "no server")


def is_free(volume: Mapping[str, Any]) -> bool:
    """Whether one more server may have it."""
    is_shared = bool(volume.get("multiattach"))
    return volume["status"] == "available" or (
        is_shared and volume["status"] == "in-use"
    )


def actions_of(volume: Mapping[str, Any]) -> list[Action]:
    """What can be done with it now."""
    path, word = f"/volumes/{volume['id']}", volume["status"]
    found = []
    if is_free(volume):
        found.append(Action("Attach\u2026", f"{path}/attach", is_form=True))
    if word in ("available", "in-use"):
        found += [
            Action("Snapshot\u2026", f"{path}/snapshot", is_form=True),
            Action("Back up\u2026", f"{path}/backup", is_form=True),
        ]
    # One that servers share does not grow while one has it.
    if word == "available" or (word == "in-use" and not volume.get("multiattach")):
        found.append(Action("Extend\u2026", f"{path}/extend", is_form=True))
    if word == "available" and volume.get("bootable") == "true":
        launch = at("servers", "new", volume=str(volume["id"]))
        found.append(Action("Launch a server", launch, is_form=True))
    found.append(Action("Edit\u2026", f"{path}/edit", is_form=True))
    if word == "available" or word.startswith("error"):
        question = f"Delete the volume {name_of(volume)}, and all that is on it?"
        found.append(Action("Delete", f"{path}/delete", question, look="danger"))
    return found


def show_one(visit: Visit) -> Page:
    """One volume, and its snapshots."""
    volume_id, rooms = visit["id"], visit.rooms
    found = rooms.together(
        volume=lambda: rooms.get("volume", "volumes", volume_id),
        snapshots=lambda: rooms.get(
            "volume", "snapshots", "detail", volume_id=volume_id
        ),
        servers=lambda: rooms.get("compute", "servers", limit=1000),
    )
    volume = found["volume"]["volume"]
    names = server_names(found.get("servers", {}).get("servers", ()))
    visit.problems += found.problems
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(volume["id"], "copy")),
        ("Description", plain(volume.get("description"))),
        ("Size", Text(formats.size(volume["size"] * GIB))),
        ("Type", plain(volume.get("volume_type"))),
        ("Attached to", holders(volume, names)),
        ("Bootable", yes(volume.get("bootable") == "true")),
        ("Encrypted", yes(volume.get("encrypted"))),
        ("Shared by servers", yes(volume.get("multiattach"))),
        *_key_of(volume),
        ("Zone", plain(volume.get("availability_zone"))),
        ("Made", When(volume["created_at"])),
    ]
    facts += [
        (name, Text(text)) for name, text in (volume.get("metadata") or {}).items()
    ]
    snapshots = found.get("snapshots", {}).get("snapshots", ())
    front, more = actions_of(volume)[:2], actions_of(volume)[2:]
    return Page(
        name_of(volume),
        "volumes",
        [Facts("facts", facts, "About", is_busy(volume)), snapshot_table(snapshots)],
        front,
        more,
        badges=[status(volume["status"])],
        trail=TRAIL,
    )


def _key_of(volume: Mapping[str, Any]) -> list[tuple[str, Cell]]:
    """The secret that opens it, where it is encrypted."""
    key = volume.get("encryption_key_id")
    return [("Its key", Link(key, at("secrets", key)))] if key else []


def snapshot_table(
    snapshots: Any, title: str = "Snapshots", way: Action | None = None
) -> Table:
    """Snapshots, as on several pages.  ``way``: to where one is made."""
    rows = [
        Row(
            [
                link_to(each, f"/snapshots/{each['id']}"),
                status(each["status"]),
                Text(formats.size(each["size"] * GIB)),
                Link("volume", f"/volumes/{each['volume_id']}"),
                When(each["created_at"]),
            ],
            snapshot_actions(each),
            is_busy(each),
        )
        for each in snapshots
    ]
    columns = ["Name", "State", "Size", "Of", "Made"]
    empty = Empty(
        "No snapshots yet. A snapshot keeps what a volume is at a moment. Make one from"
        " a volume's actions.",
        way,
    )
    return Table("snapshots", columns, rows, empty, title, is_filterable=True)


def snapshot_actions(snapshot: Mapping[str, Any]) -> list[Action]:
    """What can be done with it."""
    path = f"/snapshots/{snapshot['id']}"
    found = []
    if snapshot["status"] == "available":
        new = at("volumes", "new", snapshot=str(snapshot["id"]))
        found.append(Action("New volume\u2026", new, is_form=True))
    question = f"Delete the snapshot {name_of(snapshot)}?"
    return [*found, Action("Delete", f"{path}/delete", question, look="danger")]


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete("volume", "volumes", visit["id"])
    return Redirect("/volumes", Notice("The volume is deleted."))


ROUTES = [
    page("volumes", show_all),
    page("volumes/{id}", show_one),
    deed("volumes/{id}/delete", delete, "Delete this volume, and all that is on it?"),
]
