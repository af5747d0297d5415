"""Volume hosts that are down: what operators are told of them, what waits for them, and
what is asked of all."""

from __future__ import annotations

import pytest

from compute.volume.client import Stray
from compute.volume.drivers.port import VOLUME
from compute.volume.parts import queue_of
from compute.volume.stores.older_jobs import OLDER_QUEUE
from compute.volume.tables import JOBS
from test.unit.compute.volume.house import GIB, House, Other
from test.unit.compute.volume.moving import THERE, migrate, place, written


@pytest.fixture
def there(house: House) -> Other:
    return house.add_host(THERE)


def away(house: House, there: Other) -> str:
    """A volume on a host that is down; it was ordered to be deleted."""
    volume_id = written(house)
    migrate(house, volume_id)
    house.work()
    there.is_away = True
    house.clock.advance(1000.0)
    house.upkeep()
    house.ok("DELETE", f"/volumes/{volume_id}")
    return volume_id


def test_the_doctor_asks_all_hosts(house: House, there: Other) -> None:
    there.driver.create("volume-lost", GIB)
    told = house.client.leftovers()
    assert told.found == (Stray("file", "volume-lost", THERE),)
    assert told.unasked == ()
    house.client.remove_leftover(told.found[0])
    assert list(there.driver.disks()) == []
    assert house.client.leftovers().found == ()
    there.is_away = True
    assert house.client.leftovers().unasked == ()  # it has nothing of anybody's
    there.is_away = False
    away(house, there)
    assert house.client.leftovers().unasked == (THERE,)
    path = "/internal/place/leftovers"
    assert house.ask("GET", path).status == 403
    assert house.ask("POST", f"{path}/remove", {}).status == 403


def test_a_deletion_waits_for_its_host(house: House, there: Other) -> None:
    volume_id = away(house, there)
    house.work()
    assert place(house, volume_id) == (THERE, "success", "deleting")
    services = house.ok("GET", "/os-services", roles="admin")["services"]
    states = {each["host"].partition("@")[0]: each["state"] for each in services}
    assert states[THERE] == "down"
    assert house.act(volume_id, "os-force_delete", {}, roles="admin").status == 202
    assert house.status(volume_id) == "deleting"
    there.is_away = False
    house.work()
    assert house.status(volume_id) == ""
    assert list(there.driver.disks()) == []


def test_an_administrator_takes_it_back(house: House, there: Other) -> None:
    volume_id = away(house, there)
    reset = {"status": "error"}
    assert house.act(volume_id, "os-reset_status", reset).status == 403
    got = house.act(volume_id, "os-reset_status", reset, roles="admin")
    assert got.status == 202
    assert house.status(volume_id) == "error"
    there.is_away = False
    house.upkeep()
    house.work()
    assert list(there.driver.disks()) == [VOLUME + volume_id]
    # Of a host that is up there is nothing to take back.
    house.ok("DELETE", f"/volumes/{volume_id}")
    got = house.act(volume_id, "os-reset_status", reset, roles="admin")
    assert got.status == 400
    house.work()
    assert house.status(volume_id) == ""


def test_jobs_of_a_release_before_are_done(house: House, there: Other) -> None:
    gone, moved = house.create(), written(house)
    migrate(house, moved)
    house.work()
    for volume_id in (gone, moved):
        house.ok("DELETE", f"/volumes/{volume_id}")
    older = JOBS.update().where(JOBS.c.state == "pending").values(queue=OLDER_QUEUE)
    house.database.run(lambda connection: connection.execute(older))
    house.work()
    assert house.status(gone) == house.status(moved) == "deleting"
    house.upkeep()
    rows = house.database.read(
        lambda it: it.execute(JOBS.select().where(JOBS.c.state == "pending")).all()
    )
    assert {row.subject_id: row.queue for row in rows} == {
        gone: queue_of("here"),
        moved: queue_of(THERE),
    }
    house.work()
    assert house.status(gone) == house.status(moved) == ""
