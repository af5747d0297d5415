"""Servers: the list, one of them, and what is done to it without further questions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import Values
from compute.dashboard.frame.routes import Route, deed, page
from compute.dashboard.frame.view import (
    Action,
    Block,
    Cell,
    Empty,
    Facts,
    Link,
    Many,
    Page,
    Row,
    Said,
    Search,
    Table,
    Text,
    When,
    status,
)
from compute.dashboard.frame.visit import Redirect, Visit, at
from compute.dashboard.pages.servers import states
from compute.dashboard.pages.servers.parts import parts_of
from compute.dashboard.pages.words import NONE, PAGE_ROWS, link_to, new_action, plain
from compute.dashboard.rooms import Answers

TRAIL = (Link("Servers", "/servers"),)
LAUNCH = new_action("Launch a server", "/servers/new")
NEWEST_ACTIONS = 10


def show_all(visit: Visit) -> Page:
    """The list, a page at a time."""
    marker, wanted = visit.query("marker"), visit.query("status")
    sought = visit.query("search")
    found = visit.rooms.together(
        servers=lambda: visit.rooms.get(
            "compute",
            "servers",
            "detail",
            limit=PAGE_ROWS,
            marker=marker or None,
            status=wanted or None,
            name=re.escape(sought) or None,
        ),
        images=lambda: visit.rooms.get("image", "images", limit=1000),
    )
    servers = found["servers"]["servers"]
    images = {each["id"]: each for each in found.get("images", {}).get("images", ())}
    visit.problems += found.problems
    rows = [
        Row(
            [
                link_to(each, f"/servers/{each['id']}"),
                status_of(each),
                Many([Text(one, "mono") for one in states.addresses_of(each)]),
                Text(each["flavor"].get("original_name", "")),
                image_cell(each, images),
                When(each["created"]),
            ],
            states.actions_of(each, visit.session.is_admin),
            states.is_busy(each),
        )
        for each in servers
    ]
    more = ""
    if len(servers) == PAGE_ROWS:
        more = at("servers", marker=servers[-1]["id"], status=wanted, search=sought)
    empty = Empty(
        "No servers yet. A server is a machine of your own in this cloud: it starts"
        " from an image, as large as a flavor says.",
        LAUNCH,
    )
    if wanted or sought:
        back = Action("All servers", "/servers", is_form=True)
        empty = Empty("No server is so.", back)
    search = Search("/servers", "search", "Search by name", sought, {"status": wanted})
    columns = ["Name", "State", "Addresses", "Flavor", "Image", "Made"]
    table = Table(
        "servers", columns, rows, empty, is_filterable=True, more=more, search=search
    )
    lead = f"Only those that are {wanted}" if wanted else ""
    return Page("Servers", "servers", [table], [LAUNCH], lead=lead)


def show_one(visit: Visit) -> Page:
    """One server: its state, what belongs to it, and what has happened to it."""
    server_id, rooms = visit["id"], visit.rooms
    found = rooms.together(
        server=lambda: rooms.get("compute", "servers", server_id),
        volumes=lambda: rooms.get("volume", "volumes", "detail", limit=1000),
        ports=lambda: rooms.get("network", "ports", device_id=server_id),
        networks=lambda: rooms.get("network", "networks"),
        addresses=lambda: rooms.get("network", "floatingips"),
        history=lambda: rooms.get(
            "compute", "servers", server_id, "os-instance-actions", limit=NEWEST_ACTIONS
        ),
        images=lambda: rooms.get("image", "images", limit=1000),
    )
    server = found["server"]["server"]
    images = {each["id"]: each for each in found.get("images", {}).get("images", ())}
    sections = [
        *_fault(server),
        _facts(server, images),
        _placement(server),
        *parts_of(server, found),
        _history(server, found),
    ]
    visit.problems += found.problems
    actions, more = _front(states.actions_of(server, visit.session.is_admin))
    more = [*_reach(found), *more]
    figures = []
    if "metric" in visit.session.services:
        path = f"/servers/{server_id}/figures"
        figures = [Action("Figures", path, is_form=True)]
    console = Action("Console", f"/servers/{server_id}/console", is_form=True)
    return Page(
        server["name"],
        "servers",
        sections,
        [console, *figures, *actions],
        more,
        badges=[status_of(server)],
        trail=TRAIL,
    )


def _reach(found: Answers) -> list[Action]:
    """A floating address for the first port that has none."""
    taken = {
        each["port_id"] for each in found.get("addresses", {}).get("floatingips", ())
    }
    free = [
        each["id"]
        for each in found.get("ports", {}).get("ports", ())
        if each["id"] not in taken
    ]
    give = f"/addresses/give/{free[0]}" if free else ""
    return [Action("Floating address\u2026", give, is_form=True)] if give else []


def _front(actions: Sequence[Action]) -> tuple[list[Action], list[Action]]:
    """The first two as buttons, the rest in a menu."""
    return list(actions[:2]), list(actions[2:])


def status_of(server: Mapping[str, Any]) -> Cell:
    """Its status, and what is under way."""
    task = server.get("OS-EXT-STS:task_state") or ""
    return status(server["status"], task.replace("_", " "))


def image_cell(server: Mapping[str, Any], images: Mapping[str, Any]) -> Cell:
    """The image that it began with."""
    given = server.get("image")
    if not given:
        return Text("from a volume", "faint")
    known = images.get(given["id"])
    if known is None:
        return Text("deleted image", "faint", title=given["id"])
    return link_to(known, f"/images/{known['id']}")


def _fault(server: Mapping[str, Any]) -> list[Any]:
    fault = server.get("fault")
    if not fault:
        return []
    said: list[Any] = [Said(fault.get("message") or "Something went wrong.", "bad")]
    if fault.get("details"):
        said.append(Block("fault", fault["details"], "Details of the error"))
    return said


def _facts(server: Mapping[str, Any], images: Mapping[str, Any]) -> Facts:
    flavor = server["flavor"]
    size = (
        f"{flavor.get('original_name', '')}: {flavor['vcpus']} VCPU, {flavor['ram']}"
        f" MiB memory, {flavor['disk']} GiB disk"
    )
    key = server.get("key_name")
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(server["id"], "copy")),
        ("Image", image_cell(server, images)),
        ("Flavor", Text(size)),
        ("Key pair", Link(key, at("keys", "one", name=key)) if key else NONE),
        ("Made", When(server["created"])),
        ("Changed", When(server["updated"])),
    ]
    if server.get("description"):
        facts.insert(0, ("Description", Text(server["description"])))
    if server.get("locked"):
        facts.append(("Locked", Text(server.get("locked_reason") or "yes")))
    metadata = [Text(f"{key} = {text}") for key, text in server["metadata"].items()]
    if metadata:
        facts.append(("Metadata", Many(metadata)))
    return Facts("facts", facts, "About", states.is_busy(server))


def _placement(server: Mapping[str, Any]) -> Facts:
    facts: list[tuple[str, Cell]] = [
        (
            "Addresses",
            Many([Text(each, "copy") for each in states.addresses_of(server)]),
        ),
        ("Security groups", Many([Text(name) for name in _group_names(server)])),
        ("Zone", plain(server.get("OS-EXT-AZ:availability_zone"))),
    ]
    if server.get("OS-EXT-SRV-ATTR:host"):
        facts.append(("Host", Text(server["OS-EXT-SRV-ATTR:host"])))
    if server.get("tags"):
        facts.append(("Tags", Many([Text(tag) for tag in server["tags"]])))
    return Facts("where", facts, "Where it is")


def _group_names(server: Mapping[str, Any]) -> list[str]:
    return sorted({each["name"] for each in server.get("security_groups", ())})


def _history(server: Mapping[str, Any], found: Answers) -> Table:
    actions = found.get("history", {}).get("instanceActions", ())
    rows = [
        Row(
            [
                Link(
                    formats.words_of(each["action"]),
                    at("servers", server["id"], "history", each["request_id"]),
                ),
                When(each["start_time"]),
                Text(each.get("message") or "", "faint"),
            ]
        )
        for each in actions
    ]
    all_ = Action("All of it", at("servers", server["id"], "history"), is_form=True)
    more = [all_] if len(rows) == NEWEST_ACTIONS else []
    columns = ["What was asked", "When", "What went wrong"]
    return Table("history", columns, rows, Empty("Nothing yet."), "History", more)


def _do(name: str, each: states.Deed) -> Route:
    def act(visit: Visit, values: Values) -> Redirect:
        visit.rooms.post("compute", "servers", visit["id"], "action", body=each.body)
        return visit.done(f"/servers/{visit['id']}", f"The server {each.done}.")

    question = each.question.format(name="this server")
    return deed(f"servers/{{id}}/{name}", act, question)


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete("compute", "servers", visit["id"])
    redirect = visit.done("/servers", "The server is deleted.")
    if redirect.path.startswith(f"/servers/{visit['id']}"):
        return Redirect("/servers", redirect.notice)
    return redirect


ROUTES = [
    page("servers", show_all),
    page("servers/{id}", show_one),
    deed(
        "servers/{id}/delete",
        delete,
        "Delete this server? Its disk is lost; volumes stay.",
    ),
    *(_do(name, each) for name, each in states.DEEDS.items()),
]
