"""Servers with volumes move while they run: whatever dies on the way, each volume is
attached once in the end, to the host that has the guest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from compute.agent.sagas.catalog import SAGAS
from compute.app.doctor.volumes import stray_attachments
from compute.volume.model import ATTACHED, IN_USE
from test.fakes.tokens import fake_token
from test.unit.compute.instance.house import OWNER, House
from test.unit.compute.instance.states import UNLIMITED, with_a_volume
from test.unit.compute.instance.test_crashes import (
    MOMENTS,
    DyingClient,
    burn,
    crash,
    next_kind,
)

LIVE = {"host": None, "block_migration": "auto"}
BDM = "block_device_mapping_v2"
CHAIN = ("live_prepare", "live_migrate", "live_finish", "remove_moved", "live_undo")
JOBS_MAX = 6


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, hosts=2, client=DyingClient, **UNLIMITED)
    house.furnish()
    yield house
    house.close()


def rooted(house: House) -> str:
    """A server that boots from a volume, and has another."""
    root = {
        "source_type": "image",
        "uuid": house.image_id,
        "destination_type": "volume",
        "boot_index": 0,
        "volume_size": 1,
        "delete_on_termination": True,
    }
    order = house.order("rooted", **{BDM: [root]})
    del order["imageRef"]
    server_id = str(house.ok("POST", "/servers", {"server": order})["server"]["id"])
    house.work()
    volume = {"volumeAttachment": {"volumeId": house.volume_service.add()}}
    house.ok("POST", f"/servers/{server_id}/os-volume_attachments", volume)
    house.work()
    return server_id


def host_of(house: House, server_id: str) -> str:
    return str(house.instances.server(server_id).host)


def test_volumes_alone_are_not_copied(mortal: House) -> None:
    server_id = rooted(mortal)
    before = host_of(mortal, server_id)
    asked = {"host": None, "block_migration": False, "disk_over_commit": False}
    got = mortal.act(server_id, "os-migrateLive", asked, version="2.1", roles="admin")
    assert got.status == 202, got.body
    mortal.work()
    assert host_of(mortal, server_id) != before
    assert mortal.show(server_id)["status"] == "ACTIVE"


def migrate(house: House, server_id: str) -> None:
    got = house.act(server_id, "os-migrateLive", LIVE, roles="admin")
    assert got.status == 202, got.body


def check_attached_once(house: House, server_id: str, where: Any = "") -> None:
    """Attachments, exports, devices and the guest's disks say the same."""
    server = house.instances.server(server_id)
    attachments = house.volume_service.attachments.values()
    assert {each.host for each in attachments} == {server.host}, where
    assert {each.status for each in attachments} == {ATTACHED}, where
    wanted = {each["attachment_id"] for each in server.block_devices}
    assert {each.id for each in attachments} == wanted, where
    assert len(attachments) == len(server.block_devices), where
    exported = sorted(house.volume_service.driver.exported())
    assert exported == sorted((each.volume_id, each.id) for each in attachments), where
    volumes = {each["volume_id"] for each in server.block_devices}
    for volume_id in volumes:
        assert house.volume_service.status(volume_id) == IN_USE, where
    for name, kit in house.kits.items():
        found = set(kit.hypervisor.disk_serials(server_id).values()) - {""}
        assert found == (volumes if name == server.host else set()), where


@pytest.mark.parametrize("make", [with_a_volume, rooted])
def test_volumes_are_there_where_the_guest_arrives(mortal: House, make: Any) -> None:
    server_id = make(mortal)
    for _ in range(2):  # there and back
        before = host_of(mortal, server_id)
        migrate(mortal, server_id)
        mortal.work()
        assert host_of(mortal, server_id) != before
        assert mortal.show(server_id)["status"] == "ACTIVE"
        check_attached_once(mortal, server_id)


@pytest.mark.parametrize("make", [with_a_volume, rooted])
def test_a_server_without_its_host_takes_its_volumes_along(
    mortal: House, make: Any
) -> None:
    server_id = make(mortal)
    before = host_of(mortal, server_id)
    left = {name: kit for name, kit in mortal.kits.items() if name != before}
    mortal.clock.advance(mortal.settings.down_after + 1)
    mortal.agent = mortal.new_agent("the other", left)
    mortal.agent.report()
    got = mortal.act(server_id, "evacuate", {}, roles="admin", version="2.94")
    assert got.status == 200, got.body
    mortal.work()
    assert mortal.show(server_id)["status"] == "ACTIVE"
    assert host_of(mortal, server_id) != before
    # Who was left behind has no way to the bytes any more.
    exported = mortal.volume_service.driver.exported()
    attachments = mortal.volume_service.attachments.values()
    assert sorted(exported) == sorted((each.volume_id, each.id) for each in attachments)
    assert {each.host for each in attachments} == {host_of(mortal, server_id)}
    mortal.agent = mortal.new_agent()
    mortal.agent.report()
    mortal.work()
    check_attached_once(mortal, server_id)


def test_while_it_moves_both_hosts_are_served(mortal: House) -> None:
    server_id = with_a_volume(mortal)
    migrate(mortal, server_id)
    mortal.agent.run_pending(limit=1)
    found = mortal.volume_service.attachments.values()
    assert {each.host for each in found} == set(mortal.kits)
    assert len(list(mortal.volume_service.driver.exported())) == 2
    (volume_id,) = mortal.volume_service.volumes
    assert mortal.volume_service.status(volume_id) == IN_USE
    # Nobody takes the second one for something that was left over.
    assert list(stray_attachments(mortal.volumes, mortal.instances)) == []
    mortal.work()
    check_attached_once(mortal, server_id)


def test_nobody_takes_what_waits_where_the_guest_arrives(mortal: House) -> None:
    server_id = with_a_volume(mortal)
    migrate(mortal, server_id)
    mortal.agent.run_pending(limit=1)
    assert len(mortal.volume_service.attachments) == 2
    (volume_id,) = mortal.volume_service.volumes
    change = {"attachment": {"connector": {"host": "elsewhere"}}}
    one_more = {"volume_uuid": volume_id, "instance_uuid": server_id}
    create = {"attachment": {**change["attachment"], **one_more}}
    asked = [("POST", "/v3/attachments", create)]
    for attachment_id in mortal.volume_service.attachments:
        path = f"/v3/attachments/{attachment_id}"
        asked += [("DELETE", path, {}), ("PUT", path, change)]
    for roles in ("member", "admin"):
        for method, path, sent in asked:
            headers = {
                "X-Auth-Token": fake_token(OWNER, roles),
                "OpenStack-API-Version": "volume 3.44",
                "Content-Type": "application/json",
            }
            answer = mortal.volume_service.request(
                method, path, headers, orjson.dumps(sent) if sent else b""
            )
            answer.read()
            assert answer.status == 409, (method, roles)
    # What could not be made leaves nothing that waits.
    assert len(mortal.volume_service.attachments) == 2
    mortal.work()
    check_attached_once(mortal, server_id)


def test_a_volume_that_is_being_worked_on_moves_too(mortal: House) -> None:
    server_id = with_a_volume(mortal)
    before = host_of(mortal, server_id)
    (volume_id,) = mortal.volume_service.volumes
    mortal.volume_service.is_slow = True
    mortal.volumes.extend(volume_id, 2)
    assert mortal.volume_service.status(volume_id) == "extending"
    migrate(mortal, server_id)
    mortal.work()
    assert mortal.show(server_id)["status"] == "ACTIVE"
    assert host_of(mortal, server_id) != before
    assert mortal.volume_service.status(volume_id) == "extending"
    mortal.volume_service.finish()
    mortal.work()
    check_attached_once(mortal, server_id)


def test_a_move_that_is_aborted_leaves_all_as_it_was(mortal: House) -> None:
    server_id = with_a_volume(mortal)
    before = host_of(mortal, server_id)
    for kit in mortal.kits.values():
        kit.hypervisor.move_seconds = 1e6  # type: ignore[attr-defined]
    migrate(mortal, server_id)
    mortal.agent.run_pending()
    path = f"/servers/{server_id}/migrations"
    (found,) = mortal.ok("GET", path, roles="admin")["migrations"]
    mortal.ok("DELETE", f"{path}/{found['id']}", roles="admin")
    mortal.clock.advance(5)
    mortal.work()
    assert host_of(mortal, server_id) == before
    check_attached_once(mortal, server_id)


def bring_to(house: House, server_id: str, kind: str) -> None:
    """Let the jobs of the chain that come before be done."""
    migrate(house, server_id)
    burn(house, kind)
    for _ in range(JOBS_MAX):
        if next_kind(house, server_id) == kind:
            break
        house.agent.run_pending(limit=1)
    burn(house, "")
    assert next_kind(house, server_id) == kind


@pytest.mark.parametrize("kind", CHAIN)
def test_a_volume_is_attached_once_after_a_crash_at_any_step(
    mortal: House, kind: str
) -> None:
    server_id = with_a_volume(mortal)
    for number in range(1, len(SAGAS[kind].steps) + 1):
        for moment in MOMENTS:
            bring_to(mortal, server_id, kind)
            crash(mortal, kind, number, moment)
            mortal.work()
            where = (kind, number, moment)
            assert mortal.show(server_id)["status"] == "ACTIVE", where
            check_attached_once(mortal, server_id, where)


@pytest.mark.parametrize("kind", CHAIN)
def test_a_volume_is_free_when_its_server_is_deleted_after_a_crash(
    mortal: House, kind: str
) -> None:
    for number in range(1, len(SAGAS[kind].steps) + 1):
        server_id = with_a_volume(mortal)
        bring_to(mortal, server_id, kind)
        crash(mortal, kind, number, "after")
        mortal.act(server_id, "forceDelete", roles="admin")
        mortal.work()
        assert mortal.leftovers() == [], (kind, number)
        for volume_id in mortal.volume_service.volumes:
            assert mortal.volume_service.is_free(volume_id), (kind, number)


def test_a_host_that_dies_with_its_move_is_left_by_an_evacuation(
    mortal: House,
) -> None:
    """To the very host that it was on its way to."""
    server_id = with_a_volume(mortal)
    source = host_of(mortal, server_id)
    bring_to(mortal, server_id, "live_migrate")
    mortal.clock.advance(mortal.settings.down_after + 1)
    mortal.agent = mortal.new_agent(
        "the other", {n: k for n, k in mortal.kits.items() if n != source}
    )
    mortal.agent.report()
    mortal.act(server_id, "os-resetState", {"state": "active"}, roles="admin")
    got = mortal.act(server_id, "evacuate", {}, roles="admin", version="2.94")
    assert got.status == 200, got.body
    mortal.work()
    mortal.agent = mortal.new_agent()
    mortal.agent.report()
    mortal.work()
    assert host_of(mortal, server_id) != source
    check_attached_once(mortal, server_id)
