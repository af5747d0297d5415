"""A volume host that dies at any step of any job goes on, or cleans up, when it is
back; a job that cannot be done leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.core.jobs.saga import Step
from compute.volume.jobs import migrating, moving_attached, worker
from compute.volume.jobs.work import Work
from compute.volume.jobs.worker import SAGAS, JobJournal, VolumeWorker
from compute.volume.parts import Parts, queue_of
from objectstore.kernel.errors import Unavailable
from test.unit.compute.volume.house import House
from test.unit.compute.volume.states import UNLIMITED, is_stable

ENDS = {"available", "error", "error_deleting"}


class Crash(BaseException):
    """The process ends here."""


def _upload(house: House) -> None:
    house.act(house.create(), "os-volume_upload_image", {"image_name": "i"})


def _restore(house: House) -> None:
    volume_id = house.create()
    backup = house.backup(volume_id)
    body = {"restore": {"volume_id": volume_id}}
    house.ok("POST", f"/backups/{backup}/restore", body)


def _delete_backup(house: House) -> None:
    house.ok("DELETE", f"/backups/{house.backup(house.create())}")


def _delete_snapshot(house: House) -> None:
    house.ok("DELETE", f"/snapshots/{house.snapshot(house.create())}")


def _revert(house: House) -> None:
    volume_id = house.create()
    house.act(volume_id, "revert", {"snapshot_id": house.snapshot(volume_id)})


def _post(path: str, wrapper: str) -> Callable[[House], None]:
    def order(house: House) -> None:
        volume_id = house.create()
        house.ok("POST", path, {wrapper: {"volume_id": volume_id}})

    return order


def _create(house: House) -> None:
    house.order(imageRef=house.image_house.active(b"image"))


def _group(house: House) -> str:
    if not house.ok("GET", "/group_types")["group_types"]:
        body: Any = {"group_type": {"name": "kind"}}
        house.ok("POST", "/group_types", body, roles="admin")
    body = {"group": {"group_type": "kind", "volume_types": ["__DEFAULT__"]}}
    key = str(house.ok("POST", "/groups", body)["group"]["id"])
    for _ in range(2):
        house.create(group_id=key)
    return key


def _group_snapshot(house: House) -> str:
    body = {"group_snapshot": {"group_id": _group(house)}}
    made = house.ok("POST", "/group_snapshots", body)["group_snapshot"]
    return str(made["id"])


def _delete_group_snapshot(house: House) -> None:
    taken = _group_snapshot(house)
    house.work()
    house.ok("DELETE", f"/group_snapshots/{taken}")


def _copy_group(house: House) -> None:
    body = {"create-from-src": {"source_group_id": _group(house)}}
    house.ok("POST", "/groups/action", body)


def _take_together(house: House) -> None:
    wanted = [{"volume_id": house.create()} for _ in range(2)]
    house.ok("POST", "/snapshots/together", {"snapshots": wanted})


def _copy_snapshot(house: House) -> None:
    key = house.snapshot(house.create())
    house.ok("POST", f"/snapshots/{key}/copies", {"copy": {"name": "copy"}})


def _manage(house: House) -> None:
    name = house.wiring.identifiers.uuid()
    house.driver.unmanaged.bring(name, b"x", 2**30)
    body: Any = {"volume": {"host": "here", "ref": {"source-name": name}}}
    house.ok("POST", "/manageable_volumes", body, roles="admin")


def _unmanage(house: House) -> None:
    house.act(house.create(), "os-unmanage", {}, roles="admin")


def _manage_snapshot(house: House) -> None:
    name = house.wiring.identifiers.uuid()
    house.driver.unmanaged.bring(name, b"x", 2**30)
    snapshot = {"volume_id": house.create(), "ref": {"source-name": name}}
    body: Any = {"snapshot": snapshot}
    house.ok("POST", "/manageable_snapshots", body, roles="admin")


def _unmanage_snapshot(house: House) -> None:
    path = f"/snapshots/{house.snapshot(house.create())}/action"
    house.ok("POST", path, {"os-unmanage": {}}, roles="admin")


def _reimage(house: House) -> None:
    image_id = house.image_house.active(b"image")
    house.act(house.create(), "os-reimage", {"image_id": image_id})


CASES: dict[str, Callable[[House], Any]] = {
    "create_volume": _create,
    "delete_volume": lambda house: house.ok("DELETE", f"/volumes/{house.create()}"),
    "extend_volume": lambda house: house.act(
        house.create(), "os-extend", {"new_size": 2}
    ),
    "upload_volume": _upload,
    "create_snapshot": _post("/snapshots", "snapshot"),
    "delete_snapshot": _delete_snapshot,
    "revert_volume": _revert,
    "reimage_volume": _reimage,
    "manage_volume": _manage,
    "unmanage_volume": _unmanage,
    "manage_snapshot": _manage_snapshot,
    "unmanage_snapshot": _unmanage_snapshot,
    "create_backup": _post("/backups", "backup"),
    "restore_backup": _restore,
    "delete_backup": _delete_backup,
    "create_snapshots": _take_together,
    "copy_snapshot": _copy_snapshot,
    "create_group": _copy_group,
    "create_group_snapshot": _group_snapshot,
    "delete_group_snapshot": _delete_group_snapshot,
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path, **UNLIMITED, backup_piece=2**28)
    found.wiring.driver.size = lambda disk: 2**20  # type: ignore[method-assign]
    yield found
    found.close()


def everything_is_settled(house: House) -> None:
    for kind in ("volume", "snapshot", "backup", "group", "group_snapshot"):
        for each in house.ok("GET", f"/{kind}s/detail")[f"{kind}s"]:
            if kind == "volume":
                assert is_stable(house, each["id"]), each
            else:
                assert each["status"] in ("available", "error"), each
    assert house.leftovers() == []


def run_until(
    house: House,
    moment: Callable[[Work, str, bool], None],
    wiring: Parts | None = None,
) -> bool:
    """Do the next job (of that host), dying where ``moment`` says; whether it died."""
    wiring = wiring or house.wiring

    class Mortal(JobJournal):
        def advance(self, step: str, undoing: bool = False) -> None:
            moment(self._work, f"before {step}", undoing)
            super().advance(step, undoing)
            moment(self._work, f"after {step}", undoing)

    here, queue = VolumeWorker(wiring, house.objects), queue_of(wiring.host)
    owner, now = f"volumes of {wiring.host}", house.clock.time()
    (job,) = house.database.run(
        lambda it: wiring.stores.jobs.claim(it, queue, owner, now)
    )
    work = Work(wiring, house.objects, job, dict(job.progress))
    usual, worker.JobJournal = worker.JobJournal, Mortal  # type: ignore[misc]
    try:
        here.attempt(work)
    except Crash:
        return True
    finally:
        worker.JobJournal = usual  # type: ignore[misc]
    return False


def test_every_job_has_a_case() -> None:
    # In test_migrations_cut_short.py, and instance/test_volumes_change_hosts.py.
    of_two_hosts = {each.kind for each in (*migrating.SAGAS, *moving_attached.SAGAS)}
    assert set(CASES) == set(SAGAS) - of_two_hosts


@pytest.mark.parametrize("kind", sorted(CASES))
def test_it_goes_on_after_a_crash_at_any_step(house: House, kind: str) -> None:
    for step in SAGAS[kind].steps:
        for place in ("before", "after"):
            CASES[kind](house)

            def die(work: Work, at: str, undoing: bool, wanted: str) -> None:
                if at == wanted:
                    raise Crash

            wanted = f"{place} {step.name}"
            died = run_until(
                house,
                lambda work, at, undoing, wanted=wanted: die(work, at, undoing, wanted),
            )
            assert died, (kind, wanted)
            house.start()  # another process takes over
            house.wiring.driver.size = lambda disk: 2**20  # type: ignore[method-assign]
            house.work()
            everything_is_settled(house)


@pytest.mark.parametrize("kind", sorted(CASES))
def test_it_leaves_nothing_when_it_fails_at_any_step(house: House, kind: str) -> None:
    """Every step in turn raises, after its deed, for good."""
    saga = SAGAS[kind]
    for number, step in enumerate(saga.steps):
        CASES[kind](house)

        def broken(work: Work, step: Step[Work] = step) -> None:
            step.do(work)
            raise RuntimeError("broken")

        steps = list(saga.steps)
        steps[number] = Step(step.name, broken, step.undo)
        SAGAS[kind] = type(saga)(kind, tuple(steps), saga.cancellable)
        try:
            house.work()
        finally:
            SAGAS[kind] = saga
        for each in house.ok("GET", "/volumes/detail")["volumes"]:
            assert is_stable(house, each["id"]), each
        for kind_of in ("snapshot", "backup"):
            for each in house.ok("GET", f"/{kind_of}s/detail")[f"{kind_of}s"]:
                assert each["status"] in ENDS, each
        assert house.leftovers() == []


def test_what_is_away_is_tried_again_and_given_up(house: House) -> None:
    volume_id = house.create()
    asked = []

    def away(disk: str, target: str, size_bytes: int) -> None:
        asked.append(disk)
        raise Unavailable("the disk is away")

    house.driver.copy = away
    house.ok("POST", "/snapshots", {"snapshot": {"volume_id": volume_id}})
    house.work()
    assert len(asked) == worker.TRIES_MAX
    (snapshot,) = house.ok("GET", "/snapshots")["snapshots"]
    assert snapshot["status"] == "error"
