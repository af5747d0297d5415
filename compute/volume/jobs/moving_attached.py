"""A volume's way to another host while a guest writes to it: the job of the host that
gets it.

    begin    a second attachment of the guest's, which leads here
    make     an empty disk; of an encrypted volume, its header
    hand     the guest's host has an order to mirror its disk to here
    wait     until the guest has it here, and its former way is closed
    end      the former host has a job to remove the file that it had

The guest's QEMU copies, so the bytes travel from the old host to the guest's, and from
there to here.  The volume changes hands when all that it holds is on both
(``service/settling.py``); until then, whatever goes wrong, it stays where it was.
"""

from __future__ import annotations

from typing import Any

from compute.core.jobs.saga import GiveUp, Saga, Step, TryAgain
from compute.core.sql.database import Connection
from compute.volume import migrating
from compute.volume.jobs import volumes
from compute.volume.jobs.migrating import (
    DROP,
    MIGRATE_ATTACHED,
    changed_type,
    current,
    source_of,
)
from compute.volume.jobs.ways import Way, end_way, follow, way_of
from compute.volume.jobs.work import Work, for_good
from compute.volume.model import ATTACHED, ATTACHING, COMPLETING, GIB, IN_USE, MIGRATING
from compute.volume.records import Attachment, Volume

LOOK_SECONDS = 1.0


def _begin(work: Work) -> None:
    parts = work.parts

    def write(connection: Connection) -> None:
        volume = current(connection, work, {IN_USE})
        if volume.migration_status == MIGRATING:
            return
        rows = parts.stores.attachments
        found = rows.all(connection, volume_id=volume.id)
        if [each.status for each in found] != [ATTACHED]:
            raise GiveUp("who has it has changed")
        (theirs,) = found
        second = Attachment(
            id=str(work.argument("attachment_id")),
            volume_id=volume.id,
            project_id=volume.project_id,
            status=ATTACHING,
            access=theirs.access,
            created_at=parts.clock.time(),
            instance_id=theirs.instance_id,
            host=theirs.host,
            mountpoint=theirs.mountpoint,
            connector=dict(theirs.connector),
            volume_host=parts.host,
        )
        rows.add(connection, second)
        status = migrating.moved(volume, MIGRATING)
        parts.stores.volumes.change(connection, volume, migration_status=status)

    parts.change(write)


def _make(work: Work) -> None:
    """Nobody writes to it before the next step."""
    driver, disk, source = work.parts.driver, volumes.volume_disk(work), source_of(work)
    with for_good():
        size = source.size()
        driver.create(disk, size)
        header, offset = size % GIB, 0
        while offset < header:
            piece = source.piece(offset)
            if data := piece.data[: max(0, header - piece.offset)]:
                driver.write(disk, piece.offset, data)
            offset = piece.end
        driver.flush(disk)


def _hand(work: Work) -> None:
    _, ours, is_settled = _look(work)
    if is_settled:
        return
    if ours is None:
        raise GiveUp("its server has let go of it")
    with for_good():
        work.parts.servers.move_volume(ours.instance_id, ours.volume_id, ours.id)


def _wait(work: Work) -> None:
    volume, ours, is_settled = _look(work)
    if volume is None:
        raise GiveUp("the volume is gone")
    if not is_settled and ours is None:
        raise GiveUp(
            "its server keeps it where it is, and its last event move_volume says why:"
            " it may be migrated again"
        )
    _end_idle_ways(work, volume, is_settled=is_settled)
    if is_settled and not _has_former_way(work):
        return
    raise TryAgain("the guest's host copies it", LOOK_SECONDS)


def _end_idle_ways(work: Work, volume: Volume, *, is_settled: bool) -> None:
    """When the guest's host died, and the server lives on elsewhere or not at all:
    nobody goes over any more, and nobody else ends the way that the server does not
    have."""
    parts, rows = work.parts, work.parts.stores.attachments
    found = parts.database.read(lambda it: rows.all(it, volume_id=volume.id))
    ids = {each.instance_id for each in found}
    if len(found) < 2 and is_settled:
        return
    way = way_of(parts, ids.pop(), volume.id) if len(ids) == 1 else None
    if way is None or any(
        each.host == way.host for each in found if _is_idle(each, way)
    ):
        return
    if not is_settled:
        raise GiveUp("its server's host died while it copied it")
    for each in found:
        if each.id == way.attachment_id and each.volume_host:
            return  # it is opened anew where the volume is
    for each in found:
        if _is_idle(each, way):
            end_way(parts, volume, each)


def _is_idle(attachment: Attachment, way: Way) -> bool:
    return attachment.id != way.attachment_id


def _look(work: Work) -> tuple[Volume | None, Attachment | None, bool]:
    """The volume, the attachment that leads here, and whether the volume is here."""
    stores = work.parts.stores

    def read(
        connection: Connection,
    ) -> tuple[Volume | None, Attachment | None, bool]:
        volume = stores.volumes.get(connection, str(work.argument("volume_id")))
        key = str(work.argument("attachment_id"))
        is_here = volume is not None and volume.host == work.parts.host
        return volume, stores.attachments.get(connection, key), is_here

    return work.parts.database.read(read)


def _has_former_way(work: Work) -> bool:
    rows, source = work.parts.stores.attachments, str(work.argument("source"))
    wanted: dict[str, Any] = {
        "volume_id": str(work.argument("volume_id")),
        "volume_host": source,
    }
    return bool(work.parts.database.read(lambda it: rows.ids(it, **wanted)))


def _end(work: Work) -> None:
    parts, stores = work.parts, work.parts.stores

    def write(connection: Connection) -> None:
        key = str(work.argument("volume_id"))
        volume = stores.volumes.get(connection, key)
        if volume is not None and volume.migration_status != MIGRATING:
            return  # it was written, and nobody lived to say so
        if volume is not None:
            values = changed_type(connection, work)
            status = migrating.moved(volume, COMPLETING)
            stores.volumes.change(connection, volume, migration_status=status, **values)
        source = str(work.argument("source"))
        parts.add_job(connection, DROP, key, {"volume_id": key}, source)

    parts.change(write)
    parts.wake()


def _withdraw(work: Work) -> None:
    """The guest's way to here, and the disk.  A volume that has come here stays, and
    nothing is undone: what remains is done."""
    parts, stores = work.parts, work.parts.stores
    volume_id = str(work.argument("volume_id"))
    second = str(work.argument("attachment_id"))

    def write(connection: Connection) -> bool:
        volume = stores.volumes.get(connection, volume_id)
        if volume is not None and volume.host == parts.host:
            return False
        stores.attachments.delete(connection, second)
        follow(connection, parts, volume_id)
        return True

    if parts.change(write):
        parts.driver.withdraw(volume_id, second)
        parts.driver.delete(volumes.volume_disk(work))
    elif _has_former_way(work):
        raise TryAgain("the guest goes over", LOOK_SECONDS)
    else:
        _end(work)


SAGAS: tuple[Saga[Work], ...] = (
    Saga(
        MIGRATE_ATTACHED,
        (
            Step("begin", _begin, undo=_withdraw),
            Step("make", _make),
            Step("hand", _hand),
            Step("wait", _wait),
            Step("end", _end),
        ),
    ),
)
