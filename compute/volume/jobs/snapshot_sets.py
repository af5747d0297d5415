"""Snapshots of one moment, and copies of snapshots."""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.jobs.saga import Saga, Step
from compute.core.sql.database import Connection
from compute.volume.drivers.port import SNAPSHOT, VOLUME, Copy, header_bytes
from compute.volume.jobs.work import Work, for_good
from compute.volume.model import AVAILABLE, CREATING, ERROR, GIB
from compute.volume.parts import Parts
from compute.volume.records import Snapshot


def _snapshots(work: Work) -> list[Snapshot]:
    rows, keys = work.parts.stores.snapshots, list(work.argument("snapshot_ids"))
    return work.parts.database.read(lambda it: rows.all(it, id=keys))


def _take(work: Work) -> None:
    driver = work.parts.driver
    with for_good():
        copies = []
        for each in _snapshots(work):
            disk = VOLUME + each.volume_id
            size = each.size_gib * GIB + header_bytes(driver, disk)
            copies.append(Copy(disk, SNAPSHOT + each.id, size))
        driver.copy_together(copies)


def _drop(work: Work) -> None:
    for key in work.argument("snapshot_ids"):
        work.parts.driver.delete(SNAPSHOT + str(key))


def _copy(work: Work) -> None:
    snapshot, driver = work.snapshot(), work.parts.driver
    source = SNAPSHOT + str(work.argument("source_id"))
    with for_good():
        size = snapshot.size_gib * GIB + header_bytes(driver, source)
        driver.copy(source, SNAPSHOT + snapshot.id, size)


def _drop_copy(work: Work) -> None:
    work.parts.driver.delete(SNAPSHOT + str(work.argument("snapshot_id")))


def finish_sets(connection: Connection, parts: Parts, work: Work, error: str) -> None:
    """Record how the taking of a set ended; nothing for other jobs."""
    if work.job.kind != "create_snapshots":
        return
    rows, now = parts.stores.snapshots, parts.clock.time()
    more = {"status": ERROR} if error else {"status": AVAILABLE, "progress": "100%"}
    keys = list(work.argument("snapshot_ids"))
    for each in rows.all(connection, id=keys, status=CREATING):
        rows.change(connection, each, updated_at=now, **more)
        context = RequestContext(project_id=each.project_id, user_id=each.user_id)
        facts = {"error": error} if error else {}
        parts.tell(connection, context, "snapshot.create_snapshot", each.id, facts)


SAGAS: tuple[Saga[Work], ...] = (
    Saga("create_snapshots", (Step("take", _take, undo=_drop),)),
    Saga("copy_snapshot", (Step("copy", _copy, undo=_drop_copy),)),
)
