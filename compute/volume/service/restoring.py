"""A backup on its way back into a volume."""

from __future__ import annotations

from typing import Any

from compute.core.sql.database import Connection
from compute.volume.records import Backup, Volume
from compute.volume.wiring import Wiring


def add_restore_job(
    wiring: Wiring,
    connection: Connection,
    backup: Backup,
    volume: Volume,
    *,
    is_new: bool,
) -> None:
    """The backup is being restored into the volume, whose status says so already."""
    wiring.stores.backups.change(
        connection, backup, status="restoring", updated_at=wiring.clock.time()
    )
    arguments: dict[str, Any] = {
        "volume_id": volume.id,
        "backup_id": backup.id,
        "is_new": is_new,
        # The bytes come with the key that they were written with.
        "key_id": wiring.identifiers.uuid() if backup.encryption_key_id else "",
    }
    wiring.add_job(connection, "restore_backup", volume.id, arguments, volume.host)
