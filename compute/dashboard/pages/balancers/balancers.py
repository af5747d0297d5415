"""Load balancers: the list, the tree of one, and a simple one made at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import Values
from compute.dashboard.frame.routes import deed, page
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Cell,
    Empty,
    Facts,
    Link,
    Page,
    Row,
    Table,
    Text,
    When,
    status,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.balancers.tls import pool_words
from compute.dashboard.pages.words import link_to, name_of, new_action, plain, yes
from compute.dashboard.rooms import Answers

ROOM = "load-balancer"
MAKE = new_action("Make a load balancer", "/balancers/new")
TRAIL = (Link("Load balancers", "/balancers"),)


def is_busy(balancer: Mapping[str, Any]) -> bool:
    """Whether it will change by itself."""
    return str(balancer["provisioning_status"]).startswith("PENDING")


def show_all(visit: Visit) -> Page:
    """The list."""
    found = visit.rooms.get(ROOM, "loadbalancers")["loadbalancers"]
    rows = [
        Row(
            [
                link_to(each, f"/balancers/{each['id']}"),
                status(each["provisioning_status"]),
                status(each["operating_status"]),
                Text(each["vip_address"] or "", "mono"),
                When(each["created_at"]),
            ],
            [_delete_action(each)],
            is_busy(each),
        )
        for each in found
    ]
    empty = Empty(
        "No load balancers yet. One has an address of its own and hands what comes"
        " there to your servers.",
        MAKE,
    )
    columns = ["Name", "State", "How it fares", "Address", "Made"]
    table = Table("balancers", columns, rows, empty, is_filterable=True)
    return Page("Load balancers", "balancers", [table], [MAKE])


def _delete_action(balancer: Mapping[str, Any]) -> Action:
    question = f"Delete {name_of(balancer)}, its listeners and its pools?"
    path = f"/balancers/{balancer['id']}/delete"
    return Action("Delete", path, question, look="danger")


def show_one(visit: Visit) -> Page:
    """One, with its listeners, pools and members."""
    balancer_id, rooms = visit["id"], visit.rooms
    found = rooms.together(
        balancer=lambda: rooms.get(ROOM, "loadbalancers", balancer_id),
        listeners=lambda: rooms.get(ROOM, "listeners", load_balancer_id=balancer_id),
        pools=lambda: rooms.get(ROOM, "pools", loadbalancer_id=balancer_id),
        stats=lambda: rooms.get(ROOM, "loadbalancers", balancer_id, "stats"),
        monitors=lambda: rooms.get(ROOM, "healthmonitors"),
    )
    balancer = found["balancer"]["loadbalancer"]
    pools = found.get("pools", {}).get("pools", ())
    members = rooms.together(
        **{each["id"]: _members_of(visit, each["id"]) for each in pools}
    )
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(balancer["id"], "copy")),
        ("Description", plain(balancer.get("description"))),
        ("Address", Text(balancer["vip_address"] or "", "copy")),
        ("Port", Link("port", f"/ports/{balancer['vip_port_id']}")),
        ("Switched on", yes(balancer["admin_state_up"])),
        ("Made", When(balancer["created_at"])),
    ]
    give = f"/addresses/give/{balancer['vip_port_id']}"
    return Page(
        name_of(balancer),
        "balancers",
        [
            Facts("facts", facts, "About", is_busy(balancer)),
            _traffic(found),
            _listeners(balancer, found, pools),
            *(_pool(each, members, found) for each in pools),
        ],
        [
            Action("Add a pool", f"/balancers/{balancer_id}/pools/new", is_form=True),
            Action("Floating address\u2026", give, is_form=True),
            _delete_action(balancer),
        ],
        badges=[
            status(balancer["provisioning_status"]),
            status(balancer["operating_status"]),
        ],
        trail=TRAIL,
    )


def _members_of(visit: Visit, pool_id: str) -> Any:
    return lambda: visit.rooms.get(ROOM, "pools", pool_id, "members")


def _traffic(found: Answers) -> Facts:
    stats = found.get("stats", {}).get("stats", {})
    facts: list[tuple[str, Cell]] = [
        ("Connections now", Text(formats.number(stats.get("active_connections")))),
        ("Connections in all", Text(formats.number(stats.get("total_connections")))),
        ("Came in", Text(formats.size(stats.get("bytes_in")))),
        ("Went out", Text(formats.size(stats.get("bytes_out")))),
        ("Requests in error", Text(formats.number(stats.get("request_errors")))),
    ]
    return Facts("traffic", facts, "Traffic")


def _listeners(
    balancer: Mapping[str, Any], found: Answers, pools: Sequence[Mapping[str, Any]]
) -> Table:
    names = {each["id"]: name_of(each) for each in pools}
    rows = [
        Row(
            [
                link_to(each, f"/balancers/listeners/{each['id']}"),
                Text(f"{each['protocol']} {each['protocol_port']}"),
                Text(names.get(each["default_pool_id"], "no pool")),
                status(each["provisioning_status"]),
                status(each["operating_status"]),
            ]
        )
        for each in found.get("listeners", {}).get("listeners", ())
    ]
    path = f"/balancers/{balancer['id']}/listeners/new"
    add = Action("Add a listener", path, is_form=True)
    columns = ["Listener", "Listens to", "Hands on to", "State", "How it fares"]
    empty = Empty("It listens to nothing.")
    return Table("listeners", columns, rows, empty, "Listeners", [add])


def _pool(pool: Mapping[str, Any], members: Answers, found: Answers) -> Table:
    monitors = found.get("monitors", {}).get("healthmonitors", ())
    monitor = next(
        (each for each in monitors if each["id"] == pool.get("healthmonitor_id")), None
    )
    note = f"{pool['protocol']}{pool_words(pool)}, "
    note += f"{formats.words_of(pool['lb_algorithm'])}; "
    note += (
        f"looked at by {monitor['type']} every {monitor['delay']} seconds"
        if monitor
        else "nobody looks whether members are well"
    )
    path = f"/balancers/pools/{pool['id']}"
    rows = []
    for each in members.get(pool["id"], {}).get("members", ()):
        question = f"Take {each['address']} out of the pool?"
        rows.append(
            Row(
                [
                    Text(name_of(each)),
                    Text(f"{each['address']}:{each['protocol_port']}", "mono"),
                    Text(str(each["weight"])),
                    Badge("backup", "idle") if each.get("backup") else Text("regular"),
                    status(each["operating_status"]),
                ],
                [Action("Remove", f"{path}/members/{each['id']}/delete", question)],
            )
        )
    question = f"Delete the pool {name_of(pool)} and its members?"
    does = [
        Action("Add a member", f"{path}/members/new", is_form=True),
        Action("Health checks\u2026", f"{path}/monitor", is_form=True),
        Action("Edit\u2026", f"{path}/edit", is_form=True),
        Action("Delete", f"{path}/delete", question, look="danger"),
    ]
    columns = ["Member", "Address", "Weight", "Kind", "How it fares"]
    empty = Empty("No members: connections are refused.")
    return Table(
        f"pool-{pool['id']}",
        columns,
        rows,
        empty,
        f"Pool {name_of(pool)}",
        does,
        note=note,
    )


def remove_member(visit: Visit, values: Values) -> Redirect:
    """Hand on to it no more."""
    visit.rooms.delete(ROOM, "pools", visit["pool"], "members", visit["member"])
    return visit.done("/balancers", "The member is removed.")


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away, with all that belongs to it."""
    visit.rooms.delete(ROOM, "loadbalancers", visit["id"], cascade="true")
    return Redirect("/balancers", Notice("The load balancer is being deleted."))


ROUTES = [
    page("balancers", show_all),
    page("balancers/{id}", show_one),
    deed(
        "balancers/pools/{pool}/members/{member}/delete",
        remove_member,
        "Take this member out of the pool?",
    ),
    deed(
        "balancers/{id}/delete",
        delete,
        "Delete this load balancer, its listeners and its pools?",
    ),
]
