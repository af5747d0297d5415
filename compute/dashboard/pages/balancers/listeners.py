"""Listeners of load balancers: one with its policies, and taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.dashboard.frame.fields import Values
from compute.dashboard.frame.routes import deed, page
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
from compute.dashboard.pages.balancers import tls
from compute.dashboard.pages.words import link_to, name_of, plain, yes

ROOM = "load-balancer"
LISTED_MAX = 200


def find(visit: Visit, listener_id: str) -> Mapping[str, Any]:
    """One listener."""
    found: Mapping[str, Any] = visit.rooms.get(ROOM, "listeners", listener_id)
    listener: Mapping[str, Any] = found["listener"]
    return listener


def show(visit: Visit) -> Page:
    """What it is, and where it sends which requests."""
    rooms, listener_id = visit.rooms, visit["listener"]
    found = rooms.together(
        listener=lambda: find(visit, listener_id),
        policies=lambda: rooms.get(
            ROOM, "l7policies", listener_id=listener_id, limit=LISTED_MAX
        ),
        stats=lambda: rooms.get(ROOM, "listeners", listener_id, "stats"),
    )
    listener = found["listener"]
    policies = found.get("policies", {}).get("l7policies", ())
    pools = rooms.get(
        ROOM, "pools", loadbalancer_id=listener["loadbalancers"][0]["id"]
    )["pools"]
    names = {each["id"]: name_of(each) for each in pools}
    balancer = f"/balancers/{listener['loadbalancers'][0]['id']}"
    stats = found.get("stats", {}).get("stats", {})
    let_in = [Text(each, "mono") for each in listener["allowed_cidrs"] or ()]
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(listener["id"], "copy")),
        ("Listens to", Text(f"{listener['protocol']} {listener['protocol_port']}")),
        ("Hands on to", plain(names.get(listener["default_pool_id"] or ""))),
        ("Switched on", yes(listener["admin_state_up"])),
        ("Connections at most", plain(_most(listener.get("connection_limit")))),
        ("Connections now", plain(stats.get("active_connections"))),
        ("Let in", Many(let_in, "everybody")),
        ("Adds headers", Text(", ".join(added_headers(listener)) or "none")),
    ]  # fmt: skip
    is_busy = str(listener["provisioning_status"]).startswith("PENDING")
    sections: list[Any] = [Facts("facts", facts, "About", is_busy)]
    if listener["protocol"] == tls.TERMINATED_HTTPS:
        sections.append(tls.tls_facts(visit, listener))
    if tls.is_read(listener):
        sections.append(_policies(listener, policies, names))
    path = f"/balancers/listeners/{listener_id}"
    question = f"Delete the listener {name_of(listener)} and its policies?"
    return Page(
        name_of(listener),
        "balancers",
        sections,
        [
            Action("Edit\u2026", f"{path}/edit", is_form=True),
            Action("Delete", f"{path}/delete", question, look="danger"),
        ],
        badges=[
            status(listener["provisioning_status"]),
            status(listener["operating_status"]),
        ],
        trail=[
            Link("Load balancers", "/balancers"),
            Link("load balancer", balancer),
        ],
    )


def added_headers(listener: Mapping[str, Any]) -> list[str]:
    """Those that requests get from it.  Pure."""
    given = listener.get("insert_headers") or {}
    return [name for name, value in given.items() if str(value).lower() == "true"]


def _most(limit: int | None) -> str:
    return "" if limit is None else "any number" if limit < 0 else str(limit)


def _policies(
    listener: Mapping[str, Any],
    policies: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
) -> Table:
    rows = []
    for each in sorted(policies, key=lambda one: int(one["position"])):
        path = f"/balancers/policies/{each['id']}"
        question = f"Delete the policy {name_of(each)} and its rules?"
        rows.append(
            Row(
                [
                    link_to(each, path),
                    Text(str(each["position"])),
                    Text(deed_of(each, names)),
                    Text(str(len(each["rules"]))),
                    status(each["operating_status"]),
                ],
                [Action("Delete", f"{path}/delete", question, look="danger")],
                str(each["provisioning_status"]).startswith("PENDING"),
            )
        )
    path = f"/balancers/listeners/{listener['id']}/policies/new"
    add = Action("Add a policy", path, is_form=True)
    columns = ["Policy", "Place", "What it does", "Rules", "How it fares"]
    empty = Empty(
        "No policies: every request goes to the pool. A policy sends requests that its"
        " rules fit to another pool or address, or refuses them.",
        add,
    )
    title = "Policies, in the order that they are asked"
    return Table("policies", columns, rows, empty, title, [add])


def deed_of(policy: Mapping[str, Any], pools: Mapping[str, str]) -> str:
    """What a policy does with requests, in words.  Pure."""
    action = policy["action"]
    if action == "REJECT":
        return "refuses"
    if action == "REDIRECT_TO_POOL":
        pool = policy["redirect_pool_id"] or ""
        return f"to the pool {pools.get(pool, pool[:8])}"
    if action == "REDIRECT_PREFIX":
        return f"on to {policy['redirect_prefix']} and the path"
    return f"on to {policy['redirect_url']}"


def delete(visit: Visit, values: Values) -> Redirect:
    """Listen no more."""
    listener = find(visit, visit["listener"])
    visit.rooms.delete(ROOM, "listeners", visit["listener"])
    balancer = listener["loadbalancers"][0]["id"]
    return Redirect(f"/balancers/{balancer}", Notice("The listener is being deleted."))


ROUTES = [
    page("balancers/listeners/{listener}", show),
    deed(
        "balancers/listeners/{listener}/delete",
        delete,
        "Delete this listener and its policies?",
    ),
]
