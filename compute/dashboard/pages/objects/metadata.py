"""What is known of one object, and what people write there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import BadForm, Field, Form, Values
from compute.dashboard.frame.routes import form, page
from compute.dashboard.frame.view import (
    Action,
    Cell,
    Facts,
    Page,
    Text,
    When,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.objects import store
from compute.dashboard.pages.objects.contents import trail_of
from compute.dashboard.pages.objects.objects import ONE
from compute.dashboard.pages.objects.preview import preview_of
from compute.dashboard.pages.objects.upload import plain_type
from compute.dashboard.pages.objects.versions import (
    are_kept,
    version_table,
    versions_of,
)
from compute.dashboard.pages.words import pairs

_META = "x-object-meta-"


def show_one(visit: Visit) -> Page:
    """What is known of one object."""
    container, name = visit["container"], visit.query("name")
    found = visit.rooms.together(
        headers=lambda: store.headers_of(visit, container, name),
        container=lambda: store.headers_of(visit, container),
        versions=lambda: versions_of(visit, container, name),
    )
    headers: Mapping[str, str] = found["headers"]
    metadata: list[tuple[str, Cell]] = [
        (key.removeprefix(_META), Text(value))
        for key, value in sorted(headers.items())
        if key.startswith(_META)
    ]
    prefix = name.rpartition("/")[0]
    is_public = store.is_public(found["container"])
    facts = _facts(visit, headers, is_public=is_public)
    sections: list[Any] = [Facts("facts", facts, "About")]
    if metadata:
        sections.append(Facts("metadata", metadata, "Metadata"))
    sections += preview_of(visit, name, headers)
    versions = found.get("versions", ())
    if are_kept(found["container"]) or len(versions) > 1:
        sections.append(version_table(container, name, versions))
    return Page(
        name.rpartition("/")[2] or name,
        "objects",
        sections,
        _actions(container, name),
        trail=trail_of(container, f"{prefix}/x" if prefix else "x"),
    )


def _facts(
    visit: Visit, headers: Mapping[str, str], *, is_public: bool
) -> list[tuple[str, Cell]]:
    container, name = visit["container"], visit.query("name")
    note = "anybody" if is_public else "people of the project, signed in"
    facts: list[tuple[str, Cell]] = [
        ("Name", Text(name, "copy")),
        ("Size", Text(formats.size(int(headers.get("content-length", 0))))),
        ("Type", Text(headers.get("content-type", ""))),
        ("Changed", When(_moment(headers.get("x-timestamp", "")))),
        ("ETag", Text(headers.get("etag", "").strip('"'), "copy")),
        ("Address", Text(store.public_url(visit, container, name), "copy")),
        ("Opened by", Text(note)),
    ]
    if headers.get("x-delete-at"):
        facts.append(("Deleted by itself", When(_moment(headers["x-delete-at"]))))
    return facts


def _actions(container: str, name: str) -> list[Action]:
    base = ("objects", "c", container)
    return [
        Action(
            "Download", at(*base, "download", name=name), is_form=True, look="primary"
        ),
        Action("Link for others\u2026", at(*base, "link", name=name), is_form=True),
        Action("Edit metadata\u2026", at(*base, "metadata", name=name), is_form=True),
        Action(
            "Delete",
            at(*base, "delete-one", name=name),
            f"Delete {name}?",
            look="danger",
        ),
    ]


def _moment(stamp: str) -> str:
    """A time in seconds, as APIs write moments."""
    try:
        return datetime.fromtimestamp(float(stamp), UTC).isoformat()
    except (ValueError, OverflowError):
        return ""


def metadata_form(visit: Visit) -> Form:
    """Names and values."""
    name = visit.query("name")
    headers = store.headers_of(visit, visit["container"], name)
    text = "\n".join(
        f"{key.removeprefix(_META)} = {value}"
        for key, value in sorted(headers.items())
        if key.startswith(_META)
    )
    return Form(
        "Edit the metadata",
        [
            Field(
                "metadata",
                "Metadata",
                "textarea",
                [text],
                help="One name=value a line.",
            ),
            Field("type", "Type", values=[headers.get("content-type", "")]),
        ],
        "Save",
        at("objects", "c", visit["container"], "file", name=name),
        "objects",
    )


def change_metadata(visit: Visit, values: Values) -> Redirect:
    """Replace all of it."""
    name = visit.query("name")
    given = pairs(values["metadata"])
    if not all(key and key.isascii() and key.isprintable() for key in given):
        raise BadForm({"metadata": "Names are plain ASCII."})
    headers = {f"X-Object-Meta-{key}": text for key, text in given.items()}
    headers["Content-Type"] = plain_type(values["type"])
    store.change(visit, "POST", visit["container"], name, headers=headers)
    path = at("objects", "c", visit["container"], "file", name=name)
    return Redirect(path, Notice("Saved."))


ROUTES = [
    page(f"{ONE}/file", show_one),
    form(f"{ONE}/metadata", metadata_form, change_metadata),
]
