"""What a stack's snapshots hold: what it was to be, and what of its resources is saved.

A snapshot is the stack's action SNAPSHOT: each resource saves what is in it (a server's
disk as an image, a volume as a backup) and remembers that as ``SAVED``.  When the
action ends, however it ends, all of that is noted in the snapshot's row.  Nested stacks
save nothing: they are made again from what their resource says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.errors import Forbidden
from compute.core.sql.database import Connection
from compute.orchestration.frame.resource_type import SAVED
from compute.orchestration.frame.work import Cloud
from compute.orchestration.model import Resource, Snapshot, Stack, Wanted
from compute.orchestration.parts import REASON_CHARACTERS_MAX, Parts
from compute.orchestration.states import IN_PROGRESS, SNAPSHOT
from compute.orchestration.template.cloudformation import hot_form

# Each has the stack's template and files, and images and backups that somebody pays.
SNAPSHOTS_MAX = 20

WANTED, RESOURCES = "wanted", "resources"


def add_snapshot(
    connection: Connection, parts: Parts, stack: Stack, name: str
) -> Snapshot:
    """The row of one that begins.  ``Forbidden``: there are too many."""
    rows = parts.stores.snapshots
    if rows.count(connection, rows.columns.stack_id == stack.id) >= SNAPSHOTS_MAX:
        raise Forbidden(
            f"A stack has at most {SNAPSHOTS_MAX} snapshots. Please delete some.",
            kind="RequestLimitExceeded",
        )
    snapshot = Snapshot(
        id=parts.identifiers.uuid(),
        stack_id=stack.id,
        name=name,
        status=IN_PROGRESS,
        reason="",
        data={WANTED: stack.wanted.document(), RESOURCES: {}},
        created_at=parts.now(),
    )
    rows.insert(connection, snapshot)
    return snapshot


def close_snapshot(
    connection: Connection, parts: Parts, stack: Stack, status: str, reason: str
) -> None:
    """Note what the resources have saved in the snapshot that was under way."""
    rows = parts.stores.snapshots
    for snapshot in rows.where(
        connection,
        rows.columns.stack_id == stack.id,
        rows.columns.status == IN_PROGRESS,
    ):
        saved = {
            row.name: {
                "name": row.name,
                "type": row.type,
                "kind": row.kind,
                "resource_id": row.physical_id,
                "action": row.action,
                "status": row.status,
                "resource_data": _saved_now(stack, row),
            }
            for row in parts.stores.resources_of(connection, stack.id)
            if not row.obsolete
        }
        rows.change(
            connection,
            snapshot.id,
            status=status,
            reason=reason[:REASON_CHARACTERS_MAX],
            data={**snapshot.data, RESOURCES: saved},
        )


def drop_snapshot(parts: Parts, cloud: Cloud, snapshot: Snapshot) -> None:
    """Delete what was saved, then the row; the same when it is done twice."""
    for entry in _saved(snapshot):
        kind = parts.registry.find(entry["kind"])
        if kind is not None:
            kind.drop_saved(cloud, entry["resource_data"])
    rows = parts.stores.snapshots
    parts.run(lambda connection: rows.delete(connection, snapshot.id))


def drop_snapshots(parts: Parts, cloud: Cloud, stack: Stack) -> None:
    """Those of a stack that is going.  ``Rejected``, ``Unavailable``."""
    rows = parts.stores.snapshots
    for snapshot in parts.read(
        lambda connection: rows.where(connection, rows.columns.stack_id == stack.id)
    ):
        drop_snapshot(parts, cloud, snapshot)


def restored(parts: Parts, snapshot: Snapshot) -> Wanted:
    """What the stack is to be so that it is what it was: the template of then, which
    makes servers and volumes of what was saved."""
    wanted = Wanted(**snapshot.data[WANTED])
    template = dict(hot_form(wanted.template))
    sections = dict(template.get("resources") or {})
    for entry in _saved(snapshot):
        kind, section = parts.registry.find(entry["kind"]), sections.get(entry["name"])
        if kind is None or not isinstance(section, Mapping):
            continue
        properties = {
            **(section.get("properties") or {}),
            **kind.restored(entry["resource_data"]),
        }
        sections[entry["name"]] = {**section, "properties": properties}
    template["resources"] = sections
    return Wanted(template, wanted.files, wanted.environment, wanted.parameters)


def _saved_now(stack: Stack, row: Resource) -> Mapping[str, Any]:
    """What a resource has saved in this operation; when its turn never came, what it
    remembers is the snapshot's before."""
    is_this_one = (row.action, row.generation) == (SNAPSHOT, stack.generation)
    return (row.data.get(SAVED) or {}) if is_this_one else {}


def _saved(snapshot: Snapshot) -> list[Mapping[str, Any]]:
    entries = snapshot.data[RESOURCES].values()
    return [entry for entry in entries if entry["resource_data"]]
