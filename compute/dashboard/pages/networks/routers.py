"""Routers, and floating addresses that lead through them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame.fields import Field, Form, Values
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import (
    Action,
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
from compute.dashboard.pages.networks.reach import inner, subnets_of
from compute.dashboard.pages.words import (
    lines,
    link_to,
    name_of,
    new_action,
    options,
    plain,
    yes,
)

MAKE = new_action("Make a router", "/routers/new")
TRAIL = (Link("Routers", "/routers"),)


def show_all(visit: Visit) -> Page:
    """The list."""
    rooms = visit.rooms
    found = rooms.together(
        routers=lambda: rooms.get("network", "routers"),
        networks=lambda: rooms.get("network", "networks"),
    )
    networks = {each["id"]: each for each in found["networks"]["networks"]}
    rows = []
    for each in found["routers"]["routers"]:
        path = f"/routers/{each['id']}"
        question = f"Delete the router {name_of(each)}?"
        rows.append(
            Row(
                [
                    link_to(each, path),
                    status(each["status"]),
                    gateway_cell(each, networks),
                ],
                [Action("Delete", f"{path}/delete", question, look="danger")],
            )
        )
    empty = Empty(
        "No routers yet. A router leads from your networks to each other and out into"
        " the world.",
        MAKE,
    )
    table = Table(
        "routers", ["Name", "State", "Leads out to"], rows, empty, is_filterable=True
    )
    return Page("Routers", "routers", [table], [MAKE])


def gateway_cell(router: Mapping[str, Any], networks: Mapping[str, Any]) -> Cell:
    """The network that it leads out to."""
    gateway = router.get("external_gateway_info")
    if not gateway:
        return Text("nowhere", "faint")
    network = networks.get(gateway["network_id"], {"id": gateway["network_id"]})
    return link_to(network, f"/networks/{network['id']}")


def show_one(visit: Visit) -> Page:
    """One router and its interfaces."""
    router_id, rooms = visit["id"], visit.rooms
    found = rooms.together(
        router=lambda: rooms.get("network", "routers", router_id),
        networks=lambda: rooms.get("network", "networks"),
        subnets=lambda: rooms.get("network", "subnets"),
        ports=lambda: rooms.get("network", "ports", device_id=router_id),
    )
    router = found["router"]["router"]
    networks = {
        each["id"]: each for each in found.get("networks", {}).get("networks", ())
    }
    subnets = {each["id"]: each for each in found.get("subnets", {}).get("subnets", ())}
    gateway = router.get("external_gateway_info") or {}
    outer = [
        Text(one["ip_address"], "copy") for one in gateway.get("external_fixed_ips", ())
    ]
    routes = [
        Text(f"{one['destination']} by {one['nexthop']}", "mono")
        for one in router["routes"]
    ]
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(router["id"], "copy")),
        ("Description", plain(router.get("description"))),
        ("Leads out to", gateway_cell(router, networks)),
        ("Its address there", Many(outer)),
        ("Hides addresses behind its own", yes(gateway.get("enable_snat", False))),
        ("Routes", Many(routes)),
        ("Switched on", yes(router["admin_state_up"])),
    ]
    path = f"/routers/{router_id}"
    question = f"Delete the router {name_of(router)}?"
    return Page(
        name_of(router),
        "routers",
        [
            Facts("facts", facts, "About"),
            _interfaces(path, found.get("ports", {}).get("ports", ()), subnets),
        ],
        [
            Action("Edit\u2026", f"{path}/edit", is_form=True),
            Action("Delete", f"{path}/delete", question, look="danger"),
        ],
        badges=[status(router["status"])],
        trail=TRAIL,
    )


def _interfaces(path: str, ports: Any, subnets: Mapping[str, Any]) -> Table:
    rows = []
    for port in ports:
        if port["device_owner"] != "network:router_interface":
            continue
        for one in port["fixed_ips"]:
            subnet = subnets.get(one["subnet_id"], {"id": one["subnet_id"]})
            rows.append(
                Row(
                    [
                        Link(name_of(subnet), f"/networks/{port['network_id']}"),
                        Text(subnet.get("cidr", ""), "mono"),
                        Text(one["ip_address"], "mono"),
                        status(port["status"]),
                    ],
                    [
                        Action(
                            "Disconnect",
                            f"{path}/subnets/{one['subnet_id']}/remove",
                            f"Disconnect {name_of(subnet)}?",
                        )
                    ],
                )
            )
    connect = Action("Connect a subnet", f"{path}/connect", is_form=True)
    columns = ["Subnet", "Addresses", "Router's address", "State"]
    empty = Empty("It connects nothing yet.")
    return Table("interfaces", columns, rows, empty, "Interfaces", [connect])


def _external(visit: Visit) -> Any:
    query = {"router:external": "true"}
    return visit.rooms.get("network", "networks", **query)["networks"]


def new_form(visit: Visit) -> Form:
    """Its name, and where it leads."""
    outer = options(_external(visit), blank="Nowhere")
    usual = outer[1].value if len(outer) > 1 else ""
    return Form(
        "Make a router",
        [
            Field("name", "Name", is_required=True),
            Field("network", "Leads out to", "select", [usual], outer),
        ],
        "Make it",
        "/routers",
        "routers",
    )


def make(visit: Visit, values: Values) -> Redirect:
    """Make it."""
    wanted: dict[str, Any] = {"name": values["name"]}
    if values["network"]:
        wanted["external_gateway_info"] = {"network_id": values["network"]}
    reply = visit.rooms.post("network", "routers", body={"router": wanted})
    text = Notice("The router is there: connect subnets to it.")
    return Redirect(f"/routers/{reply['router']['id']}", text)


def edit_form(visit: Visit) -> Form:
    """Name, gateway and routes."""
    found = visit.rooms.together(
        router=lambda: visit.rooms.get("network", "routers", visit["id"]),
        outer=lambda: _external(visit),
    )
    router = found["router"]["router"]
    gateway = (router.get("external_gateway_info") or {}).get("network_id", "")
    routes = "\n".join(
        f"{one['destination']} = {one['nexthop']}" for one in router["routes"]
    )
    return Form(
        "Edit the router",
        [
            Field("name", "Name", values=[router["name"]]),
            Field(
                "network",
                "Leads out to",
                "select",
                [gateway],
                options(found["outer"], blank="Nowhere"),
            ),
            Field(
                "routes",
                "Routes",
                "textarea",
                [routes],
                placeholder="192.0.2.0/24 = 10.1.0.7",
                help="Where else it leads: range = next hop, one a line.",
            ),
        ],
        "Save",
        f"/routers/{visit['id']}",
        "routers",
    )


def edit(visit: Visit, values: Values) -> Redirect:
    """Change it."""
    routes = [line.partition("=") for line in lines(values["routes"])]
    gateway = {"network_id": values["network"]} if values["network"] else None
    change: dict[str, Any] = {
        "name": values["name"],
        "routes": [
            {"destination": where.strip(), "nexthop": hop.strip()}
            for where, _, hop in routes
        ],
    }
    now = visit.rooms.get("network", "routers", visit["id"])["router"]
    before = (now.get("external_gateway_info") or {}).get("network_id", "")
    if before != values["network"]:
        change["external_gateway_info"] = gateway
    visit.rooms.put("network", "routers", visit["id"], body={"router": change})
    return Redirect(f"/routers/{visit['id']}", Notice("Saved."))


def connect_form(visit: Visit) -> Form:
    """Which subnet."""
    found = visit.rooms.together(
        networks=lambda: visit.rooms.get("network", "networks"),
        subnets=lambda: visit.rooms.get("network", "subnets"),
    )
    networks = inner(found["networks"]["networks"], visit.session.project_id)
    subnets = subnets_of(networks, found["subnets"]["subnets"])
    field = Field(
        "subnet",
        "Subnet",
        "select",
        options=options(subnets, "cidr", "Choose a subnet"),
        is_required=True,
    )
    return Form(
        "Connect a subnet", [field], "Connect", f"/routers/{visit['id']}", "routers"
    )


def connect(visit: Visit, values: Values) -> Redirect:
    """Plug it in."""
    path = ("routers", visit["id"], "add_router_interface")
    visit.rooms.put("network", *path, body={"subnet_id": values["subnet"]})
    return Redirect(f"/routers/{visit['id']}", Notice("The subnet is connected."))


def disconnect(visit: Visit, values: Values) -> Redirect:
    """Pull it out."""
    path = ("routers", visit["id"], "remove_router_interface")
    visit.rooms.put("network", *path, body={"subnet_id": visit["subnet"]})
    return visit.done(f"/routers/{visit['id']}", "The subnet is disconnected.")


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete("network", "routers", visit["id"])
    return Redirect("/routers", Notice("The router is deleted."))


ROUTES = [
    page("routers", show_all),
    page("routers/{id}", show_one),
    form("routers/new", new_form, make),
    form("routers/{id}/edit", edit_form, edit),
    form("routers/{id}/connect", connect_form, connect),
    deed("routers/{id}/subnets/{subnet}/remove", disconnect, "Disconnect this subnet?"),
    deed("routers/{id}/delete", delete, "Delete this router?"),
]
