"""Hooks: where a stack waits for somebody before it goes on.  Pure.

An environment sets them by the names of resources (patterns, too):

    resource_registry: {resources: {"web*": {hooks: [pre-create, pre-delete]}}}

A row that waits has a note of the hook and of the operation; whoever clears the hook
changes the note.
"""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Mapping
from typing import Any

from compute.orchestration.model import Resource, Stack
from compute.orchestration.states import (
    COMPLETE,
    CREATE,
    DELETE,
    IN_PROGRESS,
    INIT,
    UPDATE,
    State,
)

PRE_CREATE, PRE_UPDATE, PRE_DELETE = "pre-create", "pre-update", "pre-delete"
HOOKS = (PRE_CREATE, PRE_UPDATE, PRE_DELETE)
_ACTIONS = {PRE_CREATE: CREATE, PRE_UPDATE: UPDATE, PRE_DELETE: DELETE}
# In a resource's data.
_NOTE = "OS::hook"


def is_set(stack: Stack, name: str, hook: str) -> bool:
    """Whether the stack is to wait there; turning back waits for nobody."""
    if stack.action not in _ACTIONS.values():
        return False
    registry = stack.environment.get("resource_registry") or {}
    for pattern, rules in (registry.get("resources") or {}).items():
        if fnmatch.fnmatchcase(name, pattern) and isinstance(rules, Mapping):
            given = rules.get("hooks") or ()
            if hook in ([given] if isinstance(given, str) else given):
                return True
    return False


def is_noted(stack: Stack, row: Resource, hook: str) -> bool:
    """Whether it was told that the row waits, in this operation."""
    return _note(row)[:2] == (hook, stack.generation)


def is_cleared(stack: Stack, row: Resource, hook: str) -> bool:
    """Whether it waits no longer."""
    return _note(row) == (hook, stack.generation, True)


def shown_state(stack: Stack, row: Resource) -> State:
    """How a row stands to clients: what waits to be made has not been begun."""
    waits = is_noted(stack, row, PRE_CREATE) and not is_cleared(stack, row, PRE_CREATE)
    if waits and row.state == (CREATE, IN_PROGRESS):
        return INIT, COMPLETE
    return row.state


def told(stack: Stack, row: Resource, reason: str) -> Resource:
    """The row in an event of its hook."""
    action, status = shown_state(stack, row)
    return dataclasses.replace(row, action=action, status=status, reason=reason)


def with_note(
    stack: Stack, row: Resource, hook: str, *, cleared: bool
) -> dict[str, Any]:
    """The row's data with the note."""
    return {**row.data, _NOTE: [hook, stack.generation, cleared]}


def waiting_reason(hook: str) -> str:
    """As clients know it in events."""
    return f"{_ACTIONS[hook]} paused until Hook {hook} is cleared"


def cleared_reason(hook: str) -> str:
    """As clients know it in events."""
    return f"Hook {hook} is cleared"


def _note(row: Resource) -> tuple[Any, ...]:
    return tuple(row.data.get(_NOTE) or ())
