"""Making a stack: a template first, then the parameters that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Option, Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.words import switch

ROOM = "orchestration"
TEMPLATE_CHARACTERS_MAX = 512 * 1024
PREFIX = "parameter:"
_EXAMPLE = """heat_template_version: 2021-04-16
resources:
  disk:
    type: OS::Cinder::Volume
    properties: {size: 1}"""


def template_form(visit: Visit) -> Form:
    """The template."""
    return Form(
        "Make a stack",
        [
            Field(
                "template", "Template", "textarea", placeholder=_EXAMPLE, is_mono=True
            ),
            Field("template_file", "Or from a file", "file"),
        ],
        "Next",
        "/stacks",
        "stacks",
        lead="A template says what there is to be; the cloud makes all of it.",
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
        return Redirect("/stacks/new")
    return _parameter_form(visit, template)


def _parameter_form(visit: Visit, template: str) -> Form:
    checked = visit.rooms.post(ROOM, "validate", body={"template": template})
    parameters = checked.get("Parameters") or {}
    return Form(
        "Make a stack",
        [
            Field("template", "Template", "hidden", [template]),
            Field("name", "Name of the stack", is_required=True),
            *(field_of(name, facts) for name, facts in parameters.items()),
            Field(
                "timeout",
                "Give up after (minutes)",
                "number",
                ["60"],
                least=1,
                most=1440,
            ),
            switch("rollback", "Take everything back when something fails", is_on=True),
        ],
        "Make it",
        "/stacks/new",
        "stacks",
        lead=str(checked.get("Description") or ""),
        action="/stacks/create",
    )


def field_of(name: str, facts: Mapping[str, Any]) -> Field:
    """The question for one parameter, as its template describes it.  Pure."""
    kind, values = "text", [_text(facts.get("Default"))]
    if str(facts.get("NoEcho", "false")).lower() == "true":
        kind = "password"
    elif facts.get("Type") in ("Json", "CommaDelimitedList"):
        kind = "textarea"
    choices = facts.get("AllowedValues") or ()
    options = [Option(_text(each), _text(each)) for each in choices]
    if options and kind == "text":
        kind = "select"
    is_needed = "Default" not in facts
    if kind == "select" and not is_needed:
        options = [Option("", "as the template says"), *options]
    return Field(
        PREFIX + name,
        str(facts.get("Label") or name),
        kind,
        [each for each in values if each],
        options,
        is_needed,
        help=str(facts.get("Description") or ""),
        longest=65536,
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(str(each) for each in value)
    return str(value)


def parameters_of(values: Values) -> dict[str, str]:
    """The parameters that were answered."""
    return {
        name.removeprefix(PREFIX): text
        for name, text in values.texts.items()
        if name.startswith(PREFIX) and text
    }


def make(visit: Visit, values: Values) -> Redirect:
    """Order it."""
    body = {
        "stack_name": values["name"],
        "template": values["template"],
        "parameters": parameters_of(values),
        "timeout_mins": values.number("timeout") or 60,
        "disable_rollback": not values.flag("rollback"),
    }
    reply = visit.rooms.post(ROOM, "stacks", body=body)
    path = at("stacks", values["name"], str(reply["stack"]["id"]))
    return Redirect(path, Notice("The stack is being made."))


ROUTES = [
    form("stacks/new", template_form, read_template),
    form("stacks/create", parameter_form, make),
]
