"""Volumes on their way to another host when a host dies, or somebody ends it."""

from __future__ import annotations

import pytest

from compute.volume.client import Connector, VolumeClient
from compute.volume.drivers import pieces
from compute.volume.drivers.port import COPY, VOLUME
from compute.volume.jobs import migrating
from compute.volume.jobs.upkeep import Upkeep
from compute.volume.jobs.work import Work
from compute.volume.room import room_of, wire
from compute.volume.tables import JOBS
from objectstore.client.in_process import InProcessCaller
from test.unit.compute.volume.house import HERE, House, Other
from test.unit.compute.volume.moving import THERE, is_whole, migrate, place, written
from test.unit.compute.volume.test_crashes import Crash, run_until

SERVER = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def there(house: House) -> Other:
    return house.add_host(THERE)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", [each.name for each in migrating.SAGAS[0].steps])
def test_its_new_host_dies_at_any_step(
    house: House, there: Other, step: str, moment: str
) -> None:
    volume_id = written(house)
    migrate(house, volume_id)

    def die(work: Work, at: str, undoing: bool) -> None:
        if at == f"{moment} {step}":
            raise Crash

    assert run_until(house, die, there.wiring)
    house.start()
    house.work()
    assert place(house, volume_id) == (THERE, "success", "available")
    assert is_whole(there.driver, volume_id)
    assert list(house.driver.disks()) == []
    assert list(there.driver.disks()) == [VOLUME + volume_id]


def test_it_goes_on_where_it_was(
    house: House, there: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "NOTED_BYTES", pieces.PIECE_BYTES)
    volume_id = written(house)
    migrate(house, volume_id)

    def die(work: Work, at: str, undoing: bool) -> None:
        if at.startswith("after") and work.progress.get(migrating.COPIED, 0):
            raise Crash

    assert run_until(house, die, there.wiring)
    # What was copied is not copied again: what became of it is found by comparing, and
    # nothing is lost.
    there.driver.write(f"{COPY}{_job(house)}", 0, b"other")
    house.start()
    house.work()
    assert place(house, volume_id) == ("here", "error", "available")
    assert is_whole(house.driver, volume_id)
    assert list(there.driver.disks()) == []
    assert "differs" in _fault(house, volume_id)


def _job(house: House) -> str:
    query = JOBS.select().where(JOBS.c.kind == "migrate_volume")
    row = house.database.read(lambda it: it.execute(query).first())
    assert row is not None
    return str(row.id)


def _fault(house: House, volume_id: str) -> str:
    rows = house.wiring.stores.volumes
    found = house.database.read(lambda it: rows.get(it, volume_id))
    assert found is not None
    return found.fault


def test_a_source_that_is_away_is_waited_for_and_given_up(
    house: House, there: Other
) -> None:
    volume_id = written(house)
    migrate(house, volume_id)
    house.work()
    there.is_away = True
    assert migrate(house, volume_id, "here").status == 202
    house.work()
    assert place(house, volume_id) == (THERE, "error", "available")
    there.is_away = False
    assert is_whole(there.driver, volume_id)
    assert list(house.driver.disks()) == []
    assert migrate(house, volume_id, "here").status == 202
    house.work()
    assert place(house, volume_id) == ("here", "success", "available")


def test_an_administrator_ends_it(house: House, there: Other) -> None:
    volume_id = written(house)
    migrate(house, volume_id, lock_volume=True)
    reset = {"status": "available", "migration_status": "none"}
    assert house.act(volume_id, "os-reset_status", reset, roles="admin").status == 202
    house.work()
    assert place(house, volume_id) == ("here", None, "available")
    assert list(there.driver.disks()) == []
    wrong = {"migration_status": "sideways"}
    assert house.act(volume_id, "os-reset_status", wrong, roles="admin").status == 400


def test_what_was_copied_goes_when_it_is_ended(house: House, there: Other) -> None:
    volume_id = written(house)
    migrate(house, volume_id)

    def die(work: Work, at: str, undoing: bool) -> None:
        if at == "after check":
            raise Crash

    assert run_until(house, die, there.wiring)
    assert any(each.startswith(COPY) for each in there.driver.disks())
    reset = {"migration_status": "none"}
    assert house.act(volume_id, "os-reset_status", reset, roles="admin").status == 202
    house.start()
    house.work()
    assert place(house, volume_id) == ("here", None, "available")
    assert is_whole(house.driver, volume_id)
    assert list(there.driver.disks()) == []


@pytest.mark.parametrize("way", [("here", THERE), (THERE, "here")])
def test_whose_other_host_is_gone_for_good_moves_elsewhere(
    house: House, there: Other, way: tuple[str, str]
) -> None:
    third = house.add_host("third")
    volume_id = written(house)
    if way[0] == THERE:
        migrate(house, volume_id)
        house.work()
    last = "after copy" if way[1] == THERE else "after commit"

    def die(work: Work, at: str, undoing: bool) -> None:
        if at == last:
            raise Crash

    migrate(house, volume_id, way[1])
    assert run_until(house, die, there.wiring if way[1] == THERE else None)
    house.start()
    there.is_away = True
    house.work()
    house.clock.advance(100.0)
    house.upkeep()
    assert migrate(house, volume_id, "third").status == 400
    reset = {"migration_status": "none"}
    assert house.act(volume_id, "os-reset_status", reset, roles="admin").status == 202
    assert migrate(house, volume_id, "third").status == 202
    house.work()
    assert place(house, volume_id) == ("third", "success", "available")
    assert is_whole(third.driver, volume_id)


def test_a_forced_deletion_ends_it(house: House, there: Other) -> None:
    volume_id = written(house)
    migrate(house, volume_id)

    def die(work: Work, at: str, undoing: bool) -> None:
        if at == "after place":
            raise Crash

    assert run_until(house, die, there.wiring)
    assert house.act(volume_id, "os-force_delete", {}, roles="admin").status == 202
    house.start()
    house.work()
    assert house.status(volume_id) == ""
    assert list(house.driver.disks()) == list(there.driver.disks()) == []


def test_a_renamed_host_keeps_what_is_its_own(house: House, there: Other) -> None:
    """Its rows say that all is elsewhere; the only bytes are here."""
    moved, held = written(house), written(house)
    for host in (THERE, "here"):
        migrate(house, moved, host)
        house.work()
    assert place(house, moved) == ("here", "success", "available")
    attachment = house.client.create_attachment(held, SERVER)
    house.client.update_attachment(attachment.id, Connector("here"))
    renamed = wire(house.parts, house.settings, house.driver, "renamed")
    caller = InProcessCaller(room_of(renamed, house.parts).application)
    for _ in range(2):
        Upkeep(renamed, HERE).step()
        assert VolumeClient(caller, house.tokens).leftovers().found == ()
        assert list(house.driver.exported()) == [(held, attachment.id)]
        house.clock.advance(100.0)
    assert is_whole(house.driver, moved)


def test_what_stayed_where_a_volume_left_is_a_leftover(
    house: House, there: Other
) -> None:
    volume_id = written(house)
    migrate(house, volume_id)
    house.work()
    house.driver.create(VOLUME + volume_id, 5)
    assert house.leftovers() == [f"file {VOLUME}{volume_id}"]


def test_who_had_a_volume_of_a_host_that_is_gone_lets_go(
    house: House, there: Other
) -> None:
    volume_id = written(house)
    migrate(house, volume_id)
    house.work()
    made = house.client.create_attachment(volume_id, SERVER)
    house.client.update_attachment(made.id, Connector("beta"))
    there.is_away = True
    path = f"/attachments/{made.id}"
    assert house.ask("DELETE", path, roles="service").status == 503
    house.clock.advance(100.0)
    house.upkeep()
    house.ok("DELETE", path, roles="service")
    assert house.status(volume_id) == "available"
    there.is_away = False
    house.upkeep()
    assert list(there.driver.exported()) == []
