"""Trunks: ports whose guests speak for other ports, by VLAN ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.dashboard.frame.fields import Field, Form, Values
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
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.networks.ports import state_of
from compute.dashboard.pages.words import (
    link_to,
    name_of,
    new_action,
    options,
    plain,
    switch_of,
    yes,
)

MAKE = new_action("Make a trunk", "/trunks/new")
VLAN_MIN, VLAN_MAX = 1, 4094
KIND = "vlan"
Document = Mapping[str, Any]


def show_all(visit: Visit) -> Page:
    """The list."""
    rooms = visit.rooms
    found = rooms.together(
        trunks=lambda: rooms.get("network", "trunks", limit=1000),
        ports=lambda: rooms.get("network", "ports", limit=1000),
    )
    names = _names(found.get("ports", {}).get("ports", ()))
    visit.problems += found.problems
    rows = [_row(each, names) for each in found["trunks"]["trunks"]]
    empty = Empty(
        "No trunks yet. With one a server reaches several networks through a single"
        " interface: frames that it tags with a VLAN id are another port's.",
        MAKE,
    )
    columns = ["Name", "Parent port", "Subports", "State"]
    table = Table("trunks", columns, rows, empty, is_filterable=True)
    return Page("Trunks", "trunks", [table], [MAKE])


def _names(ports: Iterable[Document]) -> dict[str, str]:
    return {each["id"]: _label(each) for each in ports}


def _label(port: Document) -> str:
    """By its name, and its addresses, for most ports have no name."""
    addresses = ", ".join(one["ip_address"] for one in port["fixed_ips"])
    return f"{name_of(port)} ({addresses})" if addresses else name_of(port)


def _port(port_id: str, names: Mapping[str, str]) -> Link:
    return Link(names.get(port_id, port_id[:8]), f"/ports/{port_id}")


def _row(trunk: Document, names: Mapping[str, str]) -> Row:
    return Row(
        [
            link_to(trunk, f"/trunks/{trunk['id']}"),
            _port(trunk["port_id"], names),
            Text(str(len(trunk["sub_ports"]))),
            state_of(trunk),
        ],
        _actions(trunk),
    )


def _actions(trunk: Document) -> list[Action]:
    path = f"/trunks/{trunk['id']}"
    question = f"Delete the trunk {name_of(trunk)}? Its ports stay."
    return [
        Action("Add a subport\u2026", f"{path}/subports/new", is_form=True),
        Action("Edit\u2026", f"{path}/edit", is_form=True),
        Action("Delete", f"{path}/delete", question, look="danger"),
    ]


def show_one(visit: Visit) -> Page:
    """One with its subports."""
    rooms = visit.rooms
    found = rooms.together(
        trunk=lambda: rooms.get("network", "trunks", visit["id"]),
        ports=lambda: rooms.get("network", "ports", limit=1000),
    )
    trunk = found["trunk"]["trunk"]
    names = _names(found.get("ports", {}).get("ports", ()))
    visit.problems += found.problems
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(trunk["id"], "copy")),
        ("Description", plain(trunk.get("description"))),
        ("Parent port", _port(trunk["port_id"], names)),
        ("Switched on", yes(trunk["admin_state_up"])),
    ]
    path = f"/trunks/{trunk['id']}/subports"
    rows = [
        Row(
            [
                _port(each["port_id"], names),
                Text(str(each["segmentation_id"]), "mono"),
            ],
            [
                Action(
                    "Remove",
                    f"{path}/{each['port_id']}/remove",
                    "Remove this subport? The port stays.",
                )
            ],
        )
        for each in trunk["sub_ports"]
    ]
    empty = Empty("No subports: the parent's own frames alone pass.")
    return Page(
        name_of(trunk),
        "trunks",
        [
            Facts("facts", facts, "About"),
            Table("subports", ["Port", "VLAN id"], rows, empty, "Subports"),
        ],
        _actions(trunk),
        badges=[state_of(trunk)],
        trail=[Link("Trunks", "/trunks")],
    )


def _free_ports(visit: Visit, project_id: str, *, is_parent: bool) -> list[Document]:
    """The project's ports that may become a parent, or a subport: of no trunk, and no
    service's; a parent may have its server already.  Administrators are told of other
    projects' ports, too, which would be this trunk's by mistake."""
    query = {"project_id": project_id, "limit": 1000}
    ports = visit.rooms.get("network", "ports", **query)["ports"]
    return [
        {**each, "name": _label(each)}
        for each in ports
        if "trunk_details" not in each
        and (
            not each["device_owner"]
            or (is_parent and each["device_owner"].startswith("compute:"))
        )
    ]


def new_form(visit: Visit) -> Form:
    """Its parent."""
    ports = _free_ports(visit, visit.session.project_id, is_parent=True)
    return Form(
        "Make a trunk",
        [
            Field("name", "Name"),
            Field(
                "port",
                "Parent port",
                "select",
                options=options(ports),
                is_required=True,
                help="What its server sends without a tag is this port's.",
            ),
            Field("description", "Description"),
        ],
        "Make it",
        "/trunks",
        "trunks",
    )


def make(visit: Visit, values: Values) -> Redirect:
    """Make it, without subports."""
    wanted = {
        "name": values["name"],
        "description": values["description"],
        "port_id": values["port"],
    }
    made = visit.rooms.post("network", "trunks", body={"trunk": wanted})["trunk"]
    return Redirect(f"/trunks/{made['id']}", Notice("The trunk is there."))


def edit_form(visit: Visit) -> Form:
    """Its name, and whether it may be changed."""
    trunk = visit.rooms.get("network", "trunks", visit["id"])["trunk"]
    return Form(
        "Edit the trunk",
        [
            Field("name", "Name", values=[trunk["name"]]),
            Field("description", "Description", values=[trunk["description"] or ""]),
            switch_of(trunk),
        ],
        "Save",
        f"/trunks/{visit['id']}",
        "trunks",
        lead="Switched off, its subports stay as they are; what passes, passes on.",
    )


def edit(visit: Visit, values: Values) -> Redirect:
    """Change it."""
    change = {
        "name": values["name"],
        "description": values["description"],
        "admin_state_up": values.flag("up"),
    }
    visit.rooms.put("network", "trunks", visit["id"], body={"trunk": change})
    return Redirect(f"/trunks/{visit['id']}", Notice("Saved."))


def subport_form(visit: Visit) -> Form:
    """Which port, and its VLAN id."""
    trunk = visit.rooms.get("network", "trunks", visit["id"])["trunk"]
    ports = _free_ports(visit, trunk["project_id"], is_parent=False)
    return Form(
        "Add a subport",
        [
            Field(
                "port",
                "Port",
                "select",
                options=options(ports),
                is_required=True,
                help="One that no server has.",
            ),
            Field(
                "vlan", "VLAN id", "number", is_required=True,
                least=VLAN_MIN, most=VLAN_MAX,
                help="The tag of its frames between the server and the trunk.",
            ),
        ],
        "Add",
        f"/trunks/{visit['id']}",
        "trunks",
    )  # fmt: skip


def add_subport(visit: Visit, values: Values) -> Redirect:
    """Add it."""
    subport = {
        "port_id": values["port"],
        "segmentation_type": KIND,
        "segmentation_id": values.number("vlan"),
    }
    _change(visit, "add", subport)
    return Redirect(f"/trunks/{visit['id']}", Notice("The subport is added."))


def remove_subport(visit: Visit, values: Values) -> Redirect:
    """Take it out."""
    _change(visit, "remove", {"port_id": visit["port"]})
    return Redirect(f"/trunks/{visit['id']}", Notice("The subport is removed."))


def _change(visit: Visit, verb: str, subport: Document) -> None:
    path = ("trunks", visit["id"], f"{verb}_subports")
    visit.rooms.put("network", *path, body={"sub_ports": [subport]})


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away; its ports stay."""
    visit.rooms.delete("network", "trunks", visit["id"])
    return Redirect("/trunks", Notice("The trunk is deleted."))


ROUTES = [
    page("trunks", show_all),
    form("trunks/new", new_form, make),
    page("trunks/{id}", show_one),
    form("trunks/{id}/edit", edit_form, edit),
    form("trunks/{id}/subports/new", subport_form, add_subport),
    deed("trunks/{id}/subports/{port}/remove", remove_subport, "Remove this subport?"),
    deed("trunks/{id}/delete", delete, "Delete this trunk? Its ports stay."),
]
