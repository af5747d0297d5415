"""Flavors, for administrators."""

from __future__ import annotations

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import Field, Form, Values
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import Action, Empty, Page, Row, Table, Text
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.words import new_action, switch, yes

MAKE = new_action("Make a flavor", "/flavors/new")
GIB, MIB = 1 << 30, 1 << 20
SIZE_MAX = 1 << 24


def show_all(visit: Visit) -> Page:
    """The list, those that are not public among them."""
    found = visit.rooms.get(
        "compute", "flavors", "detail", is_public="None", limit=1000
    )["flavors"]
    rows = [
        Row(
            [
                Text(each["name"]),
                Text(formats.number(each["vcpus"])),
                Text(formats.size(each["ram"] * MIB)),
                Text(formats.size(each["disk"] * GIB)),
                yes(each["os-flavor-access:is_public"]),
                Text(
                    ", ".join(
                        f"{key}={value}"
                        for key, value in (each.get("extra_specs") or {}).items()
                    ),
                    "faint",
                ),
            ],
            [
                Action(
                    "Delete",
                    at("flavors", each["id"], "delete"),
                    f"Delete the flavor {each['name']}? Servers keep their size.",
                    look="danger",
                )
            ],
        )
        for each in sorted(found, key=lambda each: (each["ram"], each["name"]))
    ]
    columns = ["Name", "VCPUs", "Memory", "Disk", "Public", "Extra"]
    empty = Empty("No flavors yet: without one no server can be launched.", MAKE)
    table = Table("flavors", columns, rows, empty, is_filterable=True)
    return Page("Flavors", "flavors", [table], [MAKE])


def new_form(visit: Visit) -> Form:
    """How large."""
    return Form(
        "Make a flavor",
        [
            Field("name", "Name", is_required=True),
            _number("vcpus", "Virtual processors", 1, 1),
            _number("ram", "Memory (MiB)", 512, 1),
            _number("disk", "Disk (GiB)", 1, 0),
            switch("public", "Public: every project may use it", is_on=True),
        ],
        "Make it",
        "/flavors",
        "flavors",
    )


def _number(name: str, label: str, value: int, least: int) -> Field:
    return Field(
        name,
        label,
        "number",
        [str(value)],
        is_required=True,
        least=least,
        most=SIZE_MAX,
    )


def make(visit: Visit, values: Values) -> Redirect:
    """Make it."""
    wanted = {
        "name": values["name"],
        "vcpus": values.number("vcpus"),
        "ram": values.number("ram"),
        "disk": values.number("disk"),
        "os-flavor-access:is_public": values.flag("public"),
    }
    visit.rooms.post("compute", "flavors", body={"flavor": wanted})
    return Redirect("/flavors", Notice("The flavor is there."))


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete("compute", "flavors", visit["id"])
    return Redirect("/flavors", Notice("The flavor is deleted."))


ROUTES = [
    page("flavors", show_all),
    form("flavors/new", new_form, make),
    deed("flavors/{id}/delete", delete, "Delete this flavor? Servers keep their size."),
]
