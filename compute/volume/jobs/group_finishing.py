"""What the end of a job means for groups: one part of its transaction.

A group's own job ends for all of its members at once.  The deletion of a group is that
of its volumes: the last that goes takes it along.
"""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.volume.group_records import Group, GroupSnapshot
from compute.volume.jobs.work import Work
from compute.volume.model import (
    AVAILABLE,
    CREATING,
    DELETING,
    ERROR,
    ERROR_DELETING,
)
from compute.volume.parts import Parts


def finish_groups(connection: Connection, parts: Parts, work: Work, error: str) -> None:
    """Record how a group's job ended; nothing for other jobs."""
    kind = work.job.kind
    if kind == "create_group":
        _created(connection, parts, str(work.argument("group_id")), error)
    elif kind == "create_group_snapshot":
        _taken(connection, parts, _snapshot_id(work), error)
    elif kind == "delete_group_snapshot":
        _dropped(connection, parts, _snapshot_id(work), error)


def settle_deletion(connection: Connection, parts: Parts, group_id: str) -> None:
    """A volume of the group is gone, or could not go."""
    stores = parts.stores
    group = stores.groups.get(connection, group_id) if group_id else None
    if group is None or group.status != DELETING:
        return
    left = stores.volumes.all(connection, group_id=group.id)
    if not left:
        stores.groups.delete(connection, group.id)
        _tell(connection, parts, group, "group.deleted")
    elif all(each.status == ERROR_DELETING for each in left):
        now = parts.clock.time()
        stores.groups.change(connection, group, status=ERROR_DELETING, updated_at=now)


def _snapshot_id(work: Work) -> str:
    return str(work.argument("group_snapshot_id"))


def _created(connection: Connection, parts: Parts, group_id: str, error: str) -> None:
    stores, now = parts.stores, parts.clock.time()
    status = ERROR if error else AVAILABLE
    for volume in stores.volumes.all(connection, group_id=group_id, status=CREATING):
        parts.set_status(connection, volume, status, fault=error[:1000])
    group = stores.groups.get(connection, group_id)
    if group is not None and group.status == CREATING:
        stores.groups.change(connection, group, status=status, updated_at=now)
        _tell(connection, parts, group, "group.create_group", error)


def _taken(connection: Connection, parts: Parts, key: str, error: str) -> None:
    stores, now = parts.stores, parts.clock.time()
    status = ERROR if error else AVAILABLE
    progress = {} if error else {"progress": "100%"}
    members = {"group_snapshot_id": key, "status": CREATING}
    for each in stores.snapshots.all(connection, **members):
        stores.snapshots.change(
            connection, each, status=status, updated_at=now, **progress
        )
    found = stores.group_snapshots.get(connection, key)
    if found is not None and found.status == CREATING:
        stores.group_snapshots.change(connection, found, status=status, updated_at=now)
        _tell(connection, parts, found, "group.create_group_snapshot", error)


def _dropped(connection: Connection, parts: Parts, key: str, error: str) -> None:
    stores, now = parts.stores, parts.clock.time()
    found = stores.group_snapshots.get(connection, key)
    for each in stores.snapshots.all(connection, group_snapshot_id=key):
        if error:
            stores.snapshots.change(
                connection, each, status=ERROR_DELETING, updated_at=now
            )
        else:
            stores.snapshots.delete(connection, each.id)
            stores.shares.forget(connection, each.id)
    if found is None:
        return
    if error:
        stores.group_snapshots.change(
            connection, found, status=ERROR_DELETING, updated_at=now
        )
        return
    stores.group_snapshots.delete(connection, key)
    _tell(connection, parts, found, "group.deleted_group_snapshot")


def _tell(
    connection: Connection,
    parts: Parts,
    thing: Group | GroupSnapshot,
    kind: str,
    error: str = "",
) -> None:
    context = RequestContext(project_id=thing.project_id, user_id=thing.user_id)
    parts.tell(connection, context, kind, thing.id, {"error": error} if error else {})
