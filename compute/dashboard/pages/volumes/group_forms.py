"""What is asked of groups of volumes with forms."""

from __future__ import annotations

from typing import Any

from compute.dashboard.frame.fields import Field, Form, Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.volumes.groups import PLACE, ROOM
from compute.dashboard.pages.words import name_of, options
from objectstore.kernel.errors import Rejected


def _texts(name: str = "", description: str = "") -> list[Field]:
    return [
        Field("name", "Name", values=[name]),
        Field("description", "Description", values=[description]),
    ]


def new_form(visit: Visit) -> Form:
    """Of which type, and which types of volumes it takes."""
    found = visit.rooms.together(
        kinds=lambda: visit.rooms.get(ROOM, "group_types"),
        types=lambda: visit.rooms.get(ROOM, "types"),
    )
    kinds = options(found["kinds"]["group_types"])
    types = options(found["types"]["volume_types"])
    return Form(
        "Make a group",
        [
            *_texts(),
            Field(
                "kind", "Type of the group", "select", options=kinds, is_required=True,
                help="" if kinds else "There is none: administrators of the cloud make"
                " them, with openstack volume group type create.",
            ),
            Field(
                "types", "Takes volumes of", "checks",
                [each.value for each in types[:1]] if len(types) == 1 else (),
                types, is_required=True,
            ),
        ],
        "Make it",
        at(PLACE),
        PLACE,
        lead="It is empty at first; volumes are put into it.",
    )  # fmt: skip


def make(visit: Visit, values: Values) -> Redirect:
    """Make it."""
    wanted = {
        **values.given(name="name", description="description"),
        "group_type": values["kind"],
        "volume_types": values.chosen("types"),
    }
    made = visit.rooms.post(ROOM, "groups", body={"group": wanted})["group"]
    return Redirect(at(PLACE, made["id"]), Notice("The group is there."))


def edit_form(visit: Visit) -> Form:
    """Its name, and its volumes: those of its types that are in no group beside."""
    rooms, group_id = visit.rooms, visit["id"]
    found = rooms.together(
        group=lambda: rooms.get(ROOM, "groups", group_id),
        within=lambda: rooms.get(ROOM, "volumes", "detail", group_id=group_id),
        volumes=lambda: rooms.get(ROOM, "volumes", "detail", limit=1000),
        types=lambda: rooms.get(ROOM, "types"),
    )
    group, volumes = found["group"]["group"], found["volumes"]["volumes"]
    within = found["within"]["volumes"]
    types = {
        each["name"]
        for each in found["types"]["volume_types"]
        if each["id"] in group["volume_types"]
    }
    free = [
        each
        for each in volumes
        if not each.get("group_id")
        and each.get("volume_type") in types
        and each["status"] in ("available", "in-use")
    ]
    return Form(
        "Edit the group",
        [
            *_texts(group.get("name") or "", group.get("description") or ""),
            Field(
                "volumes", "Its volumes", "checks", [each["id"] for each in within],
                options([*within, *free], "volume_type"),
                help="Those of its types that are in no other group.",
            ),
        ],
        "Save",
        at(PLACE, group_id),
        PLACE,
    )  # fmt: skip


def edit(visit: Visit, values: Values) -> Redirect:
    """Change it."""
    asked = {"group_id": visit["id"]}
    known = visit.rooms.get(ROOM, "volumes", "detail", **asked)["volumes"]
    before, wanted = {each["id"] for each in known}, set(values.chosen("volumes"))
    change: dict[str, Any] = {
        "name": values["name"],
        "description": values["description"],
    }
    if joins := wanted - before:
        change["add_volumes"] = ",".join(sorted(joins))
    if leaves := before - wanted:
        change["remove_volumes"] = ",".join(sorted(leaves))
    visit.rooms.put(ROOM, "groups", visit["id"], body={"group": change})
    return Redirect(at(PLACE, visit["id"]), Notice("Saved."))


def snapshot_form(visit: Visit) -> Form:
    """Its name."""
    group = visit.rooms.get(ROOM, "groups", visit["id"])["group"]
    return Form(
        "Take a snapshot",
        _texts(f"{name_of(group)} snapshot"[:255]),
        "Take it",
        at(PLACE, visit["id"]),
        PLACE,
        lead="Of every volume of the group, all of one moment; also while servers"
        " write.",
    )


def snapshot(visit: Visit, values: Values) -> Redirect:
    """Order it."""
    texts = values.given(name="name", description="description")
    wanted = {"group_id": visit["id"], **texts}
    visit.rooms.post(ROOM, "group_snapshots", body={"group_snapshot": wanted})
    return Redirect(at(PLACE, visit["id"]), Notice("The snapshot is being taken."))


def copy_form(visit: Visit) -> Form:
    """Its name; the address says of what."""
    if not (visit.query("group") or visit.query("snapshot")):
        raise Rejected(400, "Of what? Choose a group or a snapshot of one.")
    return Form(
        "Make a group like it",
        _texts(),
        "Make it",
        at(PLACE),
        PLACE,
        lead="With a copy of each volume.",
    )


def copy(visit: Visit, values: Values) -> Redirect:
    """Order it."""
    wanted: dict[str, str] = values.given(name="name", description="description")
    if of := visit.query("snapshot"):
        wanted["group_snapshot_id"] = of
    else:
        wanted["source_group_id"] = visit.query("group")
    body = {"create-from-src": wanted}
    made = visit.rooms.post(ROOM, "groups", "action", body=body)["group"]
    return Redirect(at(PLACE, made["id"]), Notice("The group is being made."))


ROUTES = [
    form(f"{PLACE}/new", new_form, make),
    form(f"{PLACE}/copy", copy_form, copy),
    form(f"{PLACE}/{{id}}/edit", edit_form, edit),
    form(f"{PLACE}/{{id}}/snapshot", snapshot_form, snapshot),
]
