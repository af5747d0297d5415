"""Object storage: the containers, and what is in one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import BadForm, Field, Form, Values
from compute.dashboard.frame.panels import Drop
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Cell,
    Choose,
    Empty,
    Facts,
    Link,
    Page,
    Row,
    Search,
    Table,
    Text,
    When,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages import object_store as store
from compute.dashboard.pages import object_versions as versions
from compute.dashboard.pages.words import PAGE_ROWS, yes

MAKE = Action(
    "Make a container", "/objects/new", is_form=True, look="primary", icon="plus"
)
NAME_BYTES_MAX = 256
PUBLIC_READ = f"{store.ANYBODY_READS},{store.ANYBODY_LISTS}"


def show_all(visit: Visit) -> Page:
    """The containers of the project."""
    marker = visit.query("marker")
    found = store.listing(visit, limit=PAGE_ROWS, marker=marker or None)
    rows = [
        Row(
            [
                Link(each["name"], at("objects", "c", each["name"])),
                Text(formats.number(each["count"])),
                Text(formats.size(each["bytes"])),
                When(each.get("last_modified", "")),
            ],
            [
                Action(
                    "Delete",
                    at("objects", "c", each["name"], "delete"),
                    f"Delete the container {each['name']}? It must be empty.",
                    look="danger",
                )
            ],
        )
        for each in found
    ]
    more = at("objects", marker=found[-1]["name"]) if len(found) == PAGE_ROWS else ""
    empty = Empty(
        "No containers yet. A container holds files of any size: every one lies on"
        " three devices.",
        MAKE,
    )
    columns = ["Container", "Objects", "Size", "Changed"]
    table = Table("containers", columns, rows, empty, is_filterable=True, more=more)
    return Page("Objects", "objects", [table], [MAKE])


def new_form(visit: Visit) -> Form:
    """Its name."""
    return Form(
        "Make a container",
        [
            Field("name", "Name", is_required=True, longest=NAME_BYTES_MAX),
            Field(
                "public",
                "Public: anybody may read what is in it",
                "checkbox",
                help="By its link, without signing in.",
            ),
        ],
        "Make it",
        "/objects",
        "objects",
    )


def make(visit: Visit, values: Values) -> Redirect:
    """Make it."""
    name = values["name"]
    if "/" in name or len(name.encode()) > NAME_BYTES_MAX:
        raise BadForm({"name": "At most 256 bytes, and no slash."})
    headers = {"X-Container-Read": PUBLIC_READ} if values.flag("public") else {}
    store.change(visit, "PUT", name, headers=headers)
    return Redirect(at("objects", "c", name), Notice("The container is there."))


def show_one(visit: Visit) -> Page:
    """Folders and objects of one container, a page at a time."""
    container, prefix = visit["container"], visit.query("prefix")
    marker, sought = visit.query("marker") or None, visit.query("search")
    found = visit.rooms.together(
        entries=lambda: store.listing(
            visit,
            container,
            limit=PAGE_ROWS,
            prefix=prefix + sought or None,
            marker=marker,
            delimiter="/",
        ),
        headers=lambda: store.headers_of(visit, container),
    )
    entries, headers = found["entries"], found["headers"]
    is_public = store.is_public(headers)
    rows = [
        _row(container, prefix, each)
        for each in entries
        if each.get("name") != prefix or "subdir" in each
    ]
    more = ""
    if len(entries) == PAGE_ROWS:
        last = entries[-1].get("name") or entries[-1]["subdir"]
        place = {"prefix": prefix, "marker": last, "search": sought}
        more = at("objects", "c", container, **place)
    base = ("objects", "c", container)
    upload = Action(
        "Upload",
        at(*base, "upload", prefix=prefix),
        is_form=True,
        look="primary",
        icon="plus",
    )
    empty = Empty("Nothing in here yet.", upload)
    if sought:
        all_of_it = at(*base, prefix=prefix)
        back = Action("All of the folder", all_of_it, is_form=True)
        empty = Empty("Nothing here begins so.", back)
    table = Table(
        "objects",
        ["Name", "Size", "Type", "Changed"],
        rows,
        empty,
        is_filterable=True,
        more=more,
        search=Search(
            at(*base), "search", "Names that begin with", sought, {"prefix": prefix}
        ),
        choose=Choose("Delete chosen\u2026", at(*base, "choose", prefix=prefix)),
    )
    drop = Drop(
        "drop",
        at(*base, "upload"),
        "Drop files and folders here: they go up at once.",
        prefix,
    )
    folder = Action("New folder", at(*base, "folder", prefix=prefix), is_form=True)
    turn = "private" if is_public else "public"
    question = (
        f"Make {container} {turn}?"
        if is_public
        else f"Make {container} public? Anybody may read everything in it then."
    )
    rest = [
        Action(
            "Delete some\u2026", at(*base, "delete-some", prefix=prefix), is_form=True
        ),
        Action(f"Make it {turn}", at(*base, turn), question),
        *versions.actions_of(container, headers),
        Action(
            "Delete the container",
            at(*base, "delete"),
            f"Delete the container {container}? It must be empty.",
            look="danger",
        ),
    ]
    sections: list[Any] = [drop, table]
    if not prefix:
        sections.append(_facts(visit, container, headers))
    return Page(
        prefix.rstrip("/").rpartition("/")[2] or container,
        "objects",
        sections,
        [upload, folder],
        rest,
        badges=[Badge("public", "warn") if is_public else Badge("private", "idle")],
        trail=trail_of(container, prefix),
    )


def trail_of(container: str, prefix: str) -> list[Link]:
    """The folders above."""
    links = [Link("Objects", "/objects")]
    folders = prefix.rstrip("/").split("/") if prefix else []
    if folders:
        links.append(Link(container, at("objects", "c", container)))
    for depth in range(1, len(folders)):
        above = "/".join(folders[:depth]) + "/"
        links.append(
            Link(folders[depth - 1], at("objects", "c", container, prefix=above))
        )
    return links


def _row(container: str, prefix: str, entry: Mapping[str, Any]) -> Row:
    base = ("objects", "c", container)
    if "subdir" in entry:
        name = entry["subdir"]
        link = Link(name.removeprefix(prefix), at(*base, prefix=name), "", "folder")
        cells: list[Cell] = [link, Text("\u2013", "faint"), Text("folder"), Text("")]
        return Row(cells, choice=name)
    name = entry["name"]
    shown = name.removeprefix(prefix) or name
    actions = [
        Action("Download", at(*base, "download", name=name), is_form=True),
        Action(
            "Delete",
            at(*base, "delete-one", name=name),
            f"Delete {shown}?",
            look="danger",
        ),
    ]
    return Row(
        [
            Link(shown, at(*base, "file", name=name), "", "file"),
            Text(formats.size(entry["bytes"])),
            Text(entry["content_type"], "faint"),
            When(entry["last_modified"]),
        ],
        actions,
        choice=name,
    )


def _facts(visit: Visit, container: str, headers: Mapping[str, str]) -> Facts:
    count = int(headers.get("x-container-object-count", 0))
    facts: list[tuple[str, Cell]] = [
        ("Objects", Text(formats.number(count))),
        ("Size", Text(formats.size(int(headers.get("x-container-bytes-used", 0))))),
        ("Address", Text(store.public_url(visit, container), "copy")),
        ("Policy", Text(headers.get("x-storage-policy", ""))),
        ("Keeps versions", yes(versions.are_kept(headers))),
        ("Read by", Text(headers.get("x-container-read") or "the project")),
        ("Written by", Text(headers.get("x-container-write") or "the project")),
    ]
    facts += [
        (name.removeprefix("x-container-meta-"), Text(value))
        for name, value in headers.items()
        if name.startswith("x-container-meta-") and "key" not in name
    ]
    return Facts("facts", facts, "About the container")


def publish(visit: Visit, values: Values) -> Redirect:
    """Let anybody read."""
    headers = {"X-Container-Read": PUBLIC_READ}
    store.change(visit, "POST", visit["container"], headers=headers)
    path = at("objects", "c", visit["container"])
    return visit.done(path, "Anybody may read it now.")


def withdraw(visit: Visit, values: Values) -> Redirect:
    """Let nobody else read."""
    headers = {"X-Remove-Container-Read": "x"}
    store.change(visit, "POST", visit["container"], headers=headers)
    path = at("objects", "c", visit["container"])
    return visit.done(path, "Only the project may read it now.")


def delete(visit: Visit, values: Values) -> Redirect:
    """Take the container away."""
    store.change(visit, "DELETE", visit["container"])
    return Redirect("/objects", Notice("The container is deleted."))


ROUTES = [
    page("objects", show_all),
    form("objects/new", new_form, make),
    page("objects/c/{container}", show_one),
    deed(
        "objects/c/{container}/public",
        publish,
        "Make this container public? Anybody may read everything in it then.",
    ),
    deed("objects/c/{container}/private", withdraw, "Make this container private?"),
    deed(
        "objects/c/{container}/delete",
        delete,
        "Delete this container? It must be empty.",
    ),
]
