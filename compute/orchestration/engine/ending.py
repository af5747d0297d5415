"""How operations end: complete, failed, or turned back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from compute.core.sql.database import Connection
from compute.orchestration import states
from compute.orchestration.engine.beginning import begin
from compute.orchestration.engine.row_work import Guard
from compute.orchestration.engine.snapshots import close_snapshot
from compute.orchestration.engine.trusts import TRUST, authorship, wanted_before
from compute.orchestration.model import TURN_BACK, Stack
from compute.orchestration.parts import REASON_CHARACTERS_MAX, Parts
from compute.orchestration.states import COMPLETE, FAILED
from compute.orchestration.template.versions import FOREIGN, KEY

# In ``previous`` while an update is turned back: what is wanted is what was before.
TURNED_BACK = "turned back"


def wants_nothing(stack: Stack) -> bool:
    """Whether the operation is to leave no resource."""
    if stack.action == states.ROLLBACK:
        return not stack.previous
    return stack.action == states.DELETE


def turns_back(stack: Stack) -> bool:
    """Whether a failure of the present operation is rolled back."""
    if stack.action not in (states.CREATE, states.UPDATE):
        return False
    return stack.interrupt == TURN_BACK or (
        not stack.disable_rollback and not stack.interrupt
    )


def end_well(parts: Parts, stack: Stack, guard: Guard) -> None:
    """It is complete."""
    values: dict[str, Any] = {
        "status": COMPLETE,
        "reason": f"Stack {stack.action} completed successfully",
        "previous": {},
    }
    if stack.action == states.DELETE:
        # Nothing needs these any more, and there may be secrets among them.
        values |= {"deleted_at": parts.now(), "parameters": {}, "files": {}}
        values |= {"environment": {}, "signal_key": ""}
        if stack.owner_id:
            # What the stacks around it hide stands in it, and soon nobody knows that.
            values["template"] = _version_alone(stack.template)
        elif stack.trust_id:
            values["old_trusts"] = [*stack.old_trusts, stack.trust_id]
    _end(parts, stack, guard, values)


def _version_alone(template: Mapping[str, Any]) -> dict[str, Any]:
    return {key: template[key] for key in (KEY, *FOREIGN) if key in template}


def end_badly(parts: Parts, stack: Stack, reason: str, guard: Guard) -> None:
    """It has failed: turned back where that is wanted."""
    values: dict[str, Any] = {
        "status": FAILED,
        "reason": reason[:REASON_CHARACTERS_MAX],
    }
    _end(parts, stack, guard, values, then_back=turns_back(stack))


def _end(
    parts: Parts,
    stack: Stack,
    guard: Guard,
    values: dict[str, Any],
    *,
    then_back: bool = False,
) -> None:
    stacks = parts.stores.stacks

    def write(connection: Connection) -> None:
        guard(connection)
        found = stacks.find(connection, stack.id)
        if found is None or found.generation != stack.generation:
            return  # another operation has begun meanwhile
        if stack.action == states.SNAPSHOT:
            close_snapshot(connection, parts, found, values["status"], values["reason"])
        stacks.change(connection, stack.id, **values)
        ended = dataclasses.replace(found, **values)
        parts.tell_stack(connection, ended)
        if then_back:
            _turn_back(connection, parts, ended)
        elif stack.owner_id:
            parts.nudge(connection, stack.owner_id)

    parts.run(write)
    parts.wake()


def _turn_back(connection: Connection, parts: Parts, stack: Stack) -> None:
    if stack.action == states.CREATE:
        begin(connection, parts, stack, states.ROLLBACK, previous={})
        return
    before = wanted_before(stack.previous)
    trust_id = stack.previous[TRUST]
    if not stack.owner_id:
        old = [*stack.old_trusts, stack.trust_id]
        before["old_trusts"] = [each for each in old if each != trust_id]
    begin(
        connection,
        parts,
        stack,
        states.ROLLBACK,
        previous={TURNED_BACK: True, **authorship(stack)},
        trust_id=trust_id,
        **before,
    )
