"""Begins operations of stacks: each in one transaction with the job that does it."""

from __future__ import annotations

import dataclasses
from typing import Any

from compute.core.errors import Forbidden
from compute.core.sql.database import Connection
from compute.orchestration.engine.snapshots import close_snapshot
from compute.orchestration.model import Stack, Wanted
from compute.orchestration.parts import QUEUE, Parts
from compute.orchestration.states import (
    CREATE,
    FAILED,
    IN_PROGRESS,
    RESTORE,
    SNAPSHOT,
    UPDATE,
)
from compute.orchestration.template.limits import DESCRIPTION_CHARACTERS_MAX

JOB = "stack"
SECONDS_IN_MINUTE = 60.0
SIGNAL_KEY_BITS = 256


@dataclasses.dataclass(frozen=True, slots=True)
class NewStack:
    """A stack that is to be made."""

    id: str
    project_id: str
    user_id: str
    user_name: str
    name: str
    wanted: Wanted
    description: str
    tags: tuple[str, ...] = ()
    timeout_minutes: int = 0
    disable_rollback: bool = True
    trust_id: str = ""
    owner_id: str = ""
    owner_row: str = ""
    root_id: str = ""
    depth: int = 0


def add_stack(connection: Connection, parts: Parts, new: NewStack) -> Stack:
    """Write the row of a new stack, and begin to create it."""
    now = parts.now()
    stack = Stack(
        id=new.id,
        project_id=new.project_id,
        user_id=new.user_id,
        user_name=new.user_name,
        name=new.name,
        owner_id=new.owner_id,
        owner_row=new.owner_row,
        root_id=new.root_id or new.id,
        depth=new.depth,
        action=CREATE,
        status=IN_PROGRESS,
        reason="",
        template=new.wanted.template,
        files=new.wanted.files,
        environment=new.wanted.environment,
        parameters=new.wanted.parameters,
        previous={},
        description=new.description[:DESCRIPTION_CHARACTERS_MAX],
        tags=list(new.tags),
        timeout_minutes=new.timeout_minutes,
        disable_rollback=new.disable_rollback,
        trust_id=new.trust_id,
        old_trusts=[],
        signal_key=f"{parts.random.getrandbits(SIGNAL_KEY_BITS):064x}",
        generation=0,
        interrupt="",
        started_at=now,
        deadline=0.0,
        created_at=now,
        updated_at=0.0,
        deleted_at=0.0,
    )
    parts.stores.stacks.insert(connection, stack)
    return begin(connection, parts, stack, CREATE)


def begin(
    connection: Connection, parts: Parts, stack: Stack, action: str, **values: Any
) -> Stack:
    """Begin an operation: the stack's row, an event, a job.  Whoever calls has seen
    that the state allows it."""
    now = parts.now()
    minutes = values.get("timeout_minutes", stack.timeout_minutes)
    minutes = minutes or parts.settings.timeout_minutes
    if action in (UPDATE, RESTORE):
        values["updated_at"] = now
    if "description" in values:
        values["description"] = values["description"][:DESCRIPTION_CHARACTERS_MAX]
    values = {
        **values,
        "action": action,
        "status": IN_PROGRESS,
        "reason": f"Stack {action} started",
        "generation": stack.generation + 1,
        "interrupt": "",
        "started_at": now,
        "deadline": now + minutes * SECONDS_IN_MINUTE,
    }
    found = dataclasses.replace(stack, **values)
    if stack.state == (SNAPSHOT, IN_PROGRESS):
        close_snapshot(connection, parts, stack, FAILED, values["reason"])
    parts.stores.stacks.change(connection, stack.id, **values)
    parts.tell_stack(connection, found)
    jobs = parts.stores.jobs
    if jobs.open_of(connection, stack.id):
        parts.nudge(connection, stack.id)
    else:
        jobs.add(
            connection,
            job_id=parts.identifiers.uuid(),
            kind=JOB,
            queue=QUEUE,
            subject_id=stack.id,
            arguments={"project_id": stack.project_id},
            now=now,
        )
    return found


def check_room(connection: Connection, parts: Parts, root_id: str, more: int) -> None:
    """``Forbidden`` when a stack with all that is nested in it would have too many."""
    stacks, rows = parts.stores.stacks.columns, parts.stores.resources
    inside = parts.stores.stacks.where(
        connection, stacks.root_id == root_id, stacks.deleted_at == 0.0
    )
    ids = [stack.id for stack in inside]
    there = rows.count(connection, rows.columns.stack_id.in_(ids)) if ids else 0
    most = parts.settings.resources_per_stack
    if there + more > most:
        raise Forbidden(f"Maximum resources per stack exceeded: {most}")
