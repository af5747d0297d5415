"""A volume moves to another volume host while a guest has it: both rooms, and the
guest's host, whoever dies meanwhile."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from compute.volume.drivers.port import VOLUME
from compute.volume.jobs.moving_attached import SAGAS
from compute.volume.jobs.work import Work
from test.fakes.tokens import fake_token
from test.unit.compute.instance.attaching import path_of, volumes_in_guest
from test.unit.compute.instance.house import OWNER, Got, House
from test.unit.compute.instance.real_volumes import HERE
from test.unit.compute.instance.second_volume_host import NAME, POOL, SecondVolumeHost
from test.unit.compute.instance.states import with_a_volume
from test.unit.compute.volume.test_crashes import Crash, run_until

STEPS = [each.name for each in SAGAS[0].steps]


@pytest.fixture
def second(house: House) -> SecondVolumeHost:
    return house.volume_service.second_host()


def ask(
    house: House, method: str, path: str, body: Any = None, roles: str = "admin"
) -> Got:
    headers = {
        "X-Auth-Token": fake_token(OWNER, roles),
        "OpenStack-API-Version": "volume 3.71",
        "Content-Type": "application/json",
    }
    content = orjson.dumps(body) if body else b""
    answer = house.volume_service.request(method, f"/v3/{path}", headers, content)
    return Got(answer.status, answer.headers, answer.read())


def migrate(house: House, volume_id: str, **who: str) -> Got:
    body = {"os-migrate_volume": {"host": POOL, "lock_volume": True}}
    return ask(house, "POST", f"volumes/{volume_id}/action", body, **who)


def begun(house: House) -> tuple[str, str]:
    """A server, and its volume, which is about to move."""
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes
    house.volume_service.driver.write(VOLUME + volume_id, 0, b"bytes")
    assert migrate(house, volume_id).status == 202
    return server_id, volume_id


def check(house: House, server_id: str, volume_id: str, host: str, ended: str) -> None:
    """It is whole on that host, by one attachment, and nothing of it elsewhere."""
    service = house.volume_service
    assert service.second is not None
    volume = service.volumes[volume_id]
    assert (volume.host, volume.status) == (host, "in-use")
    assert volume.migration_status == ended, volume
    (attachment,) = service.attachments.values()
    assert (attachment.status, attachment.volume_host) == ("attached", "")
    assert volumes_in_guest(house, server_id) == {"vdb": volume_id}
    (device,) = house.instances.server(server_id).block_devices
    assert (device["attachment_id"], device["state"]) == (attachment.id, "attached")
    drivers = {HERE: service.driver, NAME: service.second.driver}
    for name, driver in drivers.items():
        is_there = name == host
        assert list(driver.disks()) == [VOLUME + volume_id] * is_there
        assert list(driver.exported()) == [(volume_id, attachment.id)] * is_there


def test_the_guest_goes_along(house: House, second: SecondVolumeHost) -> None:
    server_id, volume_id = begun(house)
    second.step()
    for roles in ("member", "admin"):
        for key in house.volume_service.attachments:
            assert ask(house, "DELETE", f"attachments/{key}", roles=roles).status == 409
    assert house.ask("DELETE", path_of(server_id, volume_id)).status == 409
    snapshot = {"snapshot": {"volume_id": volume_id, "force": True}}
    assert ask(house, "POST", "snapshots", snapshot).status == 400
    together = {"snapshots": [{"volume_id": volume_id}]}
    assert ask(house, "POST", "snapshots/together", together).status == 400
    house.work()
    check(house, server_id, volume_id, NAME, "success")
    second.tell()
    check(house, server_id, volume_id, NAME, "success")
    assert house.ask("DELETE", path_of(server_id, volume_id)).status == 202
    house.work()
    assert house.volume_service.status(volume_id) == "available"
    assert house.leftovers() == []


def test_who_cannot_go_along_is_refused(house: House, second: SecondVolumeHost) -> None:
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes
    assert migrate(house, volume_id, roles="member").status == 403
    house.volume_service.change(volume_id, multiattach=True)
    assert b"multiattach" in migrate(house, volume_id).body
    house.volume_service.change(volume_id, multiattach=False)

    def contain(lacks: list[str]) -> None:
        hosts = house.wiring.stores.hosts
        name = house.instances.server(server_id).host

        def write(connection: Any) -> None:
            host = hosts.get(connection, name)
            assert host is not None
            inventory = {**host.inventory, "lacks": lacks}
            hosts.set(connection, name, house.clock.time(), inventory=inventory)

        house.database.run(write)

    contain(["swap-volumes"])
    got = migrate(house, volume_id)
    assert got.status == 400, got.body
    assert b"hypervisor" in got.body
    name = "os-retype"
    wanted = {"new_type": "fast", "migration_policy": "on-demand"}
    kind = {"name": "fast", "extra_specs": {"volume_backend_name": "other"}}
    assert ask(house, "POST", "types", {"volume_type": kind}).status == 200
    got = ask(house, "POST", f"volumes/{volume_id}/action", {name: wanted})
    assert (got.status, b"hypervisor" in got.body) == (400, True), got.body
    contain([])
    house.act(server_id, "os-stop")
    house.work()
    assert migrate(house, volume_id).status == 400
    house.act(server_id, "os-start")
    house.work()
    assert migrate(house, volume_id).status == 202
    assert migrate(house, volume_id).status == 400
    second.step()
    house.work()
    check(house, server_id, volume_id, NAME, "success")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_its_new_host_dies_at_any_step(
    house: House, second: SecondVolumeHost, step: str, moment: str
) -> None:
    server_id, volume_id = begun(house)
    if step in STEPS[STEPS.index("wait") :]:
        second.step()
        second.rests = True  # its later looks are what dies
        house.work()
        second.rests = False
        house.clock.advance(2.0)

    def die(work: Work, at: str, undoing: bool) -> None:
        if at == f"{moment} {step}":
            raise Crash

    assert run_until(second, die, second.wiring)  # type: ignore[arg-type]
    second.step()
    house.work()
    house.volume_service.finish()
    check(house, server_id, volume_id, NAME, "success")


def test_a_mirror_that_breaks_leaves_it_where_it_was(
    house: House, second: SecondVolumeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_id, volume_id = begun(house)
    second.step()
    for kit in house.kits.values():
        monkeypatch.setattr(kit.hypervisor, "turn_disk", lambda *disk: False)
    house.work()
    check(house, server_id, volume_id, HERE, "error")
    monkeypatch.undo()
    assert migrate(house, volume_id).status == 202
    second.step()
    house.work()
    check(house, server_id, volume_id, NAME, "success")


def test_an_administrator_ends_it(house: House, second: SecondVolumeHost) -> None:
    server_id, volume_id = begun(house)
    second.step()
    body = {"os-reset_status": {"migration_status": "none"}}
    assert ask(house, "POST", f"volumes/{volume_id}/action", body).status == 202
    second.finish(house.clock)
    house.work()
    check(house, server_id, volume_id, HERE, "")


def test_its_server_is_deleted_meanwhile(
    house: House, second: SecondVolumeHost
) -> None:
    server_id, volume_id = begun(house)
    second.step()
    house.act(server_id, "forceDelete")
    house.work()
    assert house.volume_service.status(volume_id) == "available"
    assert house.leftovers() == []
