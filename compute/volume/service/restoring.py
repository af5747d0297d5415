"""A backup on its way back into a volume."""

from __future__ import annotations

from typing import Any

from compute.core.sql.database import Connection
from compute.volume.parts import Parts
from compute.volume.records import Backup, Volume


def add_restore_job(
    parts: Parts,
    connection: Connection,
    backup: Backup,
    volume: Volume,
    *,
    is_new: bool,
) -> None:
    """The backup is being restored into the volume, whose status says so already."""
    parts.stores.backups.change(
        connection, backup, status="restoring", updated_at=parts.clock.time()
    )
    arguments: dict[str, Any] = {
        "volume_id": volume.id,
        "backup_id": backup.id,
        "is_new": is_new,
        # The bytes come with the key that they were written with.
        "key_id": parts.identifiers.uuid() if backup.encryption_key_id else "",
    }
    parts.add_job(connection, "restore_backup", volume.id, arguments, volume.host)
