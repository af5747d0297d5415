"""Stacks, resources and events as the API shows them.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from compute.core.instants import iso_z
from compute.orchestration.model import Event, Resource, Stack, Wanted
from compute.orchestration.planning.hooks import shown_state
from compute.orchestration.states import COMPLETE, DELETE
from compute.orchestration.template.cloudformation import hot_form
from compute.orchestration.template.parameters import HIDDEN, Parameter, shown_values

Document = dict[str, Any]


def stack_url(base: str, stack: Stack) -> str:
    """``base``: the room's URL for the project."""
    return f"{base}/stacks/{quote(stack.name, safe='')}/{stack.id}"


def resource_url(base: str, stack: Stack, name: str) -> str:
    """Below its stack's."""
    return f"{stack_url(base, stack)}/resources/{quote(name, safe='')}"


def link(url: str, relation: str = "self") -> Document:
    """One link."""
    return {"href": url, "rel": relation}


def moment(seconds: float) -> str | None:
    """None for what never was."""
    return iso_z(seconds) if seconds else None


def reference(base: str, stack: Stack) -> Document:
    """What the order of a stack is answered by."""
    return {"id": stack.id, "links": [link(stack_url(base, stack))]}


def stack_row(base: str, stack: Stack) -> Document:
    """A stack in a list."""
    return {
        "id": stack.id,
        "stack_name": stack.name,
        "description": stack.description,
        "links": [link(stack_url(base, stack))],
        "stack_status": f"{stack.action}_{stack.status}",
        "stack_status_reason": stack.reason,
        "creation_time": moment(stack.created_at),
        "updated_time": moment(stack.updated_at),
        "deletion_time": moment(stack.deleted_at),
        "stack_owner": stack.user_name,
        "parent": stack.owner_id or None,
        "stack_user_project_id": stack.project_id,
        "tags": list(stack.tags) or None,
    }


def stack_whole(
    base: str,
    stack: Stack,
    declared: Mapping[str, Parameter],
    values: Mapping[str, Any],
    outputs: list[Document] | None,
) -> Document:
    """A stack by itself."""
    found = {
        **stack_row(base, stack),
        "parameters": shown_values(declared, values),
        "template_description": stack.description or "No description",
        "timeout_mins": stack.timeout_minutes or None,
        "disable_rollback": stack.disable_rollback,
        "capabilities": [],
        "notification_topics": [],
    }
    if outputs is not None:
        found["outputs"] = outputs
    return found


def output(name: str, description: str, value: Any, problem: str) -> Document:
    """An output, with why it has no value where it has none."""
    found = {
        "output_key": name,
        "description": description or "No description given",
        "output_value": value,
    }
    if problem:
        found["output_error"] = problem
    return found


def resource_row(
    base: str,
    stack: Stack,
    row: Resource,
    others: Iterable[Resource],
    *,
    parent: str = "",
) -> Document:
    """A resource in a list; ``others``: all rows of its stack."""
    links = [
        link(resource_url(base, stack, row.name)),
        link(stack_url(base, stack), "stack"),
    ]
    found: Document = {
        "resource_name": row.name,
        "logical_resource_id": row.name,
        "resource_type": row.type,
        "resource_status": "_".join(shown_state(stack, row)),
        "resource_status_reason": row.reason,
        "creation_time": moment(row.created_at),
        "updated_time": moment(row.updated_at or row.created_at),
        "physical_resource_id": row.physical_id,
        "required_by": sorted(
            each.name
            for each in others
            if row.name in each.requires and not each.obsolete
        ),
        "links": links,
    }
    if parent:
        found["parent_resource"] = parent
    return found


def event_document(base: str, stack: Stack, event: Event) -> Document:
    """An event in a list."""
    resource = resource_url(base, stack, event.resource)
    is_gone = (event.action, event.status) == (DELETE, COMPLETE)
    return {
        "id": event.id,
        "event_time": moment(event.at),
        "resource_name": event.resource,
        "logical_resource_id": event.resource,
        "physical_resource_id": event.physical_id or None,
        "resource_status": f"{event.action}_{event.status}",
        "resource_status_reason": event.reason
        or ("state changed" if is_gone else None),
        "links": [
            link(f"{resource}/events/{event.id}"),
            link(resource, "resource"),
            link(stack_url(base, stack), "stack"),
        ],
    }


def shown_environment(wanted: Wanted) -> dict[str, dict[str, Any]]:
    """An environment's values, nothing of what is hidden among them."""
    declared = hot_form(wanted.template).get("parameters") or {}
    return {
        section: {
            name: HIDDEN if _is_hidden(declared.get(name)) else value
            for name, value in (wanted.environment.get(section) or {}).items()
        }
        for section in ("parameters", "parameter_defaults")
    }


def _is_hidden(parameter: Any) -> bool:
    found = parameter.get("hidden") if isinstance(parameter, Mapping) else None
    return found not in (None, False, "false")
