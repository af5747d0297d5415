"""Images: the list, one of them, and changes to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import Field, Form, Option, Values
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
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.words import (
    PAGE_ROWS,
    link_to,
    name_of,
    new_action,
    plain,
    switch,
    yes,
)

UPLOAD = new_action("Upload an image", "/images/new")
FETCH = Action("Fetch by address", "/images/fetch", is_form=True)
TRAIL = (Link("Images", "/images"),)
BUSY = frozenset(("queued", "saving", "importing", "uploading"))
GIB, MIB = 1 << 30, 1 << 20
PATCH = "application/openstack-images-v2.1-json-patch"
_KNOWN = frozenset(
    [
        "id",
        "name",
        "status",
        "visibility",
        "protected",
        "owner",
        "size",
        "virtual_size",
        "disk_format",
        "container_format",
        "checksum",
        "os_hash_algo",
        "os_hash_value",
        "os_hidden",
        "min_disk",
        "min_ram",
        "created_at",
        "updated_at",
        "self",
        "file",
        "schema",
        "tags",
        "locations",
        "stores",
        "direct_url",
    ]
)


def show_all(visit: Visit) -> Page:
    """The list, a page at a time."""
    found = visit.rooms.get(
        "image",
        "images",
        limit=PAGE_ROWS,
        marker=visit.query("marker") or None,
        sort="name:asc,created_at:desc",
    )
    mine = visit.session.project_id
    rows = [_row(each, mine) for each in found["images"]]
    more = at("images", marker=found["images"][-1]["id"]) if found.get("next") else ""
    empty = Empty("No images yet. An image is what servers start from.", UPLOAD)
    columns = ["Name", "State", "Size", "Format", "Seen by", "Made"]
    table = Table("images", columns, rows, empty, is_filterable=True, more=more)
    return Page("Images", "images", [table], [UPLOAD, FETCH])


def _row(image: Mapping[str, Any], project_id: str) -> Row:
    is_mine = image.get("owner") == project_id
    return Row(
        [
            link_to(image, f"/images/{image['id']}"),
            status(image["status"]),
            Text(formats.size(image.get("size"))),
            plain(image.get("disk_format")),
            Text(image["visibility"]),
            When(image["created_at"]),
        ],
        _actions(image, is_mine),
        image["status"] in BUSY,
    )


def _actions(image: Mapping[str, Any], is_mine: bool) -> list[Action]:
    path = f"/images/{image['id']}"
    launch = at("servers", "new", image=str(image["id"]))
    found = []
    if image["status"] == "active":
        found.append(Action("Launch a server", launch, is_form=True))
    if is_mine:
        found.append(Action("Edit\u2026", f"{path}/edit", is_form=True))
        if image["visibility"] == "shared":
            found.append(Action("Share\u2026", f"{path}/share", is_form=True))
        question = f"Delete the image {name_of(image)}?"
        found.append(Action("Delete", f"{path}/delete", question, look="danger"))
    return found


def show_one(visit: Visit) -> Page:
    """One image, and with whom it is shared."""
    image_id = visit["id"]
    found = visit.rooms.together(
        image=lambda: visit.rooms.get("image", "images", image_id),
        members=lambda: visit.rooms.get("image", "images", image_id, "members"),
    )
    image = found["image"]
    is_mine = image.get("owner") == visit.session.project_id
    sections: list[Any] = [_facts(image), _properties(image)]
    if image["visibility"] == "shared" and is_mine:
        sections.append(_members(image, found.get("members", {}).get("members", ())))
    return Page(
        name_of(image),
        "images",
        sections,
        _actions(image, is_mine),
        badges=[status(image["status"])],
        trail=TRAIL,
    )


def _facts(image: Mapping[str, Any]) -> Facts:
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(image["id"], "copy")),
        ("Size", Text(formats.size(image.get("size")))),
        ("Size of the disk", Text(formats.size(image.get("virtual_size")))),
        ("Format", plain(image.get("disk_format"))),
        ("Seen by", Text(image["visibility"])),
        ("Protected", yes(image["protected"])),
        ("Needs at least", Text(_needs(image))),
        ("Made", When(image["created_at"])),
        ("Changed", When(image["updated_at"])),
    ]
    return Facts("facts", facts, "About", image["status"] in BUSY)


def _needs(image: Mapping[str, Any]) -> str:
    disk, memory = image.get("min_disk", 0), image.get("min_ram", 0)
    return f"{formats.size(disk * GIB)} disk, {formats.size(memory * MIB)} memory"


def _properties(image: Mapping[str, Any]) -> Facts:
    facts: list[tuple[str, Cell]] = [
        (name, Text(str(value)))
        for name, value in sorted(image.items())
        if name not in _KNOWN
    ]
    if image.get("os_hash_value"):
        facts.append((image["os_hash_algo"], Text(image["os_hash_value"], "copy")))
    facts.append(("Tags", plain(", ".join(image.get("tags", ())))))
    return Facts("properties", facts, "Properties")


def _members(image: Mapping[str, Any], members: Any) -> Table:
    path = f"/images/{image['id']}/members"
    rows = [
        Row(
            [Text(each["member_id"], "mono"), status(each["status"])],
            [Action("Share no more", f"{path}/{each['member_id']}/delete")],
        )
        for each in members
    ]
    share = Action("Share\u2026", f"/images/{image['id']}/share", is_form=True)
    empty = Empty("Shared with no other project yet.")
    return Table("members", ["Project", "State"], rows, empty, "Shared with", [share])


def edit_form(visit: Visit) -> Form:
    """What may be changed."""
    image = visit.rooms.get("image", "images", visit["id"])
    kinds = ["private", "shared", "community"]
    if visit.session.is_admin or image["visibility"] == "public":
        kinds.append("public")
    return Form(
        "Edit the image",
        [
            Field("name", "Name", values=[image.get("name") or ""], is_required=True),
            Field(
                "visibility",
                "Seen by",
                "select",
                [image["visibility"]],
                [Option(kind, kind) for kind in kinds],
                is_required=True,
            ),
            Field(
                "min_disk",
                "Least disk (GiB)",
                "number",
                [str(image["min_disk"])],
                least=0,
                most=1 << 20,
            ),
            Field(
                "min_ram",
                "Least memory (MiB)",
                "number",
                [str(image["min_ram"])],
                least=0,
                most=1 << 24,
            ),
            switch(
                "protected", "Protected: cannot be deleted", is_on=image["protected"]
            ),
        ],
        "Save",
        f"/images/{visit['id']}",
        "images",
    )


def edit(visit: Visit, values: Values) -> Redirect:
    """Change it."""
    changes = {
        "name": values["name"],
        "visibility": values["visibility"],
        "min_disk": values.number("min_disk") or 0,
        "min_ram": values.number("min_ram") or 0,
        "protected": values.flag("protected"),
    }
    patch = [
        {"op": "replace", "path": f"/{name}", "value": value}
        for name, value in changes.items()
    ]
    visit.rooms.patch("image", "images", visit["id"], body=patch, kind=PATCH)
    return Redirect(f"/images/{visit['id']}", Notice("Saved."))


def share_form(visit: Visit) -> Form:
    """With which project."""
    return Form(
        "Share the image",
        [
            Field(
                "project",
                "ID of the project",
                is_required=True,
                longest=64,
                help="Its people see the image once they have accepted it.",
            )
        ],
        "Share",
        f"/images/{visit['id']}",
        "images",
    )


def share(visit: Visit, values: Values) -> Redirect:
    """Offer it."""
    body = {"member": values["project"]}
    visit.rooms.post("image", "images", visit["id"], "members", body=body)
    return Redirect(f"/images/{visit['id']}", Notice("The image is shared."))


def unshare(visit: Visit, values: Values) -> Redirect:
    """Take the offer back."""
    visit.rooms.delete("image", "images", visit["id"], "members", visit["member"])
    return visit.done(f"/images/{visit['id']}", "The image is shared no more.")


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete("image", "images", visit["id"])
    return Redirect("/images", Notice("The image is deleted."))


ROUTES = [
    page("images", show_all),
    page("images/{id}", show_one),
    form("images/{id}/edit", edit_form, edit),
    form("images/{id}/share", share_form, share),
    deed("images/{id}/members/{member}/delete", unshare),
    deed("images/{id}/delete", delete, "Delete this image?"),
]
