"""Finds stacks and resources; those of others are not there."""

from __future__ import annotations

from compute.core.sql.database import Connection
from compute.orchestration.errors import NoSuchStack
from compute.orchestration.model import Resource, Stack
from compute.orchestration.parts import Parts


def find_stack(
    connection: Connection, parts: Parts, project_id: str, name_or_id: str
) -> Stack:
    """By its id, also when it is deleted, or by the name of one that is there."""
    stacks = parts.stores.stacks
    found = stacks.find(connection, name_or_id)
    if found is not None and found.project_id == project_id:
        return found
    named = stacks.where(
        connection,
        stacks.columns.project_id == project_id,
        stacks.columns.name == name_or_id,
        stacks.columns.deleted_at == 0.0,
        order=stacks.columns.depth,
    )
    if not named:
        raise no_stack(name_or_id)
    return named[0]


def exact_stack(
    connection: Connection, parts: Parts, project_id: str, name: str, stack_id: str
) -> Stack:
    """By its name and its id."""
    found = parts.stores.stacks.find(connection, stack_id)
    if found is None or found.project_id != project_id or found.name != name:
        raise no_stack(name)
    return found


def live_stack(
    connection: Connection, parts: Parts, project_id: str, name: str, stack_id: str
) -> Stack:
    """The same of one that is not deleted."""
    found = exact_stack(connection, parts, project_id, name, stack_id)
    if found.deleted_at:
        raise no_stack(name)
    return found


def find_resource(
    connection: Connection, parts: Parts, stack: Stack, name: str
) -> Resource:
    """The resource of that name that there is now."""
    rows = parts.stores.resources_of(connection, stack.id)
    for row in rows:
        if row.name == name and not row.obsolete:
            return row
    raise NoSuchStack(
        f"The Resource ({name}) could not be found in Stack {stack.name}."
    )


def no_stack(name: str) -> NoSuchStack:
    """What is said of every stack that the caller has not."""
    return NoSuchStack(f"The Stack ({name}) could not be found.")
