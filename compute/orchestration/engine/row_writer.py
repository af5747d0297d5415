"""Writes how one stack's resources stand: each change with its event, if it has one,
in one transaction that first looks whether the work is still ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from compute.core.sql.database import Connection
from compute.orchestration import states
from compute.orchestration.engine.hiding import sentence_without
from compute.orchestration.engine.leaving import leave
from compute.orchestration.engine.row_work import Guard
from compute.orchestration.engine.trusts import lend
from compute.orchestration.model import Resource, Stack
from compute.orchestration.parts import REASON_CHARACTERS_MAX, Parts
from compute.orchestration.planning import hooks
from compute.orchestration.states import COMPLETE, FAILED, IN_PROGRESS

UNCHANGED = "state changed"


class RowWriter:
    """Of one stack in one of its operations."""

    def __init__(self, parts: Parts, stack: Stack, guard: Guard) -> None:
        self._parts = parts
        self._stack = stack
        self._guard = guard

    def insert(
        self,
        name: str,
        wanted: Mapping[str, Any],
        status: str = IN_PROGRESS,
        reason: str = "",
    ) -> None:
        """A new row, which is made, or could not even be begun."""
        reason = sentence_without(self._parts, self._stack, reason) or UNCHANGED
        parts, stack, now = self._parts, self._stack, self._parts.now()
        values: dict[str, Any] = {
            "type": "",
            "kind": "",
            "properties": {},
            "metadata": {},
            "deletion_policy": "Delete",
            "requires": [],
            "external": False,
            "physical_id": "",
            **wanted,
        }
        row = Resource(
            id=parts.identifiers.uuid(),
            stack_id=stack.id,
            name=name,
            action=states.CREATE,
            status=status,
            reason=reason[:REASON_CHARACTERS_MAX],
            trying={},
            data={},
            generation=stack.generation,
            begun=False,
            tried=False,
            obsolete=False,
            started_at=now,
            created_at=now,
            updated_at=0.0,
            **values,
        )

        def write(connection: Connection) -> None:
            self._guard(connection)
            parts.stores.resources.insert(connection, row)
            parts.tell_resource(connection, stack, row)

        parts.run(write)

    def exchange(self, row: Resource, revived: Resource | None) -> None:
        """The row is wanted no more; ``revived`` is again."""
        parts, rows = self._parts, self._parts.stores.resources

        def write(connection: Connection) -> None:
            self._guard(connection)
            rows.change(connection, row.id, obsolete=True)
            if revived is not None:
                values = {"obsolete": False, "generation": self._stack.generation}
                rows.change(connection, revived.id, **values)
                lend(connection, parts, revived.id, self._stack.trust_id)

        parts.run(write)

    def keep(self, row: Resource, **values: Any) -> None:
        """It stays as it is, and is wanted so by whoever wants the stack now."""
        parts, trust_id = self._parts, self._stack.trust_id

        def write(connection: Connection) -> None:
            self._guard(connection)
            parts.stores.resources.change(
                connection, row.id, updated_at=parts.now(), **values
            )
            lend(connection, parts, row.id, trust_id)

        parts.run(write)

    def begin(self, row: Resource, action: str, **values: Any) -> None:
        """An act on it begins."""
        self.write(
            row,
            tell=True,
            **{
                **values,
                "action": action,
                "status": IN_PROGRESS,
                "reason": UNCHANGED,
                "generation": self._stack.generation,
                "begun": False,
                "started_at": self._parts.now(),
            },
        )

    def done(self, row: Resource, **values: Any) -> None:
        """The act is done."""
        self.write(row, tell=True, **values, status=COMPLETE, reason=UNCHANGED)

    def fail(self, row: Resource, reason: str) -> None:
        """The act has failed."""
        self.write(row, tell=True, **self.failure(row, reason))

    def failure(self, row: Resource, reason: str) -> dict[str, Any]:
        """The values of a row whose act has failed."""
        reason = sentence_without(self._parts, self._stack, reason)
        text = f"{row.type}: resources.{row.name}: {reason}"
        return {
            "status": FAILED,
            "reason": text[:REASON_CHARACTERS_MAX],
            "generation": self._stack.generation,
        }

    def waits(self, row: Resource, hook: str) -> bool:
        """Whether it goes no further until somebody clears the hook: that is noted, and
        told, when it comes there."""
        if not hooks.is_set(self._stack, row.name, hook):
            return False
        if not hooks.is_noted(self._stack, row, hook):
            self._note_hook(row, hook)
            return True
        return not hooks.is_cleared(self._stack, row, hook)

    def _note_hook(self, row: Resource, hook: str) -> None:
        parts, rows, stack = self._parts, self._parts.stores.resources, self._stack

        def write(connection: Connection) -> None:
            self._guard(connection)
            found = rows.find(connection, row.id)
            if found is None:
                return
            data = hooks.with_note(stack, found, hook, cleared=False)
            rows.change(connection, row.id, data=data)
            noted = dataclasses.replace(found, data=data)
            told = hooks.told(stack, noted, hooks.waiting_reason(hook))
            parts.tell_resource(connection, stack, told)

        parts.run(write)

    def write(self, row: Resource, *, tell: bool = False, **values: Any) -> None:
        """Change some of its values; ``tell``: with an event."""
        parts, rows = self._parts, self._parts.stores.resources

        def write(connection: Connection) -> None:
            self._guard(connection)
            now = parts.now()
            rows.change(connection, row.id, updated_at=now, **values)
            found = rows.find(connection, row.id)
            if found is not None and tell:
                parts.tell_resource(connection, self._stack, found)

        parts.run(write)

    def forget(self, row: Resource, *, is_kept: bool = False) -> None:
        """It is gone, or left to itself."""
        parts, rows = self._parts, self._parts.stores.resources

        def write(connection: Connection) -> None:
            self._guard(connection)
            found = rows.find(connection, row.id)
            if found is None:
                return
            rows.change(
                connection,
                row.id,
                action=states.DELETE,
                status=COMPLETE,
                reason=UNCHANGED,
            )
            gone = rows.find(connection, row.id)
            assert gone is not None, "it was there in this transaction"
            parts.tell_resource(connection, self._stack, gone)
            rows.delete(connection, row.id)
            if is_kept:
                leave(connection, parts, row.id)

        parts.run(write)
