"""Floating addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Option, Values
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Empty,
    Link,
    Page,
    Row,
    Table,
    Text,
    status,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.words import (
    NONE,
    link_to,
    name_of,
    new_action,
    options,
    plain,
)

TAKE = new_action("Get an address", "/addresses/new")
_NAME = Field(
    "name",
    "Name",
    placeholder="www.example.org",
    help="Servers of the project find the address by it.",
)


def show_all(visit: Visit) -> Page:
    """The list."""
    rooms = visit.rooms
    found = rooms.together(
        addresses=lambda: rooms.get("network", "floatingips"),
        networks=lambda: rooms.get("network", "networks"),
    )
    networks = {
        each["id"]: each for each in found.get("networks", {}).get("networks", ())
    }
    rows = []
    for each in found["addresses"]["floatingips"]:
        path, address = f"/addresses/{each['id']}", each["floating_ip_address"]
        network = networks.get(
            each["floating_network_id"], {"id": each["floating_network_id"]}
        )
        if each.get("port_id"):
            leads = Link(each["fixed_ip_address"], f"/ports/{each['port_id']}")
            actions = [Action("Release", f"{path}/release")]
        else:
            leads = NONE  # type: ignore[assignment]
            actions = [Action("Give to a server\u2026", f"{path}/give", is_form=True)]
        actions.append(Action("Edit\u2026", f"{path}/edit", is_form=True))
        question = f"Give {address} back? Somebody else may get it."
        actions.append(Action("Give back", f"{path}/delete", question, look="danger"))
        state = each["status"]
        rows.append(
            Row(
                [
                    Text(address, "copy"),
                    plain(_name_of(each)),
                    Badge("DOWN", "idle") if state == "DOWN" else status(state),
                    leads,
                    link_to(network, f"/networks/{network['id']}"),
                    Text(each.get("description") or "", "faint"),
                ],
                actions,
            )
        )
    empty = Empty(
        "No floating addresses yet. With one a server is reached from outside, and it"
        " moves from server to server.",
        TAKE,
    )
    columns = ["Address", "Name", "State", "Leads to", "Network", "Description"]
    table = Table("addresses", columns, rows, empty, is_filterable=True)
    return Page("Floating addresses", "addresses", [table], [TAKE])


def _external(visit: Visit) -> Any:
    query = {"router:external": "true"}
    return visit.rooms.get("network", "networks", **query)["networks"]


def new_form(visit: Visit) -> Form:
    """Of which network."""
    return Form(
        "Get a floating address",
        [
            Field(
                "network",
                "Network",
                "select",
                options=options(_external(visit)),
                is_required=True,
            ),
            _NAME,
            Field("description", "Description"),
        ],
        "Get it",
        "/addresses",
        "addresses",
    )


def take(visit: Visit, values: Values) -> Redirect:
    """Get one."""
    wanted = {
        "floating_network_id": values["network"],
        **values.given(description="description"),
        **_name_in(values),
    }
    reply = visit.rooms.post("network", "floatingips", body={"floatingip": wanted})
    address = reply["floatingip"]["floating_ip_address"]
    return Redirect("/addresses", Notice(f"{address} is yours."))


def edit_form(visit: Visit) -> Form:
    """What it is called."""
    found = visit.rooms.get("network", "floatingips", visit["id"])["floatingip"]
    return Form(
        f"Edit {found['floating_ip_address']}",
        [
            replace(_NAME, values=[_name_of(found)]),
            Field("description", "Description", values=[found["description"] or ""]),
        ],
        "Save",
        "/addresses",
        "addresses",
    )


def edit(visit: Visit, values: Values) -> Redirect:
    """Call it so."""
    change = {
        "description": values["description"],
        "dns_name": "",
        "dns_domain": "",
        **_name_in(values),
    }
    path = ("floatingips", visit["id"])
    visit.rooms.put("network", *path, body={"floatingip": change})
    return Redirect("/addresses", Notice("The address is changed."))


def _name_of(address: Mapping[str, Any]) -> str:
    """In full, without the dot at the end, which nobody writes."""
    name, domain = address.get("dns_name"), address.get("dns_domain")
    return f"{name}.{domain}".removesuffix(".") if name and domain else ""


def _name_in(values: Values) -> dict[str, str]:
    """As the network room has it: what is before the first dot is the name."""
    if not values["name"]:
        return {}
    name, _, domain = values["name"].removesuffix(".").partition(".")
    if not domain:
        raise BadForm({"name": "With its domain: www.example.org."})
    return {"dns_name": name, "dns_domain": f"{domain}."}


def give_form(visit: Visit) -> Form:
    """To which port of which server."""
    rooms, project = visit.rooms, visit.session.project_id
    found = rooms.together(
        ports=lambda: rooms.get("network", "ports", project_id=project),
        servers=lambda: rooms.get("compute", "servers", limit=1000),
    )
    names = {
        each["id"]: name_of(each)
        for each in found.get("servers", {}).get("servers", ())
    }
    choices = [
        Option(
            f"{port['id']} {one['ip_address']}",
            names.get(port["device_id"]) or name_of(port),
            one["ip_address"],
        )
        for port in found["ports"]["ports"]
        if not port["device_owner"].startswith("network:")
        for one in port["fixed_ips"]
    ]
    choices.sort(key=lambda each: each.label.lower())
    return Form(
        "Give the address to a server",
        [
            Field(
                "port",
                "Server or port",
                "select",
                options=[Option("", "Choose"), *choices],
                is_required=True,
                help="A router must lead from its network to the address's.",
            )
        ],
        "Give",
        "/addresses",
        "addresses",
    )


def give(visit: Visit, values: Values) -> Redirect:
    """Lead it there."""
    port, _, fixed = values["port"].partition(" ")
    change = {"port_id": port, "fixed_ip_address": fixed}
    path = ("floatingips", visit["id"])
    visit.rooms.put("network", *path, body={"floatingip": change})
    return Redirect("/addresses", Notice("The address leads there now."))


def port_form(visit: Visit) -> Form:
    """An address for this port: one that is free, or a new one."""
    found = visit.rooms.together(
        addresses=lambda: visit.rooms.get("network", "floatingips"),
        outer=lambda: _external(visit),
    )
    free = [
        Option(each["id"], each["floating_ip_address"], "yours already")
        for each in found["addresses"]["floatingips"]
        if not each.get("port_id")
    ]
    new = [
        Option(f"new {each['id']}", f"A new one of {name_of(each)}")
        for each in found["outer"]
    ]
    return Form(
        "Floating address",
        [
            Field(
                "address", "Address", "select", options=[*free, *new], is_required=True
            )
        ],
        "Give",
        f"/ports/{visit['port']}",
        "addresses",
    )


def give_port(visit: Visit, values: Values) -> Redirect:
    """Lead it to the port."""
    chosen, port = values["address"], visit["port"]
    if chosen.startswith("new "):
        wanted = {"floating_network_id": chosen[4:], "port_id": port}
        visit.rooms.post("network", "floatingips", body={"floatingip": wanted})
    else:
        path = ("floatingips", chosen)
        visit.rooms.put("network", *path, body={"floatingip": {"port_id": port}})
    return Redirect("/addresses", Notice("The address leads there now."))


def release(visit: Visit, values: Values) -> Redirect:
    """Lead it nowhere."""
    path = ("floatingips", visit["id"])
    visit.rooms.put("network", *path, body={"floatingip": {"port_id": None}})
    return visit.done("/addresses", "The address leads nowhere now; it is still yours.")


def delete(visit: Visit, values: Values) -> Redirect:
    """Give it back."""
    visit.rooms.delete("network", "floatingips", visit["id"])
    return Redirect("/addresses", Notice("The address is given back."))


ROUTES = [
    page("addresses", show_all),
    form("addresses/new", new_form, take),
    form("addresses/{id}/edit", edit_form, edit),
    form("addresses/give/{port}", port_form, give_port),
    form("addresses/{id}/give", give_form, give),
    deed("addresses/{id}/release", release),
    deed("addresses/{id}/delete", delete, "Give this address back?"),
]
