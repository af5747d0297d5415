"""What a job's end means for the things that it was about: one transaction.

The tables of ``model.py`` say which status follows.  A thing that was ordered to be
deleted meanwhile stays so: its deletion waits behind the job.
"""

from __future__ import annotations

from typing import Any

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.volume import rules
from compute.volume.backups.facts import restored
from compute.volume.jobs.backups import COUNT, HEAD
from compute.volume.jobs.group_finishing import finish_groups, settle_deletion
from compute.volume.jobs.migrating import finish_migration
from compute.volume.jobs.snapshot_sets import finish_sets
from compute.volume.jobs.work import Work
from compute.volume.messages import SNAPSHOT, SUBJECTS, VOLUME, failure_of
from compute.volume.model import (
    BACKUP_JOBS,
    DELETING,
    GONE,
    MAKING_SNAPSHOTS,
    SNAPSHOT_JOBS,
    VOLUME_JOBS,
)
from compute.volume.parts import Parts
from compute.volume.records import Backup, Snapshot, Volume

FAULT_CHARACTERS_MAX = 1000


class Finishing:
    """Records how jobs ended."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def finish(self, work: Work, owner: str, error: str = "") -> None:
        """The job is done, or has failed; ``Stale`` when it is not ours any more."""
        parts = self._parts

        def write(connection: Connection) -> None:
            if error:
                self._report(connection, work)
            self._volume(connection, work, error)
            self._snapshot(connection, work, error)
            self._backup(connection, work, error)
            finish_groups(connection, parts, work, error)
            finish_sets(connection, parts, work, error)
            finish_migration(connection, work, error)
            parts.stores.jobs.finish(
                connection, work.job.id, owner, parts.clock.time(), error
            )

        parts.change(write)
        if work.job.kind == "extend_volume":
            parts.speeds_changed()  # limits may grow with the volume

    def _volume(self, connection: Connection, work: Work, error: str) -> None:
        parts, kind = self._parts, work.job.kind
        volumes = parts.stores.volumes
        volume = volumes.get(connection, str(work.argument("volume_id")))
        if kind not in VOLUME_JOBS or volume is None:
            return
        if kind == "create_backup" and work.argument("of_snapshot"):
            return
        if volume.status == DELETING and kind != "delete_volume":
            return
        ending = VOLUME_JOBS[kind].failed if error else VOLUME_JOBS[kind].done
        if ending == GONE:
            parts.stores.forget_volume(connection, volume.id)
            self._tell(connection, volume, "volume.deleted")
            settle_deletion(connection, parts, volume.group_id)
            return
        attachments = parts.stores.attachments.all(connection, volume_id=volume.id)
        more: dict[str, Any] = {"fault": error[:FAULT_CHARACTERS_MAX]}
        if kind == "extend_volume":
            more["extending_to_gib"] = 0
            if not error:
                more["size_gib"] = int(work.argument("size_gib"))
        if kind == "reimage_volume" and not error:
            more["image_metadata"] = work.argument("image_metadata")
            more["bootable"] = True
        if kind == "restore_backup" and not error:
            key = str(work.argument("backup_id"))
            backup = parts.stores.backups.get(connection, key)
            more |= restored(volume, backup.facts if backup else None)
        status = rules.status_after(ending, attachments)
        parts.set_status(connection, volume, status, **more)
        self._tell(connection, volume, f"volume.{kind}", error)
        settle_deletion(connection, parts, volume.group_id)

    def _snapshot(self, connection: Connection, work: Work, error: str) -> None:
        rows, kind = self._parts.stores.snapshots, work.job.kind
        snapshot = rows.get(connection, str(work.argument("snapshot_id")))
        if kind not in SNAPSHOT_JOBS or snapshot is None:
            return
        if snapshot.status == DELETING and kind != "delete_snapshot":
            return
        ending = SNAPSHOT_JOBS[kind].failed if error else SNAPSHOT_JOBS[kind].done
        if ending == GONE:
            rows.delete(connection, snapshot.id)
            self._parts.stores.shares.forget(connection, snapshot.id)
            self._tell(connection, snapshot, "snapshot.deleted")
            return
        is_whole = kind in MAKING_SNAPSHOTS and not error
        more = {"progress": "100%"} if is_whole else {}
        now = self._parts.clock.time()
        rows.change(connection, snapshot, status=ending, updated_at=now, **more)
        self._tell(connection, snapshot, f"snapshot.{kind}", error)

    def _backup(self, connection: Connection, work: Work, error: str) -> None:
        rows, kind = self._parts.stores.backups, work.job.kind
        backup = rows.get(connection, str(work.argument("backup_id")))
        if kind not in BACKUP_JOBS or backup is None:
            return
        if backup.status == DELETING and kind != "delete_backup":
            return
        ending = BACKUP_JOBS[kind].failed if error else BACKUP_JOBS[kind].done
        if ending == GONE:
            rows.delete(connection, backup.id)
            self._tell(connection, backup, "backup.deleted")
            return
        more: dict[str, Any] = {}
        if error:
            more["fail_reason"] = error[:FAULT_CHARACTERS_MAX]
        elif kind == "create_backup":
            more["manifest_sha256"] = work.progress[HEAD]
            more["object_count"] = work.progress[COUNT]
        now = self._parts.clock.time()
        rows.change(connection, backup, status=ending, updated_at=now, **more)
        self._tell(connection, backup, f"backup.{kind}", error)

    def _report(self, connection: Connection, work: Work) -> None:
        """A message for whose thing it was; of what was removed meanwhile, none."""
        failure = failure_of(work.job.kind)
        if failure is None or work.is_cancelled:
            return
        stores = self._parts.stores
        key = str(work.argument(SUBJECTS[failure.resource_type]))
        found: Volume | Snapshot | Backup | None
        if failure.resource_type == VOLUME:
            found = stores.volumes.get(connection, key)
        elif failure.resource_type == SNAPSHOT:
            found = stores.snapshots.get(connection, key)
        else:
            found = stores.backups.get(connection, key)
        if found is not None:
            self._parts.report(connection, failure, found.project_id, key)

    def _tell(
        self, connection: Connection, thing: Any, kind: str, error: str = ""
    ) -> None:
        context = RequestContext(project_id=thing.project_id, user_id=thing.user_id)
        facts = {"error": error} if error else {}
        self._parts.tell(connection, context, kind, thing.id, facts)
