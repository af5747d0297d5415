"""Stacks: the list, and one with its resources, events and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import Values
from compute.dashboard.frame.routes import deed, page
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Block,
    Cell,
    Empty,
    Facts,
    Link,
    Page,
    Row,
    Said,
    Table,
    Text,
    When,
    status,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.stacks.changes import actions_of
from compute.dashboard.pages.stacks.snapshots import snapshot_table
from compute.dashboard.pages.words import PAGE_ROWS, new_action, plain
from compute.dashboard.rooms import Answers

ROOM = "orchestration"
MAKE = new_action("Make a stack", "/stacks/new")
EVENTS_SHOWN = 50
# Where what a resource has made is shown.
_PLACES = {
    "OS::Nova::Server": "/servers/{}",
    "OS::Cinder::Volume": "/volumes/{}",
    "OS::Neutron::Net": "/networks/{}",
    "OS::Neutron::Router": "/routers/{}",
    "OS::Neutron::Port": "/ports/{}",
    "OS::Neutron::SecurityGroup": "/groups/{}",
    "OS::Octavia::LoadBalancer": "/balancers/{}",
}


def is_busy(stack: Mapping[str, Any]) -> bool:
    """Whether it will change by itself."""
    return "IN_PROGRESS" in str(stack["stack_status"])


def show_all(visit: Visit) -> Page:
    """The list, a page at a time."""
    marker = visit.query("marker") or None
    found = visit.rooms.get(ROOM, "stacks", limit=PAGE_ROWS, marker=marker)["stacks"]
    rows = [
        Row(
            [
                Link(each["stack_name"], _path(each)),
                status(each["stack_status"]),
                Text(each.get("description") or "", "faint"),
                When(each["creation_time"]),
            ],
            _actions(each),
            is_busy(each),
        )
        for each in found
    ]
    more = at("stacks", marker=found[-1]["id"]) if len(found) == PAGE_ROWS else ""
    empty = Empty(
        "No stacks yet. A stack is everything that one template describes, made and"
        " deleted together.",
        MAKE,
    )
    columns = ["Name", "State", "Description", "Made"]
    table = Table("stacks", columns, rows, empty, is_filterable=True, more=more)
    return Page("Stacks", "stacks", [table], [MAKE])


def _path(stack: Mapping[str, Any]) -> str:
    return at("stacks", str(stack["stack_name"]), str(stack["id"]))


def _actions(stack: Mapping[str, Any]) -> list[Action]:
    question = f"Delete the stack {stack['stack_name']} and everything it has made?"
    delete = Action("Delete", f"{_path(stack)}/delete", question, look="danger")
    return [*actions_of(stack), delete]


def show_one(visit: Visit) -> Page:
    """One stack."""
    rooms, place = visit.rooms, ("stacks", visit["name"], visit["id"])
    found = rooms.together(
        stack=lambda: rooms.get(ROOM, *place),
        resources=lambda: rooms.get(ROOM, *place, "resources"),
        events=lambda: rooms.get(
            ROOM, *place, "events", sort_dir="desc", limit=EVENTS_SHOWN
        ),
        template=lambda: rooms.get(ROOM, *place, "template"),
        snapshots=lambda: rooms.get(ROOM, *place, "snapshots"),
    )
    stack = found["stack"]["stack"]
    sections: list[Any] = []
    if "FAILED" in stack["stack_status"]:
        sections.append(Said(stack.get("stack_status_reason") or "It failed.", "bad"))
    sections += [
        _facts(stack),
        _values("parameters", "Parameters", stack.get("parameters") or {}),
        _outputs(stack),
        _resources(found),
        _events(found),
        snapshot_table(stack, found.get("snapshots", {}).get("snapshots", ())),
        _template(found),
    ]
    actions = _actions(stack)
    return Page(
        stack["stack_name"],
        "stacks",
        sections,
        actions[:2],
        actions[2:],
        badges=[status(stack["stack_status"])],
        trail=[Link("Stacks", "/stacks")],
    )


def _facts(stack: Mapping[str, Any]) -> Facts:
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(stack["id"], "copy")),
        ("Description", plain(stack.get("description"))),
        ("Because", plain(stack.get("stack_status_reason"))),
        ("Made", When(stack["creation_time"])),
        ("Changed", When(stack.get("updated_time") or "")),
        ("Takes everything back", Text("no" if stack["disable_rollback"] else "yes")),
    ]
    return Facts("facts", facts, "About", is_busy(stack))


def _values(id_: str, title: str, values: Mapping[str, Any]) -> Facts:
    facts: list[tuple[str, Cell]] = [
        (name, Text(formats.shortened(as_text(value), 300)))
        for name, value in values.items()
        if not name.startswith("OS::")
    ]
    return Facts(id_, facts or [("None", Text("", "faint"))], title)


def as_text(value: Any) -> str:
    """A value of any kind in one line."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _outputs(stack: Mapping[str, Any]) -> Facts:
    outputs = {
        each["output_key"]: each.get("output_error") or each.get("output_value")
        for each in stack.get("outputs", ())
    }
    return _values("outputs", "Outputs", outputs)


def _resources(found: Answers) -> Table:
    rows = []
    for each in found.get("resources", {}).get("resources", ()):
        made = each.get("physical_resource_id") or ""
        place = _PLACES.get(each["resource_type"], "")
        thing: Cell = Text(made, "mono")
        if made and place:
            thing = Link(made[:8], place.format(made))
        rows.append(
            Row(
                [
                    Text(each["resource_name"]),
                    Text(each["resource_type"], "faint"),
                    status(each["resource_status"]),
                    thing,
                    When(each.get("updated_time") or ""),
                ],
                is_busy="IN_PROGRESS" in each["resource_status"],
            )
        )
    columns = ["Resource", "Type", "State", "Is", "Changed"]
    empty = Empty("Nothing is made yet.")
    return Table("resources", columns, rows, empty, "Resources")


def _was(word: str) -> Badge:
    """A state of then: what was under way is so no more."""
    return Badge(word, "idle") if "IN_PROGRESS" in word else status(word)


def _events(found: Answers) -> Table:
    rows = [
        Row(
            [
                Text(each["resource_name"]),
                _was(each["resource_status"]),
                Text(each.get("resource_status_reason") or "", "faint"),
                When(each["event_time"]),
            ]
        )
        for each in found.get("events", {}).get("events", ())
    ]
    columns = ["Resource", "State", "Because", "When"]
    return Table("events", columns, rows, Empty("Nothing has happened yet."), "Events")


def _template(found: Answers) -> Block:
    raw = orjson.dumps(found.get("template", {}), option=orjson.OPT_INDENT_2)
    return Block("template", raw.decode(), "Template", download="template.json")


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away, with all that it has made."""
    visit.rooms.delete(ROOM, "stacks", visit["name"], visit["id"])
    return Redirect("/stacks", Notice("The stack is being deleted."))


ROUTES = [
    page("stacks", show_all),
    page("stacks/{name}/{id}", show_one),
    deed(
        "stacks/{name}/{id}/delete",
        delete,
        "Delete this stack and everything it has made?",
    ),
]
