"""The acts on one stack's resources: each begins, or looks how far one is.

An act may be done again after a crash, from the row as it was written last; so each
writes what it knows before it goes on.  What fails for good is written as the
resource's state, never raised.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from typing import Any

from compute.core.database import Connection
from compute.core.errors import Stale
from compute.orchestration import states
from compute.orchestration.difference import (
    Verdict,
    can_revive,
    change_of,
    decide,
)
from compute.orchestration.engine.parts import Parts
from compute.orchestration.engine.row_work import OWN_METADATA, Guard, RowWork
from compute.orchestration.engine.row_writer import RowWriter
from compute.orchestration.engine.view import StackView
from compute.orchestration.errors import Invalid, ResourceFailed
from compute.orchestration.frame.resource_type import SAVED, ResourceType
from compute.orchestration.model import STOP, Resource, Stack
from compute.orchestration.planning import hooks
from compute.orchestration.states import COMPLETE, FAILED
from compute.orchestration.template.scope import resolve
from compute.orchestration.template.template import RETAIN, policy_of
from objectstore.kernel.errors import Rejected, Unavailable

_log = logging.getLogger("compute.orchestration")

UNEXPECTED = "An unexpected error; the operator's log tells more"

Half = Callable[[ResourceType, RowWork], Any]
# The two halves of acts that are the same for every resource.
_HALVES: Mapping[str, tuple[Half, Half]] = {
    states.CREATE: (
        lambda kind, work: kind.create(work),
        lambda kind, work: kind.is_created(work),
    ),
    states.DELETE: (
        lambda kind, work: kind.delete(work),
        lambda kind, work: kind.is_deleted(work),
    ),
    states.SUSPEND: (
        lambda kind, work: kind.suspend(work),
        lambda kind, work: kind.is_suspended(work),
    ),
    states.RESUME: (
        lambda kind, work: kind.resume(work),
        lambda kind, work: kind.is_resumed(work),
    ),
    states.SNAPSHOT: (
        lambda kind, work: kind.snapshot(work),
        lambda kind, work: kind.is_snapshotted(work),
    ),
    states.CHECK: (
        lambda kind, work: kind.check(work),
        lambda kind, work: kind.is_checked(work),
    ),
}


class Acts:
    """Of one stack, in one round.  Each says whether it got anything further."""

    def __init__(
        self,
        parts: Parts,
        stack: Stack,
        view: StackView,
        rows: list[Resource],
        guard: Guard,
    ) -> None:
        self._parts = parts
        self._stack = stack
        self._view = view
        self._rows = rows
        self._writer = RowWriter(parts, stack, guard)

    def make(self, name: str) -> bool:
        """Hold what is wanted against what there is: make it, change it, leave it."""
        present = next(
            (row for row in self._rows if row.name == name and not row.obsolete), None
        )
        try:
            wanted = self._wanted(name)
        except (Rejected, ResourceFailed) as error:
            self._cannot(name, present, _text(error))
            return True
        if present is None:
            self._writer.insert(name, wanted)
            return True
        blueprint = self._view.blueprint
        kind_name, kind = blueprint.kind_of(name)
        try:
            verdict, _ = decide(
                present,
                kind,
                kind_name,
                wanted["properties"],
                external=wanted["physical_id"],
            )
        except Invalid as error:
            self._cannot(name, present, _text(error))
            return True
        if verdict is not Verdict.KEEP and self._waits(present, hooks.PRE_UPDATE):
            return False
        if verdict is Verdict.REPLACE:
            self._replace(name, present, kind_name, wanted)
        else:
            self._take_over(present, wanted, is_changed=verdict is Verdict.UPDATE)
        return True

    def remove(self, row: Resource) -> bool:
        """Begin to delete it, or let it be where its policy says so."""
        if self._waits(row, hooks.PRE_DELETE):
            return False
        keeps = row.deletion_policy == RETAIN and self._stack.action != states.ROLLBACK
        if row.external or keeps:
            self._writer.forget(row, is_kept=True)
            return True
        self._writer.begin(row, states.DELETE)
        return True

    def sweep(self, row: Resource) -> bool:
        """Begin the stack's own action on it."""
        if row.external and self._stack.action != states.CHECK:
            self._writer.write(row, generation=self._stack.generation)
            return True
        if not row.physical_id and self._stack.action != states.CHECK:
            self._writer.write(row, generation=self._stack.generation)
            return True
        values: dict[str, Any] = {}
        if self._stack.action == states.SNAPSHOT:
            # What the snapshot before saved is that one's.
            values["data"] = {
                name: row.data[name] for name in row.data.keys() - {SAVED}
            }
        self._writer.begin(row, self._stack.action, **values)
        return True

    def go_on(self, row: Resource) -> bool:
        """The next half of what is under way."""
        try:
            return self._go_on(row)
        except (Rejected, ResourceFailed) as error:
            if isinstance(error, Stale):
                raise
            self._writer.fail(row, _text(error))
        except Unavailable as error:
            _log.info("resource %s of stack %s: %s", row.name, self._stack.id, error)
            return False
        except Exception:  # noqa: BLE001  (told to the operator, and to the user)
            _log.exception("resource %s of stack %s", row.name, self._stack.id)
            self._writer.fail(row, UNEXPECTED)
        return True

    def abort(self, row: Resource, reason: str) -> None:
        """What is under way is waited for no longer; a nested stack stops, too."""
        if row.physical_id == row.id:
            self._parts.run(lambda connection: self._stop(connection, row.id))
        self._writer.fail(row, reason)

    def _stop(self, connection: Connection, stack_id: str) -> None:
        parts, stacks = self._parts, self._parts.stores.stacks
        found = stacks.get(connection, stack_id)
        if found is not None and found.status == states.IN_PROGRESS:
            stacks.change(connection, stack_id, interrupt=STOP)
            parts.nudge(connection, stack_id)

    def _waits(self, row: Resource, hook: str) -> bool:
        """Whether somebody has to clear a hook before it goes on."""
        if not hooks.is_set(self._stack, row.name, hook):
            return False
        if not hooks.is_noted(self._stack, row, hook):
            self._writer.wait_for(row, hook)
            return True
        return not hooks.is_cleared(self._stack, row, hook)

    # ---- the halves -------------------------------------------------------------

    def _go_on(self, row: Resource) -> bool:
        if row.external and row.action in (states.CREATE, states.ADOPT):
            self._writer.done(row)
            return True
        is_new = row.action == states.CREATE and not row.tried
        if is_new and self._waits(row, hooks.PRE_CREATE):
            return False
        kind = self._view.kind_of(row)
        if row.action == states.UPDATE:
            return self._update(row, kind)
        work = self._view.work(row)
        first, second = _HALVES[row.action]
        if not row.begun:
            if row.action == states.DELETE:
                self._find_lost(kind, work)
            first(kind, work)
            self._writer.write(work.row, begun=True)
        if not second(kind, work):
            return not row.begun
        if row.action == states.DELETE:
            self._writer.forget(work.row)
        else:
            self._writer.done(work.row)
        return True

    def _update(self, row: Resource, kind: ResourceType) -> bool:
        work = self._view.work(row, row.trying)
        if not row.begun:
            change = change_of(_without_trying(row), row.trying)
            kind.update(work, change)
            self._writer.write(work.row, begun=True)
        if not kind.is_updated(work):
            return not row.begun
        self._writer.done(work.row, properties=dict(row.trying), trying={})
        return True

    def _find_lost(self, kind: ResourceType, work: RowWork) -> None:
        """What was made without our hearing of it is deleted too."""
        if work.physical_id or not work.row.tried:
            return
        found = kind.find_lost(work)
        if found:
            self._writer.write(work.row, physical_id=found)
            work.made(lambda: found)

    # ---- what is wanted ---------------------------------------------------------

    def _wanted(self, name: str) -> dict[str, Any]:
        """The columns of the row as the template wants them now."""
        blueprint, scope = self._view.blueprint, self._view.scope()
        section = blueprint.sections[name]
        kind_name, kind = blueprint.kind_of(name)
        external = resolve(section.external_id, scope)
        # What is not ours needs no properties.
        properties = {} if external else blueprint.properties(name, scope)
        if not external:
            kind.validate(properties)
        return {
            "type": section.type,
            "kind": kind_name,
            "properties": properties,
            "metadata": blueprint.metadata(name, scope),
            "deletion_policy": policy_of(resolve(section.deletion_policy, scope)),
            "requires": sorted(blueprint.graph[name]),
            "external": bool(external),
            "physical_id": str(external or ""),
        }

    def _take_over(
        self, row: Resource, wanted: Mapping[str, Any], *, is_changed: bool
    ) -> None:
        """Bring the row up to this operation."""
        values: dict[str, Any] = {
            "type": wanted["type"],
            "deletion_policy": wanted["deletion_policy"],
            "requires": wanted["requires"],
            "generation": self._stack.generation,
        }
        if not row.data.get(OWN_METADATA):
            values["metadata"] = wanted["metadata"]
        if not is_changed:
            self._writer.keep(row, **values)
            return
        values["trying"] = wanted["properties"]
        self._writer.begin(row, states.UPDATE, **values)

    def _replace(
        self, name: str, row: Resource, kind_name: str, wanted: Mapping[str, Any]
    ) -> None:
        """Make room for another: one that was wanted before and is still there, or a
        new one."""
        for each in self._rows:
            is_alike = each.name == name and not wanted["external"]
            if is_alike and can_revive(each, kind_name, wanted["properties"]):
                self._writer.exchange(row, each)
                return
        self._writer.exchange(row, None)
        self._writer.insert(name, wanted)

    def _cannot(self, name: str, row: Resource | None, reason: str) -> None:
        """What is wanted cannot even be told."""
        if row is not None:
            is_new = row.action == states.CREATE and row.status != COMPLETE
            action = states.CREATE if is_new else states.UPDATE
            self._writer.write(
                row, tell=True, action=action, **self._writer.failure(row, reason)
            )
            return
        section = self._view.blueprint.sections[name]
        kind = self._view.blueprint.kind_of(name)[0]
        known = {"type": section.type, "kind": kind}
        self._writer.insert(name, known, FAILED, reason)


def _without_trying(row: Resource) -> Resource:
    return dataclasses.replace(row, trying={})


def _text(error: Exception) -> str:
    return getattr(error, "text", "") or str(error)
