"""What is asked of a server with a form: a new name, size, image, or a snapshot."""

from __future__ import annotations

from typing import Any

from compute.dashboard.frame.fields import Field, Form, Option, Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.words import options


def _server(visit: Visit) -> dict[str, Any]:
    found: dict[str, Any] = visit.rooms.get("compute", "servers", visit["id"])
    server: dict[str, Any] = found["server"]
    return server


def _form(visit: Visit, title: str, fields: list[Any], submit: str) -> Form:
    return Form(title, fields, submit, f"/servers/{visit['id']}", "servers")


def _order(visit: Visit, body: dict[str, Any], text: str) -> Redirect:
    visit.rooms.post("compute", "servers", visit["id"], "action", body=body)
    return Redirect(f"/servers/{visit['id']}", Notice(text))


def edit_form(visit: Visit) -> Form:
    """Name and description."""
    server = _server(visit)
    description = Field(
        "description", "Description", values=[server.get("description") or ""]
    )
    fields = [Field("name", "Name", values=[server["name"]], is_required=True)]
    return _form(visit, "Rename the server", [*fields, description], "Save")


def edit(visit: Visit, values: Values) -> Redirect:
    """Change them."""
    change = {"name": values["name"], "description": values["description"] or None}
    visit.rooms.put("compute", "servers", visit["id"], body={"server": change})
    return Redirect(f"/servers/{visit['id']}", Notice("Saved."))


def snapshot_form(visit: Visit) -> Form:
    """The name of the image."""
    name = f"{_server(visit)['name']} snapshot"[:255]
    field = Field("name", "Name of the image", values=[name], is_required=True)
    return _form(visit, "Take a snapshot", [field], "Take it")


def snapshot(visit: Visit, values: Values) -> Redirect:
    """Make an image of its disk."""
    body = {"createImage": {"name": values["name"], "metadata": {}}}
    return _order(visit, body, "The snapshot is being taken: look under Images.")


def resize_form(visit: Visit) -> Form:
    """The new flavor."""
    found = visit.rooms.together(
        server=lambda: _server(visit),
        flavors=lambda: visit.rooms.get("compute", "flavors", "detail", limit=1000),
    )
    now = found["server"]["flavor"].get("original_name")
    flavors = sorted(found["flavors"]["flavors"], key=lambda each: each["ram"])
    choices = [
        Option(
            each["id"],
            each["name"],
            f"{each['vcpus']} VCPU, {each['ram']} MiB, {each['disk']} GiB disk",
        )
        for each in flavors
        if each["name"] != now
    ]
    field = Field(
        "flavor",
        "New flavor",
        "select",
        options=choices,
        is_required=True,
        help="The server is stopped for it, and waits afterwards until you confirm"
        " or revert.",
    )
    return _form(visit, "Resize the server", [field], "Resize")


def resize(visit: Visit, values: Values) -> Redirect:
    """Order it."""
    return _order(
        visit, {"resize": {"flavorRef": values["flavor"]}}, "The server is resized."
    )


def rebuild_form(visit: Visit) -> Form:
    """The new image."""
    images = visit.rooms.get("image", "images", status="active", limit=1000)["images"]
    field = Field(
        "image",
        "Image",
        "select",
        options=options(images),
        is_required=True,
        help="Everything on its disk is lost; name, ports and volumes stay.",
    )
    return _form(visit, "Rebuild the server", [field], "Rebuild")


def rebuild(visit: Visit, values: Values) -> Redirect:
    """Order it."""
    body = {"rebuild": {"imageRef": values["image"]}}
    return _order(visit, body, "The server is rebuilt.")


def rescue_form(visit: Visit) -> Form:
    """From which image."""
    images = visit.rooms.get("image", "images", status="active", limit=1000)["images"]
    field = Field(
        "image",
        "Start from the image",
        "select",
        options=options(images, blank="The server's own"),
        help="Its own disk is there as a second one, to be mended; end the rescue"
        " afterwards.",
    )
    return _form(visit, "Rescue the server", [field], "Rescue")


def rescue(visit: Visit, values: Values) -> Redirect:
    """Order it."""
    wanted = values.given(rescue_image_ref="image")
    return _order(visit, {"rescue": wanted}, "The server starts from the image.")


ROUTES = [
    form("servers/{id}/edit", edit_form, edit),
    form("servers/{id}/snapshot", snapshot_form, snapshot),
    form("servers/{id}/resize", resize_form, resize),
    form("servers/{id}/rebuild", rebuild_form, rebuild),
    form("servers/{id}/rescue", rescue_form, rescue),
]
