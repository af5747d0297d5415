"""Snapshots: taken, changed, removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.volume import rules
from compute.volume.errors import InvalidStatus
from compute.volume.model import CREATING, IN_USE, SNAPSHOT_STATUSES, SNAPSHOT_TOLD
from compute.volume.parts import Parts
from compute.volume.records import Snapshot, Volume
from compute.volume.service.hosts import host_of
from compute.volume.service.quotas import Quotas
from compute.volume.service.types import Types


class Snapshots:
    """Each call is one transaction."""

    def __init__(self, parts: Parts, quotas: Quotas, types: Types) -> None:
        self._parts = parts
        self._quotas = quotas
        self._types = types

    def create(
        self,
        context: RequestContext,
        volume_id: str,
        values: Mapping[str, Any],
        *,
        force: bool,
    ) -> Snapshot:
        """Begin to take one; ``force``: also while the volume is attached."""
        parts = self._parts
        rules.check_metadata_count(values.get("metadata") or {})

        def write(connection: Connection) -> Snapshot:
            rule = "volume:create_snapshot"
            volume = parts.volume(connection, context, volume_id, rule)
            action = "create_snapshot_forced" if force else "create_snapshot"
            _check(volume, action)
            volume_type = self._types.known(connection, volume.type_id)
            self._quotas.check(
                connection,
                volume.project_id,
                volume_type,
                snapshots=1,
                gigabytes=volume.size_gib,
            )
            now = parts.clock.time()
            snapshot = Snapshot(
                id=parts.identifiers.uuid(),
                project_id=volume.project_id,
                user_id=context.user_id,
                volume_id=volume.id,
                status=CREATING,
                size_gib=volume.size_gib,
                created_at=now,
                updated_at=now,
                name=values.get("name") or "",
                description=values.get("description"),
                metadata=values.get("metadata") or {},
            )
            parts.stores.snapshots.add(connection, snapshot)
            self._add_job(connection, "create_snapshot", snapshot)
            parts.tell(connection, context, "snapshot.create", snapshot.id)
            return snapshot

        return parts.order(write)

    def change(
        self,
        context: RequestContext,
        snapshot_id: str,
        decide: Callable[[Snapshot], Mapping[str, Any]],
        rule: str = "volume:update_snapshot",
        action: str = "update",
    ) -> Snapshot:
        """Set what ``decide`` says."""
        parts = self._parts

        def write(connection: Connection) -> Snapshot:
            snapshot = parts.snapshot(connection, context, snapshot_id, rule)
            rules.check_snapshot(snapshot, action)
            values = {**decide(snapshot), "updated_at": parts.clock.time()}
            rules.check_metadata_count(values.get("metadata", {}))
            parts.tell(connection, context, f"snapshot.{action}", snapshot_id)
            return parts.stores.snapshots.change(connection, snapshot, **values)

        return parts.change(write)

    def reset_status(
        self, context: RequestContext, snapshot_id: str, status: str
    ) -> None:
        """Administrators know better."""
        if status not in SNAPSHOT_STATUSES:
            raise BadRequest(f"Invalid status: {status} is not a snapshot's")
        rule = "volume_extension:snapshot_admin_actions:reset_status"
        self.change(
            context,
            snapshot_id,
            lambda snapshot: {"status": status},
            rule,
            "reset_status",
        )

    def tell_status(
        self, context: RequestContext, snapshot_id: str, told: Mapping[str, str]
    ) -> None:
        """How its taking or removal goes, by whoever is at it."""
        rule = "volume_extension:snapshot_actions:update_snapshot_status"

        def decide(snapshot: Snapshot) -> Mapping[str, Any]:
            if told["status"] not in SNAPSHOT_TOLD.get(snapshot.status, ()):
                raise BadRequest(
                    f"Provided snapshot status {told['status']} not allowed for"
                    f" snapshot with status {snapshot.status}."
                )
            return {"progress": snapshot.progress, **told}

        self.change(context, snapshot_id, decide, rule, "tell_status")

    def delete(
        self, context: RequestContext, snapshot_id: str, *, force: bool = False
    ) -> None:
        """Begin to remove it."""
        parts = self._parts
        rule = "volume:delete_snapshot"
        if force:
            rule = "volume_extension:snapshot_admin_actions:force_delete"

        def write(connection: Connection) -> None:
            snapshot = parts.snapshot(connection, context, snapshot_id, rule)
            action = "force_delete" if force else "delete"
            found = rules.check_snapshot(snapshot, action)
            rules.check_snapshot_ungrouped(snapshot)
            now = parts.clock.time()
            parts.stores.snapshots.change(
                connection, snapshot, status=found.during, updated_at=now
            )
            self._add_job(connection, "delete_snapshot", snapshot)
            parts.tell(connection, context, "snapshot.delete", snapshot.id)

        parts.order(write)

    def _add_job(self, connection: Connection, kind: str, snapshot: Snapshot) -> None:
        """Jobs of a volume and of its snapshots run one after the other."""
        arguments = {"snapshot_id": snapshot.id}
        host = host_of(connection, self._parts.stores, snapshot)
        self._parts.add_job(connection, kind, snapshot.volume_id, arguments, host)


def _check(volume: Volume, action: str) -> None:
    """Some clients ask by a version in which it must be said, and cannot say it."""
    try:
        rules.check_volume(volume, action)
    except InvalidStatus as error:
        if volume.status != IN_USE:
            raise
        raise InvalidStatus(
            f"{error.text}. Ask with force, or by microversion 3.66 or later, for a"
            " snapshot of a volume in use."
        ) from None
