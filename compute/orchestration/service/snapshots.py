"""Takes, restores and deletes stacks' snapshots."""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.errors import NotFound
from compute.core.rooms.others import Rooms
from compute.core.sql.database import Connection
from compute.orchestration import states
from compute.orchestration.engine.beginning import begin
from compute.orchestration.engine.snapshots import (
    add_snapshot,
    drop_snapshot,
    restored,
)
from compute.orchestration.engine.sources import OfCaller
from compute.orchestration.errors import Busy
from compute.orchestration.model import Snapshot, Stack
from compute.orchestration.parts import Parts
from compute.orchestration.service.finding import live_stack
from compute.orchestration.service.ordering import Order
from compute.orchestration.service.stacks import Key, StackService, check_outermost


class SnapshotService:
    """What requests do with snapshots."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stacks = StackService(parts)

    def take(self, key: Key, name: str) -> Snapshot:
        """Begin one."""
        parts = self._parts

        def write(connection: Connection) -> Snapshot:
            stack = live_stack(connection, parts, *key)
            check_outermost(stack, "snapshot")
            states.check_allowed("snapshot", stack.name, stack.state)
            snapshot = add_snapshot(connection, parts, stack, name)
            begin(connection, parts, stack, states.SNAPSHOT)
            return snapshot

        found = parts.run(write)
        parts.wake()
        return found

    def all(self, stack: Stack) -> list[Snapshot]:
        """Those of a stack, the oldest first."""
        rows = self._parts.stores.snapshots
        return self._parts.read(
            lambda connection: rows.where(
                connection,
                rows.columns.stack_id == stack.id,
                order=rows.columns.created_at,
            )
        )

    def find(self, stack: Stack, snapshot_id: str) -> Snapshot:
        """One of a stack; ``NotFound``."""
        rows = self._parts.stores.snapshots
        found = self._parts.read(lambda connection: rows.find(connection, snapshot_id))
        if found is None or found.stack_id != stack.id:
            raise NotFound(
                f"The Snapshot ({snapshot_id[:64]}) for Stack ({stack.name}) could not"
                " be found.",
                kind="EntityNotFound",
            )
        return found

    def restore(self, context: RequestContext, stack: Stack, snapshot_id: str) -> None:
        """Begin to make the stack what it was."""
        snapshot = self.find(stack, snapshot_id)
        _check_whole(snapshot, "restored")
        wanted = restored(self._parts, snapshot)
        order = Order(wanted, None, stack.disable_rollback, tuple(stack.tags))
        key = stack.project_id, stack.name, stack.id
        self._stacks.restore(context, key, order)

    def delete(self, context: RequestContext, stack: Stack, snapshot_id: str) -> None:
        """Delete what was saved, with the caller's rights, and then the snapshot."""
        snapshot = self.find(stack, snapshot_id)
        if snapshot.status == states.IN_PROGRESS:
            raise _busy(snapshot, "deleted")
        cloud = Rooms(self._parts.callers, OfCaller(context, ""))
        drop_snapshot(self._parts, cloud, snapshot)


def _check_whole(snapshot: Snapshot, done: str) -> None:
    if snapshot.status != states.COMPLETE:
        raise _busy(snapshot, done)


def _busy(snapshot: Snapshot, done: str) -> Busy:
    return Busy(
        f"Snapshot {snapshot.id} is {snapshot.status}: it cannot be {done}",
        kind="InvalidSnapshotState",
    )
