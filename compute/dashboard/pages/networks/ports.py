"""Ports: where servers, routers and others meet networks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compute.dashboard.frame.fields import Field, Form, Values
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Cell,
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
from compute.dashboard.pages.networks.qos import field_of, policies_of
from compute.dashboard.pages.words import (
    NONE,
    lines,
    name_of,
    options,
    plain,
    switch_of,
    yes,
)

_HOLDERS = {
    "network:dhcp": "DHCP",
    "network:router_interface": "router",
    "network:router_gateway": "router's gateway",
    "network:floatingip": "floating address",
    "Octavia": "load balancer",
    "trunk:subport": "trunk",
}


def port_table(ports: Any, make: Action) -> Table:
    """Ports, as on several pages."""
    rows = []
    for each in ports:
        path = f"/ports/{each['id']}"
        actions = [Action("Edit\u2026", f"{path}/edit", is_form=True)]
        if not each["device_owner"].startswith("network:"):
            question = f"Delete the port {name_of(each)}?"
            actions.append(Action("Delete", f"{path}/delete", question, look="danger"))
        rows.append(
            Row(
                [
                    Link(name_of(each), path),
                    Many(
                        [Text(one["ip_address"], "mono") for one in each["fixed_ips"]]
                    ),
                    Text(each["mac_address"], "mono"),
                    holder_of(each),
                    state_of(each),
                ],
                actions,
            )
        )
    columns = ["Port", "Addresses", "MAC", "Belongs to", "State"]
    empty = Empty("No ports yet: launching a server makes them.")
    return Table("ports", columns, rows, empty, "Ports", [make], is_filterable=True)


def state_of(port: Any) -> Cell:
    """Of a port, or a trunk: that nobody has it is no trouble."""
    if port["status"] == "DOWN":
        return Badge("DOWN", "idle")
    return status(port["status"])


def holder_of(port: Any) -> Cell:
    """Who has it."""
    owner, device = port["device_owner"], port["device_id"]
    if owner.startswith("compute:"):
        return Link("server", f"/servers/{device}")
    if owner.startswith("network:router"):
        return Link(_HOLDERS.get(owner, "router"), f"/routers/{device}")
    return Text(_HOLDERS.get(owner, owner or "nobody"), "faint")


def show_one(visit: Visit) -> Page:
    """One port."""
    found = visit.rooms.together(
        port=lambda: visit.rooms.get("network", "ports", visit["id"]),
        groups=lambda: visit.rooms.get("network", "security-groups"),
    )
    port = found["port"]["port"]
    names = {
        each["id"]: each["name"]
        for each in found.get("groups", {}).get("security_groups", ())
    }
    groups = [
        Link(names.get(one, one), f"/groups/{one}") for one in port["security_groups"]
    ]
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(port["id"], "copy")),
        ("Network", Link("network", f"/networks/{port['network_id']}")),
        (
            "Addresses",
            Many([Text(one["ip_address"], "copy") for one in port["fixed_ips"]]),
        ),
        ("MAC", Text(port["mac_address"], "copy")),
        ("Belongs to", holder_of(port)),
        *_trunk(port),
        ("Security groups", Many(groups)),
        ("Port security", yes(port.get("port_security_enabled", True))),
        (
            "Other addresses let through",
            Many(
                [
                    Text(one["ip_address"], "mono")
                    for one in port["allowed_address_pairs"]
                ]
            ),
        ),
        ("Switched on", yes(port["admin_state_up"])),
        (
            "Host",
            plain(port.get("binding:host_id")) if "binding:host_id" in port else NONE,
        ),
    ]
    edit = Action("Edit\u2026", f"/ports/{port['id']}/edit", is_form=True)
    give = Action(
        "Floating address\u2026", f"/addresses/give/{port['id']}", is_form=True
    )
    return Page(
        name_of(port),
        "networks",
        [Facts("facts", facts, "About")],
        [edit, give],
        badges=[state_of(port)],
        trail=[
            Link("Networks", "/networks"),
            Link("network", f"/networks/{port['network_id']}"),
        ],
    )


def _trunk(port: Any) -> Iterator[tuple[str, Cell]]:
    """What its guest sends and hears for other ports, by VLAN id."""
    if "trunk_details" in port:
        subports = [
            Link(f"VLAN {each['segmentation_id']}", f"/ports/{each['port_id']}")
            for each in port["trunk_details"]["sub_ports"]
        ]
        yield "Carries", Many(subports)


def new_form(visit: Visit) -> Form:
    """A port to be plugged in later."""
    network_id = visit["id"]
    found = visit.rooms.together(
        subnets=lambda: visit.rooms.get("network", "subnets", network_id=network_id),
        groups=lambda: visit.rooms.get(
            "network", "security-groups", project_id=visit.session.project_id
        ),
    )
    return Form(
        "Make a port",
        [
            Field("name", "Name"),
            Field(
                "subnet",
                "Subnet",
                "select",
                options=options(found["subnets"]["subnets"], "cidr", "Any"),
            ),
            Field("address", "Address", help="Left empty: any that is free."),
            Field(
                "groups",
                "Security groups",
                "checks",
                options=options(found["groups"]["security_groups"]),
                help="None checked: the project's default group.",
            ),
        ],
        "Make it",
        f"/networks/{network_id}",
        "networks",
    )


def make(visit: Visit, values: Values) -> Redirect:
    """Make it."""
    wanted: dict[str, Any] = {"network_id": visit["id"], "name": values["name"]}
    place = values.given(subnet_id="subnet", ip_address="address")
    if place:
        wanted["fixed_ips"] = [place]
    if values.chosen("groups"):
        wanted["security_groups"] = values.chosen("groups")
    reply = visit.rooms.post("network", "ports", body={"port": wanted})
    return Redirect(f"/ports/{reply['port']['id']}", Notice("The port is there."))


def edit_form(visit: Visit) -> Form:
    """Name, groups and what is let through."""
    found = visit.rooms.together(
        port=lambda: visit.rooms.get("network", "ports", visit["id"]),
        groups=lambda: visit.rooms.get("network", "security-groups"),
        qos=lambda: policies_of(visit.rooms),
    )
    port = found["port"]["port"]
    groups = [
        each
        for each in found["groups"]["security_groups"]
        if each["project_id"] == port["project_id"]
    ]
    let = "\n".join(one["ip_address"] for one in port["allowed_address_pairs"])
    return Form(
        "Edit the port",
        [
            Field("name", "Name", values=[port["name"]]),
            Field(
                "groups",
                "Security groups",
                "checks",
                port["security_groups"],
                options(groups),
            ),
            Field(
                "pairs",
                "Other addresses let through",
                "textarea",
                [let],
                help="Addresses or ranges, one a line.",
            ),
            switch_of(port),
            field_of(found.get("qos", ()), port.get("qos_policy_id")),
        ],
        "Save",
        f"/ports/{visit['id']}",
        "networks",
    )


def edit(visit: Visit, values: Values) -> Redirect:
    """Change it."""
    change = {
        "name": values["name"],
        "security_groups": values.chosen("groups"),
        "allowed_address_pairs": [
            {"ip_address": each} for each in lines(values["pairs"])
        ],
        "admin_state_up": values.flag("up"),
        "qos_policy_id": values["qos"] or None,
    }
    visit.rooms.put("network", "ports", visit["id"], body={"port": change})
    return Redirect(f"/ports/{visit['id']}", Notice("Saved."))


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete("network", "ports", visit["id"])
    redirect = visit.done("/networks", "The port is deleted.")
    if redirect.path.startswith(f"/ports/{visit['id']}"):
        return Redirect("/networks", redirect.notice)
    return redirect


ROUTES = [
    page("ports/{id}", show_one),
    form("networks/{id}/ports/new", new_form, make),
    form("ports/{id}/edit", edit_form, edit),
    deed("ports/{id}/delete", delete, "Delete this port?"),
]
