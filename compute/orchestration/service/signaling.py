"""Signals to resources, and resources that somebody calls unhealthy."""

from __future__ import annotations

import dataclasses
from typing import Any

from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.orchestration import states
from compute.orchestration.engine.sources import ByTrust
from compute.orchestration.engine.trusts import trust_for
from compute.orchestration.engine.view import StackView
from compute.orchestration.errors import Busy, ResourceFailed
from compute.orchestration.model import Resource, Stack
from compute.orchestration.parts import REASON_CHARACTERS_MAX, Parts
from compute.orchestration.planning import hooks
from compute.orchestration.service.finding import find_resource

SIGNAL = "SIGNAL"


def signal(parts: Parts, stack: Stack, name: str, details: Any) -> None:
    """Give a signal to a resource; ``BadRequest`` when it takes none."""
    row = parts.read(lambda connection: find_resource(connection, parts, stack, name))
    as_author = dataclasses.replace(stack, trust_id=trust_for(stack, row))
    asker = ByTrust(parts.authority, as_author.trust_id, stack.project_id)
    view = StackView(parts, as_author, asker)
    kind = view.kind_of(row)
    if not kind.can_be_signaled():
        raise BadRequest(f"Cannot signal resource of type {row.type}")
    if row.action == states.DELETE or stack.action in (states.DELETE, states.SUSPEND):
        raise Busy(f"Cannot signal resource during {stack.action}")
    try:
        reason = kind.signal(view.work(row), details)
    except ResourceFailed as error:
        raise BadRequest(str(error)) from error

    def write(connection: Connection) -> None:
        told = dataclasses.replace(
            row,
            action=SIGNAL,
            status=states.COMPLETE,
            reason=(reason or "Signal: no details")[:REASON_CHARACTERS_MAX],
        )
        parts.tell_resource(connection, stack, told)
        parts.nudge(connection, stack.id)

    parts.run(write)
    parts.wake()


def clear_hook(parts: Parts, stack: Stack, name: str, hook: Any) -> None:
    """Let a resource that waits go on; ``BadRequest`` when it does not wait so."""

    def write(connection: Connection) -> None:
        found = parts.stores.stacks.find(connection, stack.id)
        for row in parts.stores.resources_of(connection, stack.id):
            if found is None or row.name != name or hook not in hooks.HOOKS:
                continue
            is_waiting = hooks.is_noted(found, row, hook)
            if is_waiting and not hooks.is_cleared(found, row, hook):
                data = hooks.with_note(found, row, hook, cleared=True)
                parts.stores.resources.change(connection, row.id, data=data)
                told = hooks.told(found, row, hooks.cleared_reason(hook))
                parts.tell_resource(connection, found, told)
                parts.nudge(connection, stack.id)
                return
        raise BadRequest(f'The "{str(hook)[:50]}" hook is not defined on {name}')

    parts.run(write)
    parts.wake()


def mark(
    parts: Parts, stack: Stack, name: str, is_unhealthy: bool, reason: str
) -> None:
    """Call a resource unhealthy, so that the next update replaces it; or well again."""

    def write(connection: Connection) -> None:
        found = parts.stores.stacks.find(connection, stack.id)
        row = find_resource(connection, parts, stack, name)
        if states.IN_PROGRESS in (row.status, found.status if found else ""):
            raise Busy(f"Stack {stack.name} already has an action in progress.")
        if not is_unhealthy and row.state != (states.CHECK, states.FAILED):
            return
        values: dict[str, Any] = {
            "action": states.CHECK,
            "status": states.FAILED if is_unhealthy else states.COMPLETE,
            "reason": reason[:REASON_CHARACTERS_MAX],
            "updated_at": parts.now(),
        }
        parts.stores.resources.change(connection, row.id, **values)
        told: Resource = dataclasses.replace(row, **values)
        parts.tell_resource(connection, stack, told)

    parts.run(write)
