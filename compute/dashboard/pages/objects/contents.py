"""Object storage: what is in a container, by folders, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.panels import Drop
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
from compute.dashboard.frame.visit import Visit, at
from compute.dashboard.pages.objects import store, versions
from compute.dashboard.pages.words import PAGE_ROWS, new_action, yes


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
    headers = found["headers"]
    base = ("objects", "c", container)
    upload = new_action("Upload", at(*base, "upload", prefix=prefix))
    folder = Action("New folder", at(*base, "folder", prefix=prefix), is_form=True)
    drop = Drop(
        "drop",
        at(*base, "upload"),
        "Drop files and folders here: they go up at once.",
        prefix,
    )
    empty = _empty(container, prefix, sought, upload)
    table = _table(container, prefix, sought, found["entries"], empty)
    sections: list[Any] = [drop, table]
    if not prefix:
        sections.append(_facts(visit, container, headers))
    is_public = store.is_public(headers)
    return Page(
        prefix.rstrip("/").rpartition("/")[2] or container,
        "objects",
        sections,
        [upload, folder],
        _rare_actions(container, prefix, headers),
        badges=[Badge("public", "warn") if is_public else Badge("private", "idle")],
        trail=trail_of(container, prefix),
    )


def _table(
    container: str,
    prefix: str,
    sought: str,
    entries: list[dict[str, Any]],
    empty: Empty,
) -> Table:
    """What is there, and the way to the next page."""
    base = ("objects", "c", container)
    rows = [
        _row(container, prefix, each)
        for each in entries
        if each.get("name") != prefix or "subdir" in each
    ]
    more = ""
    if len(entries) == PAGE_ROWS:
        last = entries[-1].get("name") or entries[-1]["subdir"]
        more = at(*base, prefix=prefix, marker=last, search=sought)
    return Table(
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


def _empty(container: str, prefix: str, sought: str, upload: Action) -> Empty:
    """What stands where no rows are."""
    if not sought:
        return Empty("Nothing in here yet.", upload)
    all_of_it = at("objects", "c", container, prefix=prefix)
    back = Action("All of the folder", all_of_it, is_form=True)
    return Empty("Nothing here begins so.", back)


def _rare_actions(
    container: str, prefix: str, headers: Mapping[str, str]
) -> list[Action]:
    base = ("objects", "c", container)
    if store.is_public(headers):
        turn, question = "private", f"Make {container} private?"
    else:
        turn = "public"
        question = f"Make {container} public? Anybody may read everything in it then."
    return [
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
