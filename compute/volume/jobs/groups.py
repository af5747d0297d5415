"""Copies of whole groups: their snapshots, and new groups made of others.

One job for all members: what a group's snapshot is for is that they are of one moment.
"""

from __future__ import annotations

from compute.core.jobs.saga import GiveUp, Saga, Step
from compute.volume.drivers.port import SNAPSHOT, VOLUME, Copy, header_bytes
from compute.volume.jobs.keys import copy_key
from compute.volume.jobs.work import Work, for_good
from compute.volume.model import GIB
from compute.volume.records import Snapshot, Volume


def _snapshots(work: Work) -> list[Snapshot]:
    rows, key = work.parts.stores.snapshots, str(work.argument("group_snapshot_id"))
    return work.parts.database.read(lambda it: rows.all(it, group_snapshot_id=key))


def _members(work: Work) -> list[Volume]:
    """Of the group that is made."""
    rows, key = work.parts.stores.volumes, str(work.argument("group_id"))
    return work.parts.database.read(lambda it: rows.all(it, group_id=key))


def _copies(work: Work, wanted: list[tuple[str, str, int]]) -> list[Copy]:
    """``wanted``: source, target and GiB."""
    driver = work.parts.driver
    return [
        Copy(source, target, size_gib * GIB + header_bytes(driver, source))
        for source, target, size_gib in wanted
    ]


# ---- snapshots of a group --------------------------------------------------------


def _take(work: Work) -> None:
    with for_good():
        wanted = [
            (VOLUME + each.volume_id, SNAPSHOT + each.id, each.size_gib)
            for each in _snapshots(work)
        ]
        work.parts.driver.copy_together(_copies(work, wanted))


def _drop(work: Work) -> None:
    for each in _snapshots(work):
        work.parts.driver.delete(SNAPSHOT + each.id)


# ---- groups made of others -------------------------------------------------------


def _make_keys(work: Work) -> None:
    for volume in _members(work):
        if volume.is_encrypted:
            copy_key(work, volume, _origin(work, volume))


def _drop_keys(work: Work) -> None:
    for volume in _members(work):
        work.parts.keys.drop(volume, volume.encryption_key_id)


def _origin(work: Work, volume: Volume) -> str:
    """The volume whose bytes, of now or of a snapshot, it gets."""
    if not volume.snapshot_id:
        return volume.source_volume_id
    rows = work.parts.stores.snapshots
    found = work.parts.database.read(lambda it: rows.get(it, volume.snapshot_id))
    if found is None:
        raise GiveUp(f"snapshot {volume.snapshot_id} is gone")
    return found.volume_id


def _copy(work: Work) -> None:
    driver = work.parts.driver
    with for_good():
        wanted = [
            (
                SNAPSHOT + each.snapshot_id
                if each.snapshot_id
                else VOLUME + each.source_volume_id,
                VOLUME + each.id,
                each.size_gib,
            )
            for each in _members(work)
        ]
        copies = _copies(work, wanted)
        if not work.argument("of_snapshot"):
            driver.copy_together(copies)
            return
        for each in copies:  # nobody writes to snapshots
            work.check()
            driver.copy(each.source, each.target, each.size_bytes)


def _remove(work: Work) -> None:
    for each in _members(work):
        work.parts.driver.delete(VOLUME + each.id)


SAGAS: tuple[Saga[Work], ...] = (
    Saga("create_group_snapshot", (Step("take", _take, undo=_drop),)),
    Saga("delete_group_snapshot", (Step("drop", _drop),), cancellable=False),
    Saga(
        "create_group",
        (
            Step("keys", _make_keys, undo=_drop_keys),
            Step("copy", _copy, undo=_remove),
        ),
    ),
)
