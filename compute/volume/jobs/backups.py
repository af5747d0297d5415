"""Backups: taken, put back, removed."""

from __future__ import annotations

from compute.core.jobs.saga import GiveUp, Saga, Step
from compute.volume.backups.copying import restore_backup, store_backup
from compute.volume.backups.manifest import Head
from compute.volume.drivers.port import SNAPSHOT, VOLUME, NoSuchDisk
from compute.volume.jobs.keys import (
    drop_backup_key,
    drop_restored_key,
    make_backup_key,
    make_restored_key,
    use_restored_key,
)
from compute.volume.jobs.volumes import freeze, frozen_disk, thaw, volume_disk
from compute.volume.jobs.work import Work, for_good
from compute.volume.model import GIB

HEAD, COUNT = "head", "count"
"""What a finished copy leaves in the job's progress."""


def _store(work: Work) -> None:
    backup, parts = work.backup(), work.parts
    disk = SNAPSHOT + backup.snapshot_id if backup.snapshot_id else frozen_disk(work)
    with for_good():
        parent = _parent(work, backup.parent_id) if backup.parent_id else None
        work.progress[HEAD], work.progress[COUNT] = store_backup(
            work.objects,
            parts.driver,
            disk,
            backup.id,
            parts.settings.backup_piece,
            parent,
            work.check,
        )


def _parent(work: Work, parent_id: str) -> tuple[str, Head]:
    rows = work.parts.stores.backups
    found = work.parts.database.read(lambda connection: rows.get(connection, parent_id))
    if found is None or not found.manifest_sha256:
        raise GiveUp(f"backup {parent_id}, that this one builds on, is gone")
    return parent_id, work.objects.head(parent_id, found.manifest_sha256)


def _drop(work: Work) -> None:
    work.objects.delete(str(work.argument("backup_id")))


def _prepare(work: Work) -> None:
    """A volume that was made for this backup has no bytes yet."""
    volume, driver = work.volume(), work.parts.driver
    disk, size = VOLUME + volume.id, volume.size_gib * GIB
    with for_good():
        if work.argument("key_id"):
            # All of it is written over, its header too.
            backup = work.backup()
            head = work.objects.head(backup.id, backup.manifest_sha256)
            driver.create(disk, size + head.size_bytes % GIB)
            return
        if work.argument("is_new"):
            driver.create(disk, size)
            return
        try:
            driver.resize(disk, size)
        except NoSuchDisk:
            driver.create(disk, size)


def _restore(work: Work) -> None:
    backup = work.backup()
    with for_good():
        head = work.objects.head(backup.id, backup.manifest_sha256)
        restore_backup(
            work.objects,
            work.parts.driver,
            backup.id,
            head,
            volume_disk(work),
            work.check,
        )


SAGAS: tuple[Saga[Work], ...] = (
    Saga(
        "create_backup",
        (
            Step("key", make_backup_key, undo=drop_backup_key),
            Step("freeze", freeze, undo=thaw),
            Step("store", _store, undo=_drop),
            Step("thaw", thaw),
        ),
    ),
    Saga(
        "restore_backup",
        (
            Step("key", make_restored_key, undo=drop_restored_key),
            Step("prepare", _prepare),
            Step("restore", _restore),
            Step("use_key", use_restored_key),
        ),
    ),
    Saga(
        "delete_backup",
        (Step("drop", _drop), Step("key", drop_backup_key)),
        cancellable=False,
    ),
)
