"""Backups: taken, changed, put back, removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.volume import rules
from compute.volume.backups.facts import facts_of
from compute.volume.backups.ring import container_of
from compute.volume.errors import InvalidStatus
from compute.volume.keys import kept_cipher
from compute.volume.model import AVAILABLE, CREATING, ZONE
from compute.volume.parts import Parts
from compute.volume.records import Backup, Snapshot, Volume
from compute.volume.service.create import VolumeCreation
from compute.volume.service.group_rest import check_at_rest
from compute.volume.service.new_volumes import Order
from compute.volume.service.quotas import Quotas
from compute.volume.service.restoring import add_restore_job
from compute.volume.service.types import Types


class Backups:
    """Each call is one transaction."""

    def __init__(
        self, parts: Parts, quotas: Quotas, types: Types, creation: VolumeCreation
    ) -> None:
        self._parts = parts
        self._quotas = quotas
        self._types = types
        self._creation = creation
        self._rows = parts.stores.backups

    def create(
        self,
        context: RequestContext,
        volume_id: str,
        values: Mapping[str, Any],
        *,
        force: bool,
        incremental: bool,
        snapshot_id: str = "",
    ) -> Backup:
        """Begin to take one, of the volume or of one of its snapshots."""
        parts = self._parts
        if values.get("availability_zone") not in (None, ZONE):
            raise BadRequest("Invalid input received: no such availability zone")
        rules.check_metadata_count(values.get("metadata") or {})

        def write(connection: Connection) -> Backup:
            volume = parts.volume(connection, context, volume_id, "backup:create")
            snapshot = None
            if snapshot_id:
                snapshot = self._begin_snapshot(
                    connection, context, volume, snapshot_id
                )
            else:
                self._begin_volume(connection, volume, force=force)
            volume_type = self._types.known(connection, volume.type_id)
            size = snapshot.size_gib if snapshot else volume.size_gib
            backup = self._new(context, volume, snapshot, values)
            self._quotas.check(
                connection,
                backup.project_id,
                volume_type,
                backups=1,
                backup_gigabytes=size,
            )
            if incremental:
                backup = self._with_parent(connection, backup)
            self._rows.add(connection, backup)
            arguments = {
                "volume_id": volume.id,
                "snapshot_id": snapshot_id,
                "of_snapshot": bool(snapshot_id),
                "backup_id": backup.id,
                "was": "" if snapshot_id else volume.status,
            }
            host = volume.host
            parts.add_job(connection, "create_backup", volume.id, arguments, host)
            parts.tell(connection, context, "backup.create", backup.id)
            return backup

        return parts.order(write)

    def update(
        self, context: RequestContext, backup_id: str, values: Mapping[str, Any]
    ) -> Backup:
        """Name, description, metadata."""
        rules.check_metadata_count(values.get("metadata", {}))
        return self._change(context, backup_id, "backup:update", "update", values)

    def reset_status(
        self, context: RequestContext, backup_id: str, status: str
    ) -> None:
        """Administrators know better."""
        if status not in (AVAILABLE, "error"):
            raise BadRequest(f"Invalid status: {status} is not a backup's")
        rule = "volume_extension:backup_admin_actions:reset_status"
        self._change(context, backup_id, rule, "reset_status", {"status": status})

    def delete(
        self, context: RequestContext, backup_id: str, *, force: bool = False
    ) -> None:
        """Begin to remove it; not before the backups that build on it."""
        parts = self._parts
        rule = "backup:delete"
        if force:
            rule = "volume_extension:backup_admin_actions:force_delete"

        def write(connection: Connection) -> None:
            backup = parts.backup(connection, context, backup_id, rule)
            found = rules.check_backup(backup, "force_delete" if force else "delete")
            if self._rows.all(connection, parent_id=backup_id):
                raise InvalidStatus(
                    "Invalid backup: Incremental backups exist for this backup."
                )
            # One that is being made is given up first, and waited for.
            for job in parts.stores.jobs.open_of(connection, backup.volume_id):
                if job.arguments.get("backup_id") == backup_id:
                    raise InvalidStatus("Invalid backup: it is still being made.")
            now = parts.clock.time()
            self._rows.change(connection, backup, status=found.during, updated_at=now)
            arguments = {"backup_id": backup_id}
            # It is in the ring: whoever hears of it can do that.
            parts.add_job(connection, "delete_backup", backup_id, arguments, "")
            parts.tell(connection, context, "backup.delete", backup_id)

        parts.order(write)

    def restore(
        self, context: RequestContext, backup_id: str, volume_id: str, name: str
    ) -> tuple[Backup, Volume]:
        """Begin to put it back, into a volume that is there or a new one."""
        parts = self._parts

        def write(connection: Connection) -> tuple[Backup, Volume]:
            backup = parts.backup(connection, context, backup_id, "backup:restore")
            rules.check_backup(backup, "restore")
            if volume_id:
                volume = self._target(connection, context, backup, volume_id)
            else:
                order = Order(name=name or f"restore_backup_{backup.id}")
                parts.enforce(context, "volume:create")
                volume = self._creation.restored(connection, context, backup, order)
            add_restore_job(parts, connection, backup, volume, is_new=not volume_id)
            parts.tell(connection, context, "backup.restore", backup_id)
            return backup, volume

        return parts.order(write)

    # ---- inside ----------------------------------------------------------------

    def _begin_volume(
        self, connection: Connection, volume: Volume, *, force: bool
    ) -> None:
        action = "create_backup_forced" if force else "create_backup"
        found = rules.check_volume(volume, action)
        self._parts.set_status(connection, volume, found.during)

    def _begin_snapshot(
        self,
        connection: Connection,
        context: RequestContext,
        volume: Volume,
        snapshot_id: str,
    ) -> Snapshot:
        parts = self._parts
        rule = "volume:get_snapshot"
        snapshot = parts.snapshot(connection, context, snapshot_id, rule)
        if snapshot.volume_id != volume.id:
            raise BadRequest("Invalid input received: the snapshot is not the volume's")
        found = rules.check_snapshot(snapshot, "backup")
        parts.stores.snapshots.change(connection, snapshot, status=found.during)
        return snapshot

    def _new(
        self,
        context: RequestContext,
        volume: Volume,
        snapshot: Snapshot | None,
        values: Mapping[str, Any],
    ) -> Backup:
        now, backup_id = self._parts.clock.time(), self._parts.identifiers.uuid()
        return Backup(
            id=backup_id,
            project_id=context.project_id or volume.project_id,
            user_id=context.user_id,
            volume_id=volume.id,
            status=CREATING,
            size_gib=snapshot.size_gib if snapshot else volume.size_gib,
            created_at=now,
            updated_at=now,
            availability_zone=ZONE,
            container=container_of(backup_id),
            name=values.get("name") or "",
            description=values.get("description"),
            snapshot_id=snapshot.id if snapshot else "",
            data_at=snapshot.created_at if snapshot else now,
            metadata=values.get("metadata") or {},
            facts=facts_of(volume),
            encryption_key_id=self._parts.identifiers.uuid()
            if volume.is_encrypted
            else "",
            type_id=volume.type_id if volume.is_encrypted else "",
        )

    def _with_parent(self, connection: Connection, backup: Backup) -> Backup:
        """Builds on the volume's newest backup that is whole; never on another
        project's, who could not see what depends on his."""
        mine = {"volume_id": backup.volume_id, "project_id": backup.project_id}
        whole = [
            each
            for each in self._rows.all(connection, **mine)
            if each.status == AVAILABLE and each.manifest_sha256
        ]
        if not whole:
            raise InvalidStatus(
                "Invalid backup: No backups available to do an incremental backup."
            )
        newest = max(whole, key=lambda each: each.data_at)
        return replace(backup, parent_id=newest.id)

    def _target(
        self,
        connection: Connection,
        context: RequestContext,
        backup: Backup,
        volume_id: str,
    ) -> Volume:
        parts = self._parts
        volume = parts.volume(connection, context, volume_id, "backup:restore")
        found = rules.check_volume(volume, "restore_backup")
        check_at_rest(connection, parts.stores, volume.group_id)
        if volume.size_gib < backup.size_gib:
            raise InvalidStatus(
                f"Invalid volume: volume size {volume.size_gib} is too small to"
                f" restore backup of size {backup.size_gib}."
            )
        rows = parts.stores.type_encryptions
        there = kept_cipher(connection, rows, volume.type_id)
        if there != (
            kept_cipher(connection, rows, backup.type_id) if backup.type_id else None
        ):
            raise InvalidStatus(
                "Invalid volume: it is not encrypted as the backup is: restore into a"
                " volume of the type that was backed up."
            )
        if (
            backup.encryption_key_id
            and backup.volume_id != volume.id
            and parts.stores.snapshots.all(connection, volume_id=volume.id)
        ):
            raise InvalidStatus(
                "Invalid volume: it has snapshots, which nothing would open once it has"
                " the backup's key: delete them first, or restore into a new volume."
            )
        return parts.set_status(connection, volume, found.during)

    def _change(
        self,
        context: RequestContext,
        backup_id: str,
        rule: str,
        action: str,
        values: Mapping[str, Any],
    ) -> Backup:
        parts = self._parts

        def write(connection: Connection) -> Backup:
            backup = parts.backup(connection, context, backup_id, rule)
            rules.check_backup(backup, action)
            parts.tell(connection, context, f"backup.{action}", backup_id)
            now = parts.clock.time()
            return self._rows.change(connection, backup, **values, updated_at=now)

        return parts.change(write)
