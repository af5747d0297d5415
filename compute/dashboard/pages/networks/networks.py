"""Networks and their subnets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame.fields import Field, Form, Values
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Cell,
    Drawing,
    Empty,
    Facts,
    Link,
    Many,
    Page,
    Row,
    Table,
    Text,
    status,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.networks.ports import port_table
from compute.dashboard.pages.networks.qos import field_of, policies_of
from compute.dashboard.pages.networks.reach import subnets_of, usable
from compute.dashboard.pages.networks.topology import topology
from compute.dashboard.pages.words import (
    link_to,
    name_of,
    new_action,
    plain,
    switch_of,
    yes,
)

MAKE = new_action("Make a network", "/networks/new")
TRAIL = (Link("Networks", "/networks"),)


def show_all(visit: Visit) -> Page:
    """The list, and how everything hangs together."""
    rooms = visit.rooms
    project = visit.session.project_id
    found = rooms.together(
        networks=lambda: rooms.get("network", "networks"),
        subnets=lambda: rooms.get("network", "subnets"),
        routers=lambda: rooms.get("network", "routers", project_id=project),
        ports=lambda: rooms.get("network", "ports", project_id=project),
        servers=lambda: rooms.get("compute", "servers", limit=200),
    )
    networks = usable(found["networks"]["networks"], project)
    subnets = subnets_of(networks, found["subnets"]["subnets"])
    rows = [_row(each, subnets, project) for each in networks]
    empty = Empty("No networks yet. Servers talk to each other over one.", MAKE)
    columns = ["Name", "State", "Subnets", "Kind", "Shared"]
    table = Table("networks", columns, rows, empty, is_filterable=True)
    picture = topology(
        networks,
        subnets,
        found.get("routers", {}).get("routers", ()),
        found.get("ports", {}).get("ports", ()),
        found.get("servers", {}).get("servers", ()),
    )
    sections: list[Any] = [table]
    if picture.boxes:
        drawing = Drawing(
            "topology", "topology.html", picture, "How they are wired", is_wide=True
        )
        sections.append(drawing)
    visit.problems += found.problems
    return Page("Networks", "networks", sections, [MAKE])


def _row(network: Mapping[str, Any], subnets: Any, project_id: str) -> Row:
    path = f"/networks/{network['id']}"
    ranges = [
        Text(each["cidr"], "mono")
        for each in subnets
        if each["network_id"] == network["id"]
    ]
    kind: Cell = Text("inner", "faint")
    if network["router:external"]:
        kind = Badge("external", "warn")
    actions = []
    if network["project_id"] == project_id:
        question = f"Delete the network {name_of(network)} and its subnets?"
        actions = [
            Action("Edit\u2026", f"{path}/edit", is_form=True),
            Action("Delete", f"{path}/delete", question, look="danger"),
        ]
    return Row(
        [
            link_to(network, path),
            status(network["status"]),
            Many(ranges),
            kind,
            yes(network["shared"]),
        ],
        actions,
    )


def show_one(visit: Visit) -> Page:
    """One network: its subnets and ports."""
    network_id, rooms = visit["id"], visit.rooms
    found = rooms.together(
        network=lambda: rooms.get("network", "networks", network_id),
        subnets=lambda: rooms.get("network", "subnets", network_id=network_id),
        ports=lambda: rooms.get("network", "ports", network_id=network_id),
    )
    network = found["network"]["network"]
    is_mine = network["project_id"] == visit.session.project_id
    may = is_mine or visit.session.is_admin
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(network["id"], "copy")),
        ("Description", plain(network.get("description"))),
        ("Switched on", yes(network["admin_state_up"])),
        ("Shared", yes(network["shared"])),
        ("External", yes(network["router:external"])),
        ("MTU", Text(f"{network['mtu']} bytes")),
        ("Port security", yes(network.get("port_security_enabled", True))),
    ]
    if network.get("qos_policy_id"):
        path = f"/qos/{network['qos_policy_id']}"
        facts.append(("QoS policy", Link("policy", path)))
    if network.get("provider:network_type"):
        kind = network["provider:network_type"]
        facts.append(
            ("Wire", Text(f"{kind} {network.get('provider:segmentation_id') or ''}"))
        )
    path = f"/networks/{network_id}"
    edit = Action("Edit\u2026", f"{path}/edit", is_form=True)
    delete = Action(
        "Delete",
        f"{path}/delete",
        f"Delete the network {name_of(network)} and its subnets?",
        look="danger",
    )
    return Page(
        name_of(network),
        "networks",
        [
            Facts("facts", facts, "About"),
            _subnet_table(network_id, found.get("subnets", {}).get("subnets", ()), may),
            port_table(
                found.get("ports", {}).get("ports", ()),
                Action("Make a port", f"{path}/ports/new", is_form=True),
            ),
        ],
        [edit, delete] if may else (),
        badges=[status(network["status"])],
        trail=TRAIL,
    )


def _subnet_table(network_id: str, subnets: Any, may: bool) -> Table:
    rows = []
    for each in subnets:
        path = f"/subnets/{each['id']}"
        question = f"Delete the subnet {name_of(each)}?"
        rows.append(
            Row(
                [
                    Text(name_of(each)),
                    Text(each["cidr"], "mono"),
                    Text(each["gateway_ip"] or "none", "mono"),
                    yes(each["enable_dhcp"]),
                    Text(", ".join(each["dns_nameservers"]) or "the network's own"),
                ],
                [
                    Action("Edit\u2026", f"{path}/edit", is_form=True),
                    Action("Delete", f"{path}/delete", question, look="danger"),
                ]
                if may
                else (),
            )
        )
    make = Action("Make a subnet", f"/networks/{network_id}/subnets/new", is_form=True)
    columns = ["Subnet", "Addresses", "Gateway", "DHCP", "Name servers"]
    empty = Empty("No subnets: ports get no addresses here.")
    return Table("subnets", columns, rows, empty, "Subnets", [make] if may else ())


def edit_form(visit: Visit) -> Form:
    """Name and state of a network."""
    found = visit.rooms.together(
        network=lambda: visit.rooms.get("network", "networks", visit["id"]),
        qos=lambda: policies_of(visit.rooms),
    )
    network = found["network"]["network"]
    return Form(
        "Edit the network",
        [
            Field("name", "Name", values=[network["name"]]),
            Field("description", "Description", values=[network["description"]]),
            switch_of(network),
            field_of(found.get("qos", ()), network.get("qos_policy_id")),
        ],
        "Save",
        f"/networks/{visit['id']}",
        "networks",
    )


def edit(visit: Visit, values: Values) -> Redirect:
    """Change it."""
    change = {
        "name": values["name"],
        "description": values["description"],
        "admin_state_up": values.flag("up"),
        "qos_policy_id": values["qos"] or None,
    }
    visit.rooms.put("network", "networks", visit["id"], body={"network": change})
    return Redirect(f"/networks/{visit['id']}", Notice("Saved."))


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete("network", "networks", visit["id"])
    return Redirect("/networks", Notice("The network is deleted."))


ROUTES = [
    page("networks", show_all),
    page("networks/{id}", show_one),
    form("networks/{id}/edit", edit_form, edit),
    deed("networks/{id}/delete", delete, "Delete this network and its subnets?"),
]
