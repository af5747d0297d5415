"""Object storage: the containers, and what is done with a whole one."""

from __future__ import annotations

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import BadForm, Field, Form, Values
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import (
    Action,
    Empty,
    Link,
    Page,
    Row,
    Table,
    Text,
    When,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.objects import store
from compute.dashboard.pages.objects.contents import show_one
from compute.dashboard.pages.words import PAGE_ROWS, new_action, switch

MAKE = new_action("Make a container", "/objects/new")
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
            switch(
                "public",
                "Public: anybody may read what is in it",
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
