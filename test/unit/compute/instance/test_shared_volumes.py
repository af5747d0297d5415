"""Servers that share a volume."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from compute.volume.client import READ_ONLY
from test.unit.compute.instance.attaching import (
    OTHER_SERVER,
    attach,
    boot_from,
    path_of,
    refusal,
    volumes_in_guest,
)
from test.unit.compute.instance.house import House
from test.unit.compute.instance.moving import silence
from test.unit.compute.instance.states import UNLIMITED


def test_two_servers_have_it(house: House) -> None:
    volume_id = house.volume_service.add(shared=True)
    servers = [house.boot(), house.boot()]
    for server_id in servers:
        assert attach(house, server_id, volume_id).status == 200
        house.work()
        assert volumes_in_guest(house, server_id) == {"vdb": volume_id}
        assert house.volume_service.status(volume_id) == "in-use"
    # Each goes its way: its hosts know which way is whose.
    house.act(servers[0], "reboot", {"type": "HARD"})
    house.work()
    assert house.ask("DELETE", path_of(servers[0], volume_id)).status == 202
    house.work()
    assert volumes_in_guest(house, servers[0]) == {}
    assert volumes_in_guest(house, servers[1]) == {"vdb": volume_id}
    assert house.volume_service.status(volume_id) == "in-use"
    assert house.ask("DELETE", f"/servers/{servers[1]}").status == 204
    house.work()
    assert house.volume_service.is_free(volume_id)


def test_older_versions_know_no_sharing(house: House) -> None:
    server_id, volume_id = house.boot(), house.volume_service.add(shared=True)
    body = {"volumeAttachment": {"volumeId": volume_id}}
    got = house.ask("POST", path_of(server_id), body, version="2.59")
    assert got.status == 400 and "2.60" in got.json["badRequest"]["message"]
    assert house.volume_service.is_free(volume_id)
    got = house.ask("POST", path_of(server_id), body, version="2.60")
    assert got.status == 200
    house.work()
    device = {
        "uuid": volume_id,
        "source_type": "volume",
        "destination_type": "volume",
        "boot_index": -1,
    }
    order = house.order("older", block_device_mapping_v2=[device])
    got = house.ask("POST", "/servers", {"server": order}, version="2.59")
    assert got.status == 400 and "2.60" in got.json["badRequest"]["message"]


def test_servers_boot_from_one_volume(house: House) -> None:
    volume_id = house.volume_service.add(bootable=True, shared=True)
    device = {
        "uuid": volume_id,
        "source_type": "volume",
        "destination_type": "volume",
        "boot_index": 0,
        "delete_on_termination": True,
    }
    servers = [boot_from(house, device) for _ in range(2)]
    for server_id in servers:
        assert house.show(server_id)["status"] == "ACTIVE"
        assert volumes_in_guest(house, server_id) == {"vda": volume_id}
    # Nobody writes another image over what his neighbour runs from.
    rebuild = {"imageRef": house.image()}
    got = house.act(servers[0], "rebuild", rebuild, version="2.93")
    assert got.status == 409 and "alone" in str(got.body)
    house.ok("DELETE", f"/servers/{servers[0]}")
    house.work()
    assert house.volume_service.status(volume_id) == "in-use"
    house.ok("DELETE", f"/servers/{servers[1]}")
    house.work()
    assert volume_id not in house.volume_service.volumes


def test_a_server_without_a_host_shares_nothing(house: House) -> None:
    server_id, volume_id = house.boot(), house.volume_service.add(shared=True)
    house.act(server_id, "shelve")
    house.work()
    got = attach(house, server_id, volume_id)
    assert got.status == 400 and "shelved" in got.json["badRequest"]["message"]
    assert house.volume_service.is_free(volume_id)


def test_what_others_write_to_is_not_swapped(house: House) -> None:
    server_id, volume_id = house.boot(), house.volume_service.add(shared=True)
    volumes = house.volume_service.client
    attach(house, server_id, volume_id)
    house.work()
    other = volumes.create_attachment(volume_id, OTHER_SERVER)
    new_id = house.volume_service.add(shared=True)

    def swap() -> int:
        body = {"volumeAttachment": {"volumeId": new_id}}
        path = path_of(server_id, volume_id)
        return int(house.ask("PUT", path, body, roles="admin").status)

    assert swap() == 400
    volumes.delete_attachment(other.id)
    # To a volume that somebody has nothing is copied; who only reads is no harm.
    taken = volumes.create_attachment(new_id, OTHER_SERVER)
    assert swap() == 400
    volumes.delete_attachment(taken.id)
    volumes.create_attachment(volume_id, OTHER_SERVER, access=READ_ONLY)
    assert swap() == 202
    house.work()
    assert volumes_in_guest(house, server_id) == {"vdb": new_id}


def test_it_is_still_one_s_own(house: House) -> None:
    device = {
        "uuid": house.volume_service.add(),
        "source_type": "volume",
        "destination_type": "volume",
        "boot_index": -1,
    }
    server_id = house.boot()
    attach(house, server_id, device["uuid"])
    house.work()
    assert "available" in refusal(house, device, imageRef=house.image())


@pytest.mark.parametrize("kind", ["live", "cold", "evacuate"])
def test_a_server_takes_its_share_along(tmp_path: Path, kind: str) -> None:
    with contextlib.closing(House(tmp_path, hosts=2, **UNLIMITED)) as house:
        house.furnish()
        volume_id = house.volume_service.add(shared=True)
        mover, stayer = house.boot(), house.boot()
        for server_id in (mover, stayer):
            attach(house, server_id, volume_id)
            house.work()
        place = house.instances.server(stayer).host
        before = house.instances.server(mover).host
        if kind == "live":
            wish = {"host": None, "block_migration": "auto"}
            got = house.act(mover, "os-migrateLive", wish, roles="admin")
        elif kind == "cold":
            got = house.act(mover, "migrate", None, roles="admin")
        else:
            silence(house, str(before))
            got = house.act(mover, "evacuate", {}, roles="admin", version="2.94")
        assert got.status in (200, 202), got
        house.work()
        if kind == "cold":
            house.act(mover, "confirmResize")
            house.work()
        now = house.instances.server(mover).host
        assert now != before
        hosts = {
            each.instance_id: each.host
            for each in house.volume_service.attachments.values()
        }
        assert hosts == {mover: now, stayer: place}
        assert house.volume_service.status(volume_id) == "in-use"
        assert volumes_in_guest(house, mover) == {"vdb": volume_id}
