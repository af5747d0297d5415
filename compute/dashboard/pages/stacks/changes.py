"""Changing a stack: what an update would do, the update, and calling it off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from compute.dashboard.frame.fields import BadForm, Field, Form, Values, refilled
from compute.dashboard.frame.routes import Route, deed, form
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Empty,
    Link,
    Page,
    Row,
    Table,
    Text,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.stacks.launch import (
    PREFIX,
    ROOM,
    TEMPLATE_CHARACTERS_MAX,
    field_of,
    parameters_of,
)

# What a resource is called that an update leaves, changes ... and its colour.
_WAYS = (
    ("added", "is made", "good"),
    ("updated", "is changed in place", "busy"),
    ("replaced", "is made anew", "warn"),
    ("deleted", "is deleted", "bad"),
    ("unchanged", "stays as it is", "idle"),
)
_DEEDS = {
    "suspend": ("suspended", "Suspend everything in this stack?"),
    "resume": ("resumed", ""),
    "check": ("looked through", ""),
    "cancel_update": (
        "turned back",
        "Stop the update and turn back to how the stack was?",
    ),
    "cancel_without_rollback": (
        "stopped",
        "Stop here? What is half done stays so until the next update.",
    ),
}


def actions_of(stack: Mapping[str, Any]) -> list[Action]:
    """What can be done with it now, apart from deleting it."""
    path = at("stacks", str(stack["stack_name"]), str(stack["id"]))
    action, _, state = str(stack["stack_status"]).partition("_")
    found = []
    if state == "IN_PROGRESS":
        if action == "UPDATE":
            found.append(_deed(path, "cancel_update", "Turn back"))
        if action in ("CREATE", "UPDATE"):
            found.append(_deed(path, "cancel_without_rollback", "Stop here"))
        return found
    if action == "DELETE":
        return found
    if (action, state) != ("SUSPEND", "COMPLETE"):
        found.append(Action("Update\u2026", f"{path}/update", is_form=True))
    found.append(_deed(path, "check", "Check"))
    if action == "SUSPEND":
        found.append(_deed(path, "resume", "Resume"))
    else:
        found.append(_deed(path, "suspend", "Suspend"))
    return found


def _deed(path: str, name: str, label: str) -> Action:
    return Action(label, f"{path}/do/{name}", _DEEDS[name][1])


def _place(visit: Visit) -> tuple[str, str, str]:
    return "stacks", visit["name"], visit["id"]


def _home(visit: Visit, *below: str) -> str:
    return at(*_place(visit), *below)


def template_form(visit: Visit) -> Form:
    """The template of now, to be changed or left."""
    template = visit.rooms.get(ROOM, *_place(visit), "template")
    text = orjson.dumps(template, option=orjson.OPT_INDENT_2).decode()
    return Form(
        f"Update {visit['name']}",
        [
            Field("template", "Template", "textarea", [text], is_mono=True),
            Field("template_file", "Or from a file", "file"),
        ],
        "Next",
        _home(visit),
        "stacks",
        lead="What the new template says no more is deleted; you see what would happen"
        " before it does.",
    )


def read_template(visit: Visit, values: Values) -> Form:
    """On to its parameters."""
    template = values["template_file"] or values["template"]
    if not template.strip():
        raise BadForm({"template": "This is needed."})
    if len(template) > TEMPLATE_CHARACTERS_MAX:
        raise BadForm({"template": "At most 512 KiB."})
    return _parameter_form(visit, template)


def parameter_form(visit: Visit) -> Any:
    """The same form again, from what it carries."""
    template = visit.submitted.one("template")
    if not template:
        return Redirect(_home(visit, "update"))
    return _parameter_form(visit, template)


def _parameter_form(visit: Visit, template: str) -> Form:
    rooms = visit.rooms
    found = rooms.together(
        checked=lambda: rooms.post(ROOM, "validate", body={"template": template}),
        stack=lambda: rooms.get(ROOM, *_place(visit)),
    )
    given = found["stack"]["stack"].get("parameters") or {}
    asked = found["checked"].get("Parameters") or {}
    return Form(
        f"Update {visit['name']}",
        [
            Field("template", "Template", "hidden", [template]),
            *(as_it_is(field_of(name, facts), given) for name, facts in asked.items()),
        ],
        "Update",
        _home(visit),
        "stacks",
        lead="Left empty, a parameter stays as it is.",
        action=_home(visit, "update", "parameters"),
        also="Show what would happen",
    )


def as_it_is(field: Field, given: Mapping[str, Any]) -> Field:
    """A question whose answer is the one of now already; hidden ones stay hidden.
    Pure."""
    now = given.get(field.name.removeprefix(PREFIX))
    if now is None or field.kind == "password":
        return replace(field, is_required=field.is_required and now is None)
    text = now if isinstance(now, str) else orjson.dumps(now).decode()
    return replace(field, values=[text], is_required=False)


def change(visit: Visit, values: Values) -> Any:
    """Order it, or show what it would do."""
    body = {"template": values["template"], "parameters": parameters_of(values)}
    if not visit.submitted.one("also"):
        visit.rooms.patch(ROOM, *_place(visit), body=body)
        return Redirect(_home(visit), Notice("The stack is being updated."))
    told = visit.rooms.patch(ROOM, *_place(visit), "preview", body=body)
    # What is secret is not kept on a page.
    form_ = _parameter_form(visit, values["template"])
    gone = {
        each.name: "Type it again."
        for each in form_.flat()
        if each.kind == "password" and values[each.name]
    }
    again = refilled(form_, visit.submitted, gone)
    return Page(
        again.title,
        "stacks",
        [change_table(told.get("resource_changes") or {}), again],
        trail=[Link("Stacks", "/stacks"), Link(visit["name"], _home(visit))],
    )


def change_table(changes: Mapping[str, Any]) -> Table:
    """What an update would do to each resource.  Pure."""
    rows = [
        Row(
            [
                Text(str(each.get("resource_name", ""))),
                Text(str(each.get("resource_type", "")), "faint"),
                Badge(word, tone),
            ]
        )
        for way, word, tone in _WAYS
        for each in changes.get(way) or ()
    ]
    columns = ["Resource", "Type", "What happens"]
    empty = Empty("Nothing would change.")
    return Table("changes", columns, rows, empty, "What would happen")


def _do(name: str) -> Route:
    word, question = _DEEDS[name]

    def act(visit: Visit, values: Values) -> Redirect:
        visit.rooms.post(ROOM, *_place(visit), "actions", body={name: None})
        return visit.done(_home(visit), f"The stack is being {word}.")

    return deed(f"stacks/{{name}}/{{id}}/do/{name}", act, question)


ROUTES = [
    form("stacks/{name}/{id}/update", template_form, read_template),
    form("stacks/{name}/{id}/update/parameters", parameter_form, change),
    *(_do(name) for name in _DEEDS),
]
