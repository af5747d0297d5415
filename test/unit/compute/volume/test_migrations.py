"""Volumes that move to another volume host: when they may, and what others see."""

from __future__ import annotations

from typing import Any

import pytest

from compute.volume.client import Connector
from compute.volume.drivers.memory import MemoryDriver
from compute.volume.drivers.port import VOLUME, Capacity
from compute.volume.model import MIGRATION_MOVES
from test.unit.compute.volume.house import GIB, OWNER, House, Other
from test.unit.compute.volume.moving import (
    POOL,
    THERE,
    is_whole,
    migrate,
    place,
    written,
)

SERVER = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def there(house: House) -> Other:
    return house.add_host(THERE)


def test_it_is_where_it_was_sent_with_every_byte(house: House, there: Other) -> None:
    volume_id = written(house)
    assert migrate(house, volume_id).status == 202
    assert place(house, volume_id) == ("here", "starting", "available")
    house.work()
    assert place(house, volume_id) == (THERE, "success", "available")
    assert is_whole(there.driver, volume_id)
    assert list(house.driver.disks()) == []
    # Whoever is asked, its own host does the work from now on.
    snapshot = house.snapshot(volume_id)
    assert set(there.driver.disks()) == {VOLUME + volume_id, f"snapshot-{snapshot}"}
    house.ok("DELETE", f"/snapshots/{snapshot}")
    house.work()
    assert migrate(house, volume_id, "here").status == 202
    house.work()
    assert place(house, volume_id) == ("here", "success", "available")
    assert is_whole(house.driver, volume_id)
    assert list(there.driver.disks()) == []
    house.ok("DELETE", f"/volumes/{volume_id}")
    house.work()
    assert list(house.driver.disks()) == [] == house.leftovers()


def test_a_guests_host_reaches_it_there(house: House, there: Other) -> None:
    volume_id = written(house)
    migrate(house, volume_id)
    house.work()
    made = house.client.create_attachment(volume_id, SERVER)
    found = house.client.update_attachment(made.id, Connector("beta"))
    assert found.connection is not None
    assert list(there.driver.exported()) == [(volume_id, made.id)]
    assert list(house.driver.exported()) == []
    house.upkeep()
    assert list(there.driver.exported()) == [(volume_id, made.id)]
    house.client.complete_attachment(made.id)
    assert migrate(house, volume_id, "here").status == 400
    there.is_away = True
    got = house.ask("DELETE", f"/attachments/{made.id}", roles="service")
    assert got.status == 503
    there.is_away = False
    assert house.client.delete_attachment(made.id)
    assert list(there.driver.exported()) == []
    assert house.status(volume_id) == "available"


def test_nothing_changes_its_bytes_on_the_way(house: House, there: Other) -> None:
    volume_id = written(house)
    migrate(house, volume_id)
    refused = [
        ("DELETE", f"/volumes/{volume_id}", None),
        ("POST", "/snapshots", {"snapshot": {"volume_id": volume_id}}),
        ("POST", "/volumes", {"volume": {"size": 1, "source_volid": volume_id}}),
        ("POST", "/backups", {"backup": {"volume_id": volume_id}}),
        ("POST", "/volume-transfers", {"transfer": {"volume_id": volume_id}}),
        (
            "POST",
            "/attachments",
            {"attachment": {"volume_uuid": volume_id, "instance_uuid": None}},
        ),
    ]
    for method, path, body in refused:
        got = house.ask(method, path, body)
        assert got.status == 400, (path, got)
        assert "migrating" in got.message
    for action in ("os-extend", "os-reserve", "os-retype"):
        value = {"os-extend": {"new_size": 2}, "os-retype": {"new_type": "x"}}
        assert house.act(volume_id, action, value.get(action, {})).status in (400, 404)
    assert migrate(house, volume_id).status == 400
    body = {"volume": {"name": "other"}}
    house.ok("PUT", f"/volumes/{volume_id}", body)
    house.work()
    assert place(house, volume_id)[:2] == (THERE, "success")
    assert house.volume(volume_id)["name"] == "other"


def test_a_locked_one_is_in_maintenance(house: House, there: Other) -> None:
    volume_id = written(house)
    migrate(house, volume_id, lock_volume=True)
    assert place(house, volume_id) == ("here", "starting", "maintenance")
    house.work()
    assert place(house, volume_id) == (THERE, "success", "available")


def test_who_may_and_what_tenants_see(house: House, there: Other) -> None:
    volume_id = written(house)
    body = {"host": POOL}
    got = house.act(volume_id, "os-migrate_volume", body)
    assert got.status == 403
    migrate(house, volume_id)
    shown = house.ok("GET", f"/volumes/{volume_id}")["volume"]
    assert shown["migration_status"] is None
    assert "os-vol-host-attr:host" not in shown
    assert house.ask("GET", "/internal/place/unmanaged").status == 403
    for what in ("", "/piece?offset=0", "/digest?offset=0"):
        path = f"/internal/place/disks/{volume_id}{what}"
        assert house.ask("GET", path).status == 403
        assert house.ask("GET", path, roles="service").status == 200


def test_only_disks_that_leave_are_shown(house: House, there: Other) -> None:
    volume_id = written(house)
    for key in (volume_id, "..", "nothing"):
        path = f"/internal/place/disks/{key}/piece?offset=0"
        assert house.ask("GET", path, roles="service").status == 404
    migrate(house, volume_id)
    for offset in ("-1", "x", "5", "", "9" * 30):
        path = f"/internal/place/disks/{volume_id}/piece?offset={offset}"
        assert house.ask("GET", path, roles="service").status == 400


def test_what_cannot_move(house: House, there: Other) -> None:
    volume_id = written(house)
    for host in ("nobody", "there@other#other", "here", "here@files#files"):
        assert migrate(house, volume_id, host).status == 400
    assert migrate(house, volume_id, "").status == 400
    assert migrate(house, volume_id, cluster="c").status == 400
    snapshot = house.snapshot(volume_id)
    assert migrate(house, volume_id).status == 400
    house.ok("DELETE", f"/snapshots/{snapshot}")
    house.work()
    body = {"host": "there", "binary": "cinder-volume"}
    house.ok("PUT", "/os-services/disable", body, roles="admin")
    assert migrate(house, volume_id).status == 400
    house.ok("PUT", "/os-services/enable", body, roles="admin")
    house.clock.advance(100.0)
    assert "down" in migrate(house, volume_id).message
    house.upkeep()
    house.order(source_volid=volume_id)
    assert migrate(house, volume_id).status == 400
    house.work()
    assert migrate(house, volume_id).status == 202
    completion = {"new_volume": volume_id}
    name = "os-migrate_volume_completion"
    assert house.act(volume_id, name, completion, roles="admin").status == 400
    assert house.act(volume_id, name, completion).status == 403


def test_a_type_of_another_back_end_takes_it_there(house: House) -> None:
    there = house.add_host(THERE, backend="fast")
    specs = {"volume_backend_name": "fast"}
    for name, more in (("fast", specs), ("slow", {"volume_backend_name": "files"})):
        body: Any = {"volume_type": {"name": name, "extra_specs": more}}
        house.ok("POST", "/types", body, roles="admin")
    volume_id = written(house)
    never = {"new_type": "fast", "migration_policy": "never"}
    assert house.act(volume_id, "os-retype", never).status == 400
    wanted = {"new_type": "fast", "migration_policy": "on-demand"}
    assert house.act(volume_id, "os-retype", wanted).status == 202
    assert place(house, volume_id) == ("here", "starting", "retyping")
    house.work()
    assert place(house, volume_id) == (THERE, "success", "available")
    shown = house.volume(volume_id)
    assert shown["volume_type"] == "fast"
    assert shown["os-vol-host-attr:host"] == "there@fast#fast"
    assert is_whole(there.driver, volume_id)
    # New ones go where their type is.
    assert place(house, house.create(volume_type="fast"))[0] == THERE
    assert place(house, house.create(volume_type="slow"))[0] == "here"
    found = house.ok("GET", "/scheduler-stats/get_pools?detail=true", roles="admin")
    assert {each["name"] for each in found["pools"]} == {
        "here@files#files",
        "there@fast#fast",
    }


def test_types_on_their_way_count(house: House) -> None:
    house.add_host(THERE, backend="fast")
    body: Any = {"name": "fast", "extra_specs": {"volume_backend_name": "fast"}}
    house.ok("POST", "/types", {"volume_type": body}, roles="admin")
    limits = {"quota_set": {"volumes_fast": 1}}
    house.ok("PUT", f"/os-quota-sets/{OWNER}", limits, roles="admin")
    wanted = {"new_type": "fast", "migration_policy": "on-demand"}
    first, second = house.create(), house.create()
    assert house.act(first, "os-retype", wanted).status == 202
    assert house.act(second, "os-retype", wanted).status == 413
    new = {"volume": {"size": 1, "volume_type": "fast"}}
    assert house.ask("POST", "/volumes", new).status == 413
    house.work()
    assert house.volume(first)["volume_type"] == "fast"


def test_tenants_hear_no_hosts_names(house: House) -> None:
    driver = MemoryDriver(THERE)
    driver.capacity = lambda: Capacity(GIB // 2, GIB // 2)  # type: ignore[method-assign]
    house.add_host(THERE, driver, backend="fast")
    body: Any = {"name": "fast", "extra_specs": {"volume_backend_name": "fast"}}
    house.ok("POST", "/types", {"volume_type": body}, roles="admin")
    wanted = {"new_type": "fast", "migration_policy": "on-demand"}
    got = house.act(house.create(), "os-retype", wanted)
    assert got.status == 400
    assert THERE not in got.message


def test_a_snapshot_is_managed_where_its_volume_is(house: House, there: Other) -> None:
    volume_id = written(house)
    migrate(house, volume_id)
    house.work()
    there.driver.unmanaged.bring("brought", b"x", GIB)
    ref = {"source-name": "brought"}
    body = {"snapshot": {"volume_id": volume_id, "ref": ref}}
    house.ok("POST", "/manageable_snapshots", body, roles="admin")
    house.work()
    (disk,) = [each for each in there.driver.disks() if each.startswith("snapshot-")]
    assert there.driver.read(disk, 0, 1) == b"x"


def test_every_status_is_in_the_table() -> None:
    told = set().union(*MIGRATION_MOVES.values())
    assert told <= set(MIGRATION_MOVES)
