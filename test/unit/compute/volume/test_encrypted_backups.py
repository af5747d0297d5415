"""Encrypted backups: whose key the bytes come back with, and what that would cost."""

from __future__ import annotations

from compute.volume.drivers.memory import HEADER_BYTES
from test.unit.compute.volume.house import House
from test.unit.compute.volume.test_encryption import admin, keys_of, make_type


def restore(house: House, backup: str, volume_id: str) -> int:
    body = {"restore": {"volume_id": volume_id}}
    status = house.ask("POST", f"/backups/{backup}/restore", body).status
    house.work()
    return status


def test_no_snapshot_loses_the_key_that_opens_it(house: House) -> None:
    make_type(house)
    volume_id, other = (house.create(volume_type="sealed") for _ in range(2))
    mine, foreign = house.backup(volume_id), house.backup(other)
    first = house.snapshot(volume_id)
    before = keys_of(house)[f"volume {volume_id}"]
    assert restore(house, foreign, volume_id) == 400
    assert house.status(volume_id) == "available"
    assert restore(house, mine, volume_id) == 202
    assert house.status(volume_id) == "available"
    assert keys_of(house)[f"volume {volume_id}"] == before
    house.ok("DELETE", f"/snapshots/{first}")
    house.work()
    assert restore(house, foreign, volume_id) == 202
    key = keys_of(house)[f"volume {volume_id}"]
    assert key == keys_of(house)[f"volume {other}"] != before
    house.write(volume_id, HEADER_BYTES, b"of the other")
    house.snapshot(volume_id)
    assert restore(house, mine, volume_id) == 202
    assert house.status(volume_id) == "error_restoring"
    assert keys_of(house)[f"volume {volume_id}"] == key
    assert house.read(volume_id, HEADER_BYTES, 12) == b"of the other"


def test_a_type_stays_encrypted_while_backups_of_it_are(house: House) -> None:
    kind = make_type(house)
    volume_id = house.create(volume_type="sealed")
    backup = house.backup(volume_id)
    house.ok("DELETE", f"/volumes/{volume_id}")
    house.work()
    path = f"/types/{kind}/encryption"
    said = admin(house, "GET", path)["encryption_id"]
    for each in (f"{path}/{said}", f"/types/{kind}"):
        got = house.ask("DELETE", each, roles="admin")
        assert got.status == 400 and "in use" in got.message
    house.ok("DELETE", f"/backups/{backup}")
    house.work()
    admin(house, "DELETE", f"{path}/{said}")
    admin(house, "DELETE", f"/types/{kind}")
