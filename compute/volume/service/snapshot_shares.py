"""Snapshots that other projects may make volumes of, and see for that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.volume import rules
from compute.volume.errors import OverLimit
from compute.volume.parts import Parts
from compute.volume.records import Snapshot

SHARES_MAX = 200
"""Projects that one snapshot is shared with."""
_SEE = "volume:get_snapshot"


class SnapshotShares:
    """Each call is one transaction."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def projects(self, context: RequestContext, snapshot_id: str) -> list[str]:
        """With which its owner shares it: nobody else is told."""
        parts = self._parts

        def read(connection: Connection) -> list[str]:
            snapshot = parts.snapshot(connection, context, snapshot_id, _SEE)
            return parts.stores.shares.projects(connection, snapshot.id)

        return parts.database.read(read)

    def change(
        self,
        context: RequestContext,
        snapshot_id: str,
        *,
        add: Collection[str] = (),
        remove: Collection[str] = (),
    ) -> list[str]:
        """Share it with some, and no longer with others.  What was made of it stays
        theirs."""
        parts = self._parts

        def write(connection: Connection) -> list[str]:
            rule = "volume:share_snapshot"
            snapshot = parts.snapshot(connection, context, snapshot_id, rule)
            rules.check_snapshot(snapshot, "update")
            if add:
                self._check_plain(connection, snapshot)
            shares = parts.stores.shares
            now = {*shares.projects(connection, snapshot.id), *add} - {*remove}
            now.discard(snapshot.project_id)
            if len(now) > SHARES_MAX:
                raise OverLimit(f"A snapshot is shared with {SHARES_MAX} projects")
            shares.set(connection, snapshot.id, sorted(now))
            parts.tell(connection, context, "snapshot.share", snapshot.id)
            return sorted(now)

        return parts.change(write)

    def _check_plain(self, connection: Connection, snapshot: Snapshot) -> None:
        """The key of an encrypted one is its project's alone."""
        volume = self._parts.stores.volumes.get(connection, snapshot.volume_id)
        if volume is not None and volume.is_encrypted:
            raise BadRequest("A snapshot of an encrypted volume cannot be shared")


def usable_snapshot(
    parts: Parts, connection: Connection, context: RequestContext, snapshot_id: str
) -> Snapshot:
    """One that the caller may make volumes of: his own, or one that somebody shares
    with his project; ``NotFound``."""
    try:
        return parts.snapshot(connection, context, snapshot_id, _SEE)
    except NotFound:
        found = parts.stores.snapshots.get(connection, snapshot_id)
        project = context.project_id
        if found is None or not parts.stores.shares.has(
            connection, snapshot_id, project
        ):
            raise
        # Who may read in his own project may read this.
        parts.enforce(context, "volume:get_all_snapshots")
        return found


def as_seen(context: RequestContext, snapshot: Snapshot) -> Snapshot:
    """What those that it is shared with are told of it: not which volume it is of, nor
    what its owner calls it."""
    if snapshot.project_id == context.project_id or context.has_role("admin"):
        return snapshot
    if context.has_role("service"):
        return snapshot
    return replace(snapshot, volume_id="", name="", user_id="", metadata={})
