"""Versions of objects: kept once a container says so, looked at, brought back."""

from __future__ import annotations

from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import Values
from compute.dashboard.frame.routes import deed
from compute.dashboard.frame.view import Action, Badge, Empty, Row, Table, Text, When
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.objects import store

SWITCH = "X-Versions-Enabled"
VERSION = "version-id"
VERSIONS_SHOWN = 100
DELETED_KIND = "application/x-deleted;swift_versions_deleted=1"


def are_kept(headers: Any) -> bool:
    """Whether the container keeps versions."""
    return str(headers.get(SWITCH.lower(), "")).lower() == "true"


def actions_of(container: str, headers: Any) -> list[Action]:
    """The switch."""
    if are_kept(headers):
        path = at("objects", "c", container, "forget-versions")
        question = "Keep no new versions? Those that there are stay."
        return [Action("Keep no new versions", path, question)]
    path = at("objects", "c", container, "keep-versions")
    question = "Keep every version of every object from now on? They take room."
    return [Action("Keep versions", path, question)]


def versions_of(visit: Visit, container: str, name: str) -> list[dict[str, Any]]:
    """Of one object, the newest first."""
    found = store.listing(
        visit, container, versions="", prefix=name, limit=VERSIONS_SHOWN
    )
    return [each for each in found if each.get("name") == name]


def version_table(container: str, name: str, versions: Any) -> Table:
    """On the object's page."""
    rows = []
    for each in versions:
        version = each.get("version_id") or "null"
        place = {"name": name, "version": version}
        is_marker = each.get("content_type") == DELETED_KIND
        actions = []
        if not is_marker:
            path = at("objects", "c", container, "download", **place)
            actions.append(Action("Download", path, is_form=True))
        if not is_marker and not each["is_latest"]:
            path = at("objects", "c", container, "restore-version", **place)
            actions.append(Action("Make it current", path))
        path = at("objects", "c", container, "delete-version", **place)
        question = "Delete this version? It cannot be brought back."
        actions.append(Action("Delete", path, question, look="danger"))
        kind = Badge("deleted", "warn") if is_marker else Text("earlier", "faint")
        rows.append(
            Row(
                [
                    When(each["last_modified"]),
                    Badge("current", "good") if each["is_latest"] else kind,
                    Text(formats.size(each["bytes"])),
                    Text(version, "mono"),
                ],
                actions,
            )
        )
    columns = ["Of", "Is", "Size", "Version"]
    empty = Empty("No versions.")
    return Table("versions", columns, rows, empty, "Versions")


def _file(visit: Visit) -> str:
    return at("objects", "c", visit["container"], "file", name=visit.query("name"))


def keep(visit: Visit, values: Values) -> Redirect:
    """From now on."""
    store.change(visit, "POST", visit["container"], headers={SWITCH: "true"})
    path = at("objects", "c", visit["container"])
    return Redirect(path, Notice("Every version is kept from now on."))


def forget(visit: Visit, values: Values) -> Redirect:
    """From now on."""
    store.change(visit, "POST", visit["container"], headers={SWITCH: "false"})
    path = at("objects", "c", visit["container"])
    return Redirect(path, Notice("No new versions are kept."))


def restore(visit: Visit, values: Values) -> Redirect:
    """The version becomes the current one again."""
    query = {VERSION: visit.query("version")}
    store.change(visit, "PUT", visit["container"], visit.query("name"), query=query)
    return Redirect(_file(visit), Notice("The version is the current one."))


def delete(visit: Visit, values: Values) -> Redirect:
    """Take one version away."""
    query = {VERSION: visit.query("version")}
    store.change(visit, "DELETE", visit["container"], visit.query("name"), query=query)
    path = at("objects", "c", visit["container"])
    return visit.done(path, "The version is deleted.")


ONE = "objects/c/{container}"
ROUTES = [
    deed(
        f"{ONE}/keep-versions",
        keep,
        "Keep every version of every object from now on? They take room.",
    ),
    deed(
        f"{ONE}/forget-versions",
        forget,
        "Keep no new versions? Those that there are stay.",
    ),
    deed(f"{ONE}/restore-version", restore),
    deed(
        f"{ONE}/delete-version",
        delete,
        "Delete this version? It cannot be brought back.",
    ),
]
