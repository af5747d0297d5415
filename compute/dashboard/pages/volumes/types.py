"""Volume types, for administrators: what volumes may be of, and which are encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Option, Values
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Cell,
    Empty,
    Many,
    Page,
    Row,
    Table,
    Text,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.words import name_of, new_action, switch, yes
from objectstore.kernel.errors import Rejected

ROOM = "volume"
MAKE = new_action("Make a volume type", "/volume-types/new")
# Each is a question of its own how it is encrypted; who has more types than that looks
# at one at a time.
ASKED_MAX = 20
# What volumes are encrypted with here, by the size of its key.
PROVIDER, CIPHER, PLACE = "luks", "aes-xts-plain64", "front-end"
_SHARED = {"multiattach": "<is> True"}
_KEYS = {"": "Not encrypted", "256": "LUKS, AES-256", "128": "LUKS, AES-128"}


def show_all(visit: Visit) -> Page:
    """The list, those that are not public among them."""
    rooms = visit.rooms
    types = rooms.get(ROOM, "types", is_public="None")["volume_types"]
    types.sort(key=lambda each: str(each["name"]).lower())
    said = rooms.together(
        **{
            each["id"]: partial(rooms.get, ROOM, "types", each["id"], "encryption")
            for each in types[:ASKED_MAX]
        }
    )
    rows = []
    for each in types:
        path = at("volume-types", each["id"], "delete")
        question = f"Delete the volume type {name_of(each)}?"
        specs = each.get("extra_specs") or {}
        rows.append(
            Row(
                [
                    Text(name_of(each)),
                    yes(each.get("is_public", True)),
                    _encryption(said.get(each["id"], None)),
                    Many(
                        [Text(f"{key}={value}", "mono") for key, value in specs.items()]
                    ),
                    Text(each.get("description") or "", "faint"),
                ],
                [Action("Delete", path, question, look="danger")],
            )
        )
    visit.problems += said.problems
    columns = ["Name", "Public", "Encrypted", "Extra", "Description"]
    empty = Empty("No volume types: volumes are of none.", MAKE)
    table = Table("volume-types", columns, rows, empty, is_filterable=True)
    return Page("Volume types", "volume-types", [table], [MAKE])


def _encryption(said: Mapping[str, Any] | None) -> Cell:
    if said is None:
        return Text("not asked", "faint")
    if not said.get("provider"):
        return Badge("no", "idle")
    words = [said["provider"], said.get("cipher"), said.get("key_size")]
    return Badge(", ".join(str(each) for each in words if each), "good")


def new_form(visit: Visit) -> Form:
    """What volumes of it are."""
    has_keys = "key-manager" in visit.session.services
    keys = [Option(bits, text) for bits, text in _KEYS.items() if has_keys or not bits]
    return Form(
        "Make a volume type",
        [
            Field("name", "Name", is_required=True),
            Field("description", "Description"),
            switch("public", "Public: every project may use it", is_on=True),
            switch(
                "shared", "Several servers may have one volume at once",
                help="Their file system must be made for that. Not together with"
                " encryption.",
            ),
            Field(
                "key", "Encrypted", "select", options=keys,
                help="Each volume has a key of its own, which the key manager keeps."
                if has_keys
                else "Encryption needs a key manager, which this cloud has not.",
            ),
        ],
        "Make it",
        "/volume-types",
        "volume-types",
    )  # fmt: skip


def make(visit: Visit, values: Values) -> Redirect:
    """Make it; of one that cannot be encrypted as it should nothing is left."""
    rooms = visit.rooms
    if values.flag("shared") and values["key"]:
        raise BadForm({"shared": "A volume that servers share cannot be encrypted."})
    wanted = {
        "name": values["name"],
        "description": values["description"],
        "os-volume-type-access:is_public": values.flag("public"),
        "extra_specs": _SHARED if values.flag("shared") else {},
    }
    made = rooms.post(ROOM, "types", body={"volume_type": wanted})["volume_type"]
    if values["key"]:
        encryption = {
            "provider": PROVIDER,
            "cipher": CIPHER,
            "key_size": values.number("key"),
            "control_location": PLACE,
        }
        path = ("types", made["id"], "encryption")
        try:
            rooms.post(ROOM, *path, body={"encryption": encryption})
        except Rejected:
            rooms.delete(ROOM, "types", made["id"])
            raise
    return Redirect("/volume-types", Notice("The volume type is there."))


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away.  Refused while there are volumes of it."""
    visit.rooms.delete(ROOM, "types", visit["id"])
    return Redirect("/volume-types", Notice("The volume type is deleted."))


ROUTES = [
    page("volume-types", show_all),
    form("volume-types/new", new_form, make),
    deed("volume-types/{id}/delete", delete, "Delete this volume type?"),
]
