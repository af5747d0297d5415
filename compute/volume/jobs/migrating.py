"""A volume's way to another host: the job of the host that gets it.

    begin    its migration is under way: nothing changes the bytes where they are
    copy     piece after piece into a copy of the job's; a restart goes on where it was
    check    both are compared, stretch by stretch, as they are on disk
    place    the copy gets the volume's name here, where nobody looks for it yet
    commit   one transaction: the volume is here, and its former host has a job to
             remove the file that it had

Until ``commit`` the volume is where it was, whole; after it, here.  Whatever goes wrong
before, the copy is removed and the volume stays.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from compute.core.errors import NotFound, Stale
from compute.core.jobs.saga import GiveUp, Saga, Step
from compute.core.jobs.store import RUNNING
from compute.core.sql.database import Connection
from compute.volume import migrating, sharing
from compute.volume.drivers.pieces import PIECE_BYTES, digest
from compute.volume.drivers.port import VOLUME
from compute.volume.jobs.volumes import copy_disk, volume_disk
from compute.volume.jobs.work import Work, for_good
from compute.volume.model import (
    AVAILABLE,
    COMPLETING,
    MIGRANTS,
    MIGRATING,
    STARTING,
    SUCCESS,
)
from compute.volume.places import RemoteDisk
from compute.volume.records import Volume
from objectstore.kernel.errors import Corrupt

MIGRATE, MIGRATE_ATTACHED = "migrate_volume", "migrate_attached_volume"
DROP = "drop_moved_volume"
KINDS = MIGRATE, MIGRATE_ATTACHED, DROP
COPIED, CHECKED = "copied", "checked"
"""How far it has come, in the job's progress."""
# What is copied again after a crash, at most.
NOTED_BYTES = 16 * PIECE_BYTES


def _begin(work: Work) -> None:
    parts = work.parts

    def write(connection: Connection) -> None:
        volume = current(connection, work, MIGRANTS)
        if volume.migration_status == STARTING:
            status = migrating.moved(volume, MIGRATING)
            parts.stores.volumes.change(connection, volume, migration_status=status)

    parts.change(write)


def _copy(work: Work) -> None:
    driver, disk, source = work.parts.driver, copy_disk(work), source_of(work)
    with for_good():
        size = source.size()
        offset = noted = _resumed(work, size)
        while offset < size:
            work.check()
            piece = source.piece(offset)
            if piece.data:
                driver.write(disk, piece.offset, piece.data)
            offset = piece.end
            if offset - noted >= NOTED_BYTES:
                driver.flush(disk)
                noted = offset
                work.note(COPIED, offset)
        driver.flush(disk)


def _resumed(work: Work, size_bytes: int) -> int:
    """Where to begin: where the copy that is there ends."""
    driver, disk = work.parts.driver, copy_disk(work)
    with suppress(NotFound):
        if driver.size(disk) == size_bytes:
            return int(work.progress.get(COPIED, 0))
    driver.create(disk, size_bytes)
    return 0


def _check(work: Work) -> None:
    driver, disk, source = work.parts.driver, copy_disk(work), source_of(work)
    with for_good():
        size = source.size()
        offset = int(work.progress.get(CHECKED, 0))
        if driver.size(disk) != size:
            raise Corrupt("the copy is not as long as the volume")
        while offset < size:
            work.check()
            theirs = source.digest(offset)
            if digest(driver, disk, offset, theirs.end) != theirs:
                raise Corrupt(f"the copy differs from the volume after byte {offset}")
            offset = theirs.end
            work.note(CHECKED, offset)


def _place(work: Work) -> None:
    """Repeated after a crash: the copy may have its name already."""
    driver = work.parts.driver
    with for_good(), suppress(NotFound):
        driver.size(copy_disk(work))
        driver.rename(copy_disk(work), volume_disk(work))


def _commit(work: Work) -> None:
    parts, stores = work.parts, work.parts.stores

    def write(connection: Connection) -> None:
        found = stores.volumes.get(connection, str(work.argument("volume_id")))
        if found is not None and found.host == parts.host:
            return  # it was written, and nobody lived to say so
        volume = current(connection, work, MIGRANTS)
        if stores.snapshots.all(connection, volume_id=volume.id):
            raise GiveUp("it has snapshots")
        status = migrating.moved(volume, COMPLETING)
        parts.set_status(
            connection,
            volume,
            AVAILABLE,
            host=parts.host,
            migration_status=status,
            **changed_type(connection, work),
        )
        arguments = {"volume_id": volume.id}
        parts.add_job(connection, DROP, volume.id, arguments, volume.host)

    parts.driver.size(volume_disk(work))
    parts.change(write)
    parts.wake()


def changed_type(connection: Connection, work: Work) -> dict[str, Any]:
    """What another type changes."""
    type_id = str(work.argument("type_id"))
    if not type_id:
        return {}
    found = work.parts.stores.types.get(connection, type_id)
    if found is None:
        raise GiveUp("its new type is gone")
    return {"type_id": found.id, "multiattach": sharing.is_multiattach(found)}


def current(connection: Connection, work: Work, statuses: Collection[str]) -> Volume:
    """The volume, as the migration left it, in one of these statuses; ``GiveUp`` when
    somebody has ended that, ``Stale`` when the job is not ours any more."""
    stores = work.parts.stores
    job = stores.jobs.get(connection, work.job.id)
    if job is None or job.state != RUNNING or job.owner != work.job.owner:
        raise Stale(f"job {work.job.id} is somebody else's")
    volume = stores.volumes.get(connection, str(work.argument("volume_id")))
    if volume is None:
        raise GiveUp("the volume is gone")
    is_ours = volume.host == work.argument("source") and volume.status in statuses
    if not is_ours or volume.migration_status not in (STARTING, MIGRATING):
        raise GiveUp("the migration was ended")
    return volume


def source_of(work: Work) -> RemoteDisk:
    """The bytes where they come from."""
    volume_id = str(work.argument("volume_id"))
    return work.parts.places.disk_at(str(work.argument("source")), volume_id)


def _discard(work: Work) -> None:
    """The copy, by whichever name; never a volume that is here."""
    parts = work.parts
    parts.driver.delete(copy_disk(work))
    volume = _found(work)
    if volume is None or volume.host != parts.host:
        parts.driver.delete(volume_disk(work))


def _drop(work: Work) -> None:
    """The file that the volume had here, before it moved."""
    volume = _found(work)
    if volume is not None and volume.host == work.parts.host:
        raise GiveUp("the volume is here")
    work.parts.driver.delete(VOLUME + str(work.argument("volume_id")))


def _found(work: Work) -> Volume | None:
    key, rows = str(work.argument("volume_id")), work.parts.stores.volumes
    return work.parts.database.read(lambda connection: rows.get(connection, key))


# ---- endings -----------------------------------------------------------------------


def finish_migration(connection: Connection, work: Work, error: str) -> None:
    """Record how it ended; nothing for other jobs."""
    parts, kind = work.parts, work.job.kind
    rows = parts.stores.volumes
    if kind not in KINDS:
        return
    volume = rows.get(connection, str(work.argument("volume_id")))
    if volume is None:
        return
    if kind == DROP and volume.migration_status == COMPLETING:
        status = migrating.moved(volume, SUCCESS)
        rows.change(connection, volume, migration_status=status)
    if kind != DROP and error and volume.migration_status in (STARTING, MIGRATING):
        status = AVAILABLE if volume.status in MIGRANTS else volume.status
        parts.set_status(
            connection,
            volume,
            status,
            migration_status=migrating.moved(volume, "error"),
            fault=error[:1000],
        )


SAGAS: tuple[Saga[Work], ...] = (
    Saga(
        MIGRATE,
        (
            Step("begin", _begin),
            Step("copy", _copy, undo=_discard),
            Step("check", _check),
            Step("place", _place, undo=_discard),
            Step("commit", _commit),
        ),
    ),
    Saga(DROP, (Step("drop", _drop),), cancellable=False),
)
