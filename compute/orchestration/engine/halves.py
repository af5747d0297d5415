"""The halves of each act on a resource: one begins it, the other looks how far it is.

An act may be done again after a crash, from the row as it was written last; so each
half writes what it knows before it goes on.  What fails for good is written as the
resource's state, never raised.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from typing import Any

from compute.core.errors import Stale
from compute.core.sql.database import Connection
from compute.orchestration import states
from compute.orchestration.difference import change_of
from compute.orchestration.engine.row_work import RowWork
from compute.orchestration.engine.row_writer import RowWriter
from compute.orchestration.engine.view import StackView
from compute.orchestration.errors import ResourceFailed, said
from compute.orchestration.frame.resource_type import SAVED, ResourceType
from compute.orchestration.model import STOP, Resource, Stack
from compute.orchestration.parts import Parts
from compute.orchestration.planning import hooks
from compute.orchestration.template.template import SNAPSHOT
from objectstore.kernel.errors import Rejected, Unavailable

_log = logging.getLogger("compute.orchestration")

NOT_FOUND = 404
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


class Halves:
    """Of one stack, in one round."""

    def __init__(
        self, parts: Parts, stack: Stack, view: StackView, writer: RowWriter
    ) -> None:
        self._parts = parts
        self._stack = stack
        self._view = view
        self._writer = writer

    def go_on(self, row: Resource) -> bool:
        """The next half of what is under way; whether it got any further."""
        try:
            return self._go_on(row)
        except (Rejected, ResourceFailed) as error:
            if isinstance(error, Stale):
                raise
            self._writer.fail(row, said(error))
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
        elif row.begun:
            self._give_up(row, reason)
        self._writer.fail(row, reason)

    def _give_up(self, row: Resource, reason: str) -> None:
        try:
            self._view.kind_of(row).give_up(self._view.work(row), reason)
        except (Rejected, ResourceFailed, Unavailable) as error:
            _log.info("resource %s of stack %s: %s", row.name, self._stack.id, error)

    def _stop(self, connection: Connection, stack_id: str) -> None:
        parts, stacks = self._parts, self._parts.stores.stacks
        found = stacks.find(connection, stack_id)
        if found is not None and found.status == states.IN_PROGRESS:
            stacks.change(connection, stack_id, interrupt=STOP)
            parts.nudge(connection, stack_id)

    def _go_on(self, row: Resource) -> bool:
        if row.external and row.action in (states.CREATE, states.ADOPT):
            self._writer.done(row)
            return True
        is_new = row.action == states.CREATE and not row.tried
        if is_new and self._writer.waits(row, hooks.PRE_CREATE):
            return False
        kind = self._view.kind_of(row)
        if row.action == states.UPDATE:
            return self._update(row, kind)
        work = self._view.work(row)
        first, second = _HALVES[row.action]
        if not row.begun:
            if row.action == states.DELETE:
                self._find_lost(kind, work)
                if row.deletion_policy == SNAPSHOT and not _is_saved(kind, work):
                    return SAVED not in row.data
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


def _without_trying(row: Resource) -> Resource:
    return dataclasses.replace(row, trying={})


def _is_saved(kind: ResourceType, work: RowWork) -> bool:
    """Begin to save what is in it before it goes, or look whether that is done."""
    if not work.physical_id:
        return True
    try:
        if SAVED not in work.data:
            kind.snapshot(work)
        return kind.is_snapshotted(work)
    except Rejected as refusal:
        if refusal.status == NOT_FOUND:
            return True  # somebody has taken it away
        raise
