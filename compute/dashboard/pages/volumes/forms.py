"""What is asked of volumes with forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.words import name_of, options, switch
from compute.dashboard.rooms import Answers

SIZE_MAX = 1 << 20


def _volume(visit: Visit) -> Any:
    return visit.rooms.get("volume", "volumes", visit["id"])["volume"]


def _form(visit: Visit, title: str, fields: list[Field], submit: str) -> Form:
    return Form(title, fields, submit, f"/volumes/{visit['id']}", "volumes")


def _act(visit: Visit, body: Any) -> None:
    visit.rooms.post("volume", "volumes", visit["id"], "action", body=body)


def new_form(visit: Visit) -> Form:
    """How large, and what is on it."""
    rooms = visit.rooms
    found = rooms.together(
        types=lambda: rooms.get("volume", "types"),
        images=lambda: rooms.get("image", "images", status="active", limit=1000),
        snapshots=lambda: rooms.get("volume", "snapshots", "detail"),
        volumes=lambda: rooms.get("volume", "volumes", "detail"),
    )
    types = found.get("types", {}).get("volume_types", ())
    snapshots = found.get("snapshots", {}).get("snapshots", ())
    wanted = visit.query("snapshot")
    size = next((each["size"] for each in snapshots if each["id"] == wanted), 1)
    return Form(
        "Make a volume",
        [
            Field("name", "Name"),
            Field(
                "size",
                "Size (GiB)",
                "number",
                [str(size)],
                is_required=True,
                least=1,
                most=SIZE_MAX,
            ),
            Field(
                "type", "Type", "select", options=options(types, blank="The usual one")
            ),
            *_contents(found, snapshots, wanted),
            Field("description", "Description"),
        ],
        "Make it",
        "/volumes",
        "volumes",
    )


def _contents(
    found: Answers, snapshots: Iterable[Mapping[str, Any]], wanted: str
) -> list[Field]:
    """Where its first bytes come from."""
    images = found.get("images", {}).get("images", ())
    volumes = found.get("volumes", {}).get("volumes", ())
    return [
        Field(
            "image",
            "With an image on it",
            "select",
            options=options(images, blank="Empty"),
        ),
        Field(
            "snapshot",
            "Or what a snapshot keeps",
            "select",
            [wanted],
            options(snapshots, blank="None"),
        ),
        Field(
            "volume",
            "Or a copy of a volume",
            "select",
            options=options(volumes, blank="None"),
        ),
    ]


def make(visit: Visit, values: Values) -> Redirect:
    """Order it."""
    sources = values.given(
        imageRef="image", snapshot_id="snapshot", source_volid="volume"
    )
    if len(sources) > 1:
        raise BadForm({"": "Choose an image, a snapshot or a volume, not several."})
    wanted = {
        "size": values.number("size"),
        **sources,
        **values.given(name="name", description="description", volume_type="type"),
    }
    made = visit.rooms.post("volume", "volumes", body={"volume": wanted})
    path = f"/volumes/{made['volume']['id']}"
    return Redirect(path, Notice("The volume is being made."))


def edit_form(visit: Visit) -> Form:
    """Its name."""
    volume = _volume(visit)
    return _form(
        visit,
        "Edit the volume",
        [
            Field("name", "Name", values=[volume.get("name") or ""]),
            Field(
                "description", "Description", values=[volume.get("description") or ""]
            ),
            switch(
                "bootable",
                "Servers can start from it",
                is_on=volume.get("bootable") == "true",
            ),
        ],
        "Save",
    )


def edit(visit: Visit, values: Values) -> Redirect:
    """Change it."""
    change = {"name": values["name"], "description": values["description"]}
    visit.rooms.put("volume", "volumes", visit["id"], body={"volume": change})
    _act(visit, {"os-set_bootable": {"bootable": values.flag("bootable")}})
    return Redirect(f"/volumes/{visit['id']}", Notice("Saved."))


def extend_form(visit: Visit) -> Form:
    """Its new size."""
    size = _volume(visit)["size"]
    return _form(
        visit,
        "Extend the volume",
        [
            Field(
                "size",
                "New size (GiB)",
                "number",
                [str(size + 1)],
                is_required=True,
                least=size + 1,
                most=SIZE_MAX,
                help="Volumes never get smaller.",
            )
        ],
        "Extend",
    )


def extend(visit: Visit, values: Values) -> Redirect:
    """Order it."""
    _act(visit, {"os-extend": {"new_size": values.number("size")}})
    return Redirect(f"/volumes/{visit['id']}", Notice("The volume is extended."))


def snapshot_form(visit: Visit) -> Form:
    """Its name."""
    name = f"{name_of(_volume(visit))} snapshot"[:255]
    return _form(
        visit, "Take a snapshot", [Field("name", "Name", values=[name])], "Take it"
    )


def snapshot(visit: Visit, values: Values) -> Redirect:
    """Order it; also while a server writes."""
    wanted = {"volume_id": visit["id"], "name": values["name"], "force": True}
    visit.rooms.post("volume", "snapshots", body={"snapshot": wanted})
    return Redirect(f"/volumes/{visit['id']}", Notice("The snapshot is taken."))


def backup_form(visit: Visit) -> Form:
    """Its name, and whether it keeps only what has changed."""
    name = f"{name_of(_volume(visit))} backup"[:255]
    return _form(
        visit,
        "Back the volume up",
        [
            Field("name", "Name", values=[name]),
            switch("incremental", "Only what has changed since the last backup"),
        ],
        "Back up",
    )


def backup(visit: Visit, values: Values) -> Redirect:
    """Order it; also while a server has the volume."""
    wanted = {
        "volume_id": visit["id"],
        "name": values["name"],
        "incremental": values.flag("incremental"),
        "force": True,
    }
    visit.rooms.post("volume", "backups", body={"backup": wanted})
    return Redirect("/backups", Notice("The backup is being made."))


def attach_form(visit: Visit) -> Form:
    """To which server."""
    servers = visit.rooms.get("compute", "servers", limit=1000)["servers"]
    field = Field(
        "server",
        "Server",
        "select",
        options=options(servers, blank="Choose a server"),
        is_required=True,
    )
    return _form(visit, "Attach the volume", [field], "Attach")


def attach(visit: Visit, values: Values) -> Redirect:
    """Plug it in."""
    path = ("servers", values["server"], "os-volume_attachments")
    body = {"volumeAttachment": {"volumeId": visit["id"]}}
    visit.rooms.post("compute", *path, body=body)
    return Redirect(f"/volumes/{visit['id']}", Notice("The volume is being attached."))


ROUTES = [
    form("volumes/new", new_form, make),
    form("volumes/{id}/edit", edit_form, edit),
    form("volumes/{id}/extend", extend_form, extend),
    form("volumes/{id}/snapshot", snapshot_form, snapshot),
    form("volumes/{id}/backup", backup_form, backup),
    form("volumes/{id}/attach", attach_form, attach),
]
