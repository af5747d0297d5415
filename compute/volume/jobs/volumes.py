"""Making, growing, copying out and removing volumes and their snapshots."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress

from compute.core.errors import Conflict
from compute.core.jobs.saga import GiveUp, Saga, Step, TryAgain
from compute.core.sql.database import Connection
from compute.volume.drivers.port import (
    COPY,
    SNAPSHOT,
    VOLUME,
    header_bytes,
    pieces_of,
)
from compute.volume.encryption import DiskKey
from compute.volume.jobs.keys import drop_volume_key, make_volume_key, new_disk_key
from compute.volume.jobs.work import Work, for_good
from compute.volume.model import ATTACHED, CREATING, DOWNLOADING, GIB, IN_USE
from objectstore.kernel.errors import Rejected, Unavailable

PIECE_BYTES = 1 << 20
# An upload that a killed process left counts as under way until its lease has run out
# (45 s by default; operators may choose more): looks, and seconds between them.
UPLOAD_LOOKS_MAX = 120
UPLOAD_LOOK_SECONDS = 5.0
_LOOKS = "upload_looks"
# How often a server that is busy is told of its volume's size: about a minute.
TELL_TRIES_MAX = 20
TELL_PAUSE_SECONDS = 3.0
_TOLD = "told"
_UNKNOWN = "volume %s grew, and its guest does not know: %s"

_log = logging.getLogger("compute.volume")


def volume_disk(work: Work) -> str:
    """The name of the job's volume's bytes."""
    return VOLUME + str(work.argument("volume_id"))


def copy_disk(work: Work) -> str:
    """The name of a copy that lives as long as the job."""
    return COPY + work.job.id


# ---- create ----------------------------------------------------------------------


def _make(work: Work) -> None:
    driver, disk = work.parts.driver, volume_disk(work)
    source, source_id = work.argument("source"), str(work.argument("source_id"))
    work.volume()
    with for_good():
        if source == "image":
            _fill(work, source_id, new_disk_key(work))
        elif source == "snapshot":
            _copy(work, SNAPSHOT + source_id)
        elif source == "volume":
            _copy(work, VOLUME + source_id)
        else:
            driver.create(disk, work.size_bytes, new_disk_key(work))


def _copy(work: Work, source: str) -> None:
    driver = work.parts.driver
    size = work.size_bytes + header_bytes(driver, source)
    driver.copy(source, volume_disk(work), size)


def _fill(work: Work, image_id: str, key: DiskKey | None) -> None:
    parts = work.parts

    def downloading(connection: Connection) -> None:
        volume = parts.stores.volumes.get(connection, str(work.argument("volume_id")))
        if volume is not None and volume.status == CREATING:
            parts.set_status(connection, volume, DOWNLOADING)

    parts.change(downloading)
    with parts.images.download(image_id) as answer:
        parts.driver.fill(
            volume_disk(work),
            _checked(work, answer),
            str(work.argument("image_format")),
            work.size_bytes,
            key,
        )


def _overwrite(work: Work) -> None:
    """Another image in the volume's place, whole or not at all."""
    work.volume()
    with for_good():
        _fill(work, str(work.argument("image_id")), new_disk_key(work))


def _checked(work: Work, pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        work.check()
        yield piece


def _remove(work: Work) -> None:
    work.parts.driver.delete(volume_disk(work))


# ---- delete ----------------------------------------------------------------------


def _close(work: Work) -> None:
    """Nobody should be connected; a forced deletion cuts off who is."""
    volume_id = str(work.argument("volume_id"))
    driver = work.parts.driver
    for exported, attachment_id in list(driver.exported()):
        if exported == volume_id:
            driver.withdraw(volume_id, attachment_id)


def _remove_all(work: Work) -> None:
    snapshots = work.parts.stores.snapshots
    volume_id = str(work.argument("volume_id"))
    found = work.parts.database.read(
        lambda connection: snapshots.all(connection, volume_id=volume_id)
    )
    if found and not work.argument("cascade"):
        raise GiveUp("it has snapshots")
    for snapshot in found:
        work.parts.driver.delete(SNAPSHOT + snapshot.id)
    _remove(work)


# ---- snapshots -------------------------------------------------------------------


def _take(work: Work) -> None:
    snapshot = work.snapshot()
    with for_good():
        driver, disk = work.parts.driver, VOLUME + snapshot.volume_id
        size = snapshot.size_gib * GIB + header_bytes(driver, disk)
        driver.copy(disk, SNAPSHOT + snapshot.id, size)


def _drop(work: Work) -> None:
    work.parts.driver.delete(SNAPSHOT + str(work.argument("snapshot_id")))


def _revert(work: Work) -> None:
    volume = work.volume()
    with for_good():
        driver, disk = work.parts.driver, SNAPSHOT + str(work.argument("snapshot_id"))
        size = volume.size_gib * GIB + header_bytes(driver, disk)
        driver.copy(disk, volume_disk(work), size)


# ---- grow ------------------------------------------------------------------------


def _extend(work: Work) -> None:
    with for_good():
        driver, disk = work.parts.driver, volume_disk(work)
        driver.resize(disk, work.size_bytes + header_bytes(driver, disk))


def _record_size(work: Work) -> None:
    """Before anybody is told: he asks."""
    parts = work.parts

    def write(connection: Connection) -> None:
        volume = parts.stores.volumes.get(connection, str(work.argument("volume_id")))
        if volume is not None:
            size_gib = int(work.argument("size_gib"))
            parts.stores.volumes.change(connection, volume, size_gib=size_gib)

    parts.change(write)


def _tell_servers(work: Work) -> None:
    """Guests that have the volume see its size.  Those that cannot now (their server
    moves, or is away for longer) see it when they start next: the volume has grown all
    the same."""
    parts, volume_id = work.parts, str(work.argument("volume_id"))
    attachments = parts.database.read(
        lambda connection: parts.stores.attachments.all(connection, volume_id=volume_id)
    )
    try:
        for each in attachments:
            if each.status == ATTACHED and each.instance_id:
                parts.servers.volume_extended(each.instance_id, volume_id)
    except (Conflict, Unavailable) as error:
        tries = int(work.progress.get(_TOLD, 0)) + 1
        work.progress[_TOLD] = tries
        if tries < TELL_TRIES_MAX:
            raise TryAgain(str(error), TELL_PAUSE_SECONDS) from error
        _log.warning(
            "volume %s grew, and its guest does not know: %s", volume_id, error
        )
    except Rejected as error:
        _log.warning(
            "volume %s grew, and its guest does not know: %s", volume_id, error
        )


# ---- upload ----------------------------------------------------------------------


def freeze(work: Work) -> None:
    """An attached volume is read from a copy: its guest goes on writing."""
    if work.argument("was") == IN_USE:
        driver, disk = work.parts.driver, volume_disk(work)
        with for_good():
            driver.copy(disk, copy_disk(work), driver.size(disk))


def thaw(work: Work) -> None:
    """Remove the copy."""
    work.parts.driver.delete(copy_disk(work))


def frozen_disk(work: Work) -> str:
    """What is read."""
    return copy_disk(work) if work.argument("was") == IN_USE else volume_disk(work)


def _upload(work: Work) -> None:
    images, image_id = work.parts.images, str(work.argument("image_id"))
    with for_good():
        status = images.get(image_id).status
        if status == "active":
            return  # it was uploaded, and nobody lived to say so
        if status == "saving":
            _wait_for_the_other(work)
        disk, driver = frozen_disk(work), work.parts.driver
        pieces = pieces_of(driver, disk, driver.size(disk), PIECE_BYTES)
        images.upload(image_id, _checked(work, pieces))


def _wait_for_the_other(work: Work) -> None:
    looks = int(work.progress.get(_LOOKS, 0)) + 1
    if looks > UPLOAD_LOOKS_MAX:
        raise GiveUp("somebody else writes to the image")
    work.progress[_LOOKS] = looks
    raise TryAgain("another upload of the image is under way", UPLOAD_LOOK_SECONDS)


def _forget_image(work: Work) -> None:
    with suppress(Rejected):
        work.parts.images.delete(str(work.argument("image_id")))


SAGAS: tuple[Saga[Work], ...] = (
    Saga(
        "create_volume",
        (
            Step("key", make_volume_key, undo=drop_volume_key),
            Step("make", _make, undo=_remove),
        ),
    ),
    Saga(
        "delete_volume",
        (
            Step("close", _close),
            Step("remove", _remove_all),
            Step("key", drop_volume_key),
        ),
        cancellable=False,
    ),
    Saga("create_snapshot", (Step("take", _take, undo=_drop),)),
    Saga("delete_snapshot", (Step("drop", _drop),), cancellable=False),
    Saga("reimage_volume", (Step("write", _overwrite),)),
    Saga("revert_volume", (Step("revert", _revert),), cancellable=False),
    Saga(
        "extend_volume",
        (
            Step("extend", _extend),
            Step("record", _record_size),
            Step("tell", _tell_servers),
        ),
        cancellable=False,
    ),
    Saga(
        "upload_volume",
        (
            Step("freeze", freeze, undo=thaw),
            Step("upload", _upload, undo=_forget_image),
            Step("thaw", thaw),
        ),
    ),
)
