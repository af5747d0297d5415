"""Snapshots and backups: taken, put back, removed; damage is found."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from compute.volume.backups.manifest import (
    Head,
    Piece,
    read_head,
    read_sheet,
    sha256_of,
    write_head,
    write_sheet,
)
from objectstore.kernel.errors import Corrupt
from test.unit.compute.volume.house import OTHER, House, Make

MIB = 2**20


def test_snapshots(house: House) -> None:
    volume_id = house.create()
    house.write(volume_id, 0, b"one")
    snapshot = house.snapshot(volume_id, name="s", metadata={"a": "b"})
    found = house.show("snapshot", snapshot)
    assert (found["status"], found["size"], found["volume_id"]) == (
        "available",
        1,
        volume_id,
    )
    assert found["os-extended-snapshot-attributes:progress"] == "100%"
    path = f"/snapshots/{snapshot}"
    house.ok("PUT", path, {"snapshot": {"name": "t"}})
    house.ok("POST", f"{path}/metadata", {"metadata": {"c": "d"}})
    house.ok("DELETE", f"{path}/metadata/a")
    assert house.ok("GET", f"{path}/metadata")["metadata"] == {"c": "d"}
    assert house.ask("GET", path, project=OTHER).status == 404
    listed = house.ok("GET", f"/snapshots/detail?name=t&volume_id={volume_id}")
    assert [each["id"] for each in listed["snapshots"]] == [snapshot]
    assert house.ask("DELETE", path).status == 202
    house.work()
    assert house.show("snapshot", snapshot) is None
    missing = {"snapshot": {"volume_id": snapshot}}
    assert house.ask("POST", "/snapshots", missing).status == 404
    status = {"os-reset_status": {"status": "error"}}
    other = house.snapshot(volume_id)
    assert house.ask("POST", f"/snapshots/{other}/action", status).status == 403
    house.ok("POST", f"/snapshots/{other}/action", status, roles="admin")
    assert house.show("snapshot", other)["status"] == "error"
    force = {"os-force_delete": None}
    house.ok("POST", f"/snapshots/{other}/action", force, roles="admin")
    house.work()
    assert house.leftovers() == []


def test_revert(house: House) -> None:
    volume_id = house.create()
    house.write(volume_id, 7, b"one")
    first = house.snapshot(volume_id)
    house.clock.advance(1.0)
    house.write(volume_id, 7, b"two")
    second = house.snapshot(volume_id)
    house.write(volume_id, 7, b"three")
    assert house.act(volume_id, "revert", {"snapshot_id": first}).status == 400
    assert house.act(volume_id, "revert", {"snapshot_id": second}).status == 202
    house.work()
    assert house.read(volume_id, 7, 5) == b"two\0\0"
    assert house.status(volume_id) == "available"
    house.act(volume_id, "os-extend", {"new_size": 2})
    house.work()
    got = house.act(volume_id, "revert", {"snapshot_id": second})
    assert got.status == 400 and "grown" in got.message


def test_backups_build_on_those_of_the_same_project(house: House) -> None:
    volume_id = house.create()
    theirs = house.backup(volume_id)
    body = {"backup": {"volume_id": volume_id, "incremental": True}}
    admin: dict[str, Any] = {"roles": "admin", "project": OTHER}
    assert house.ask("POST", "/backups", body, **admin).status == 400
    full = {"backup": {"volume_id": volume_id}}
    mine = house.ok("POST", "/backups", full, **admin)["backup"]["id"]
    house.work()
    path = f"/backups/{mine}"
    assert house.ask("GET", path).status == 404
    house.ok("POST", "/backups", body, **admin)
    house.work()
    assert house.ok("GET", path, **admin)["backup"]["has_dependent_backups"] is True
    assert house.show("backup", theirs)["has_dependent_backups"] is False


def test_full_and_incremental_backups(house: House) -> None:
    volume_id = house.create()
    house.write(volume_id, 5 * MIB, b"a" * MIB)
    house.write(volume_id, 9 * MIB + 5, b"b")
    first = house.backup(volume_id, name="full")
    shown = house.show("backup", first)
    assert (shown["status"], shown["object_count"]) == ("available", 2), shown
    assert not shown["is_incremental"]
    house.clock.advance(1.0)
    house.write(volume_id, 9 * MIB + 5, b"c")
    house.write(volume_id, 5 * MIB, bytes(MIB))
    second = house.backup(volume_id, incremental=True)
    shown = house.show("backup", second)
    assert shown["is_incremental"] and shown["object_count"] == 1
    assert house.show("backup", first)["has_dependent_backups"]
    assert house.ask("DELETE", f"/backups/{first}").status == 400
    # Into a new volume.
    got = house.ok("POST", f"/backups/{first}/restore", {"restore": {}})["restore"]
    assert house.status(got["volume_id"]) == "restoring-backup"
    house.work()
    restored = got["volume_id"]
    assert house.status(restored) == "available"
    assert house.read(restored, 5 * MIB, MIB) == b"a" * MIB
    assert house.read(restored, 9 * MIB + 5, 1) == b"b"
    # Over an old one.
    house.write(restored, 100 * MIB, b"rubbish")
    body = {"restore": {"volume_id": restored}}
    house.ok("POST", f"/backups/{second}/restore", body)
    house.work()
    assert house.read(restored, 0, 16 * MIB) == house.read(volume_id, 0, 16 * MIB)
    assert house.read(restored, 100 * MIB, 7) == bytes(7)
    body = {"volume": {"backup_id": second, "size": 2}}
    made = house.ok("POST", "/volumes", body)["volume"]
    house.work()
    assert house.read(made["id"], 9 * MIB + 5, 1) == b"c"
    for key in (second, first):
        assert house.ask("DELETE", f"/backups/{key}").status == 202
        house.work()
        assert house.show("backup", key) is None
    assert house.stored() == []


def test_a_backup_of_a_snapshot_and_of_an_attached_volume(house: House) -> None:
    volume_id = house.create()
    house.write(volume_id, 0, b"then")
    snapshot = house.snapshot(volume_id)
    house.write(volume_id, 0, b"now!")
    of_snapshot = house.backup(volume_id, snapshot_id=snapshot)
    assert house.show("snapshot", snapshot)["status"] == "available"
    made = house.client.create_attachment(volume_id, snapshot)
    house.client.complete_attachment(made.id)
    body = {"backup": {"volume_id": volume_id}}
    assert house.ask("POST", "/backups", body).status == 400
    forced = house.backup(volume_id, force=True)
    assert house.status(volume_id) == "in-use"
    for backup, content in ((of_snapshot, b"then"), (forced, b"now!")):
        got = house.ok("POST", f"/backups/{backup}/restore", {"restore": {}})
        house.work()
        assert house.read(got["restore"]["volume_id"], 0, 4) == content
    assert house.leftovers() == []


def test_damage_is_found(house: House) -> None:
    volume_id = house.create()
    house.write(volume_id, 0, b"precious")
    backup = house.backup(volume_id)
    container = house.show("backup", backup)["container"]
    account = house.objects._account()
    name = next(each for each in house.stored() if "/pieces/" in each)
    account.put(container, name, b"damaged!".ljust(MIB, b"\0"))
    got = house.ok("POST", f"/backups/{backup}/restore", {"restore": {}})["restore"]
    house.work()
    assert house.status(got["volume_id"]) == "error_restoring"
    found = house.show("backup", backup)
    assert found["status"] == "available" and "damaged" in found["fail_reason"]


def test_backups_are_listed_changed_and_refused(house: House) -> None:
    volume_id = house.create()
    body = {"backup": {"volume_id": volume_id, "incremental": True}}
    assert house.ask("POST", "/backups", body).status == 400
    backup = house.backup(volume_id, name="b", metadata={"a": "b"})
    path = f"/backups/{backup}"
    assert house.ask("GET", path, project=OTHER).status == 404
    house.ok("PUT", path, {"backup": {"name": "c"}})
    listed = house.ok("GET", "/backups/detail?name=c")["backups"]
    assert [each["id"] for each in listed] == [backup]
    assert listed[0]["metadata"] == {"a": "b"}
    small = {"restore": {"volume_id": backup}}
    assert house.ask("POST", f"{path}/restore", small).status == 404
    status = {"os-reset_status": {"status": "error"}}
    house.ok("POST", f"{path}/action", status, roles="admin")
    assert house.ask("POST", f"{path}/restore", {"restore": {}}).status == 400
    house.ok("POST", f"{path}/action", {"os-force_delete": {}}, roles="admin")
    house.work()
    assert house.stored() == []


def test_quota_of_backups(make: Make) -> None:
    house = make(quota_backups=1)
    volume_id = house.create()
    house.backup(volume_id)
    body = {"backup": {"volume_id": volume_id}}
    got = house.ask("POST", "/backups", body)
    assert got.status == 413 and house.status(volume_id) == "available"


def test_manifests_are_checked() -> None:
    pieces = [Piece(), Piece("a" * 64, "b1"), Piece("c" * 64, "b2")]
    raw = write_sheet(pieces)
    assert read_sheet(raw, sha256_of(raw)) == pieces
    with pytest.raises(Corrupt):
        read_sheet(raw, sha256_of(b""))
    head = Head(10, 4, (sha256_of(raw),))
    stored = write_head(head)
    assert read_head(stored, sha256_of(stored)) == head
    newer = stored.replace(b'"version":1', b'"version":9')
    with pytest.raises(Corrupt):
        read_head(newer, sha256_of(newer))


def test_records_outlive_the_database(house: House) -> None:
    volume_id = house.create()
    house.write(volume_id, 3 * MIB, b"kept")
    first = house.backup(volume_id, name="b", metadata={"a": "1"})
    house.clock.advance(1.0)
    house.write(volume_id, 3 * MIB + 4, b"too")
    second = house.backup(volume_id, incremental=True)
    records = [
        house.ok("GET", f"/backups/{key}/export_record", roles="admin")
        for key in (first, second)
    ]
    assert house.ask("GET", f"/backups/{first}/export_record").status == 403
    path = "/backups/import_record"
    got = house.ask("POST", path, records[0], roles="admin")
    assert got.status == 400 and "already exists" in got.message
    rows = house.wiring.stores.backups
    for key in (second, first):
        house.database.run(lambda connection, key=key: rows.delete(connection, key))
    assert house.ask("POST", path, records[0]).status == 403
    for record in records:
        house.ok("POST", path, record, roles="admin")
    # It is of the project that has it back.
    mine = house.ok("GET", "/backups", roles="admin")["backups"]
    assert {each["id"] for each in mine} == {first, second}
    shown = house.show("backup", first)
    assert (shown["name"], shown["metadata"]) == ("b", {"a": "1"})
    assert house.show("backup", second)["is_incremental"] is True
    found = house.ok("POST", f"/backups/{second}/restore", {"restore": {}})["restore"]
    house.work()
    assert house.read(found["volume_id"], 3 * MIB, 7) == b"kepttoo"


def test_the_longest_record_comes_back(house: House) -> None:
    texts = {f"{number:03}".ljust(255, "\1"): "\2" * 255 for number in range(128)}
    long = {"name": "\3" * 255, "description": "\4" * 255, "metadata": texts}
    backup_id = house.backup(house.create(), **long)
    path = f"/backups/{backup_id}/export_record"
    record = house.ok("GET", path, roles="admin")
    rows = house.wiring.stores.backups
    house.database.run(lambda connection: rows.delete(connection, backup_id))
    house.ok("POST", "/backups/import_record", record, roles="admin")
    assert house.show("backup", backup_id)["metadata"] == texts


def test_a_record_that_was_changed_restores_nothing(house: House) -> None:
    backup_id = house.backup(house.create())
    record = house.ok("GET", f"/backups/{backup_id}/export_record", roles="admin")
    inner = record["backup-record"]
    content = json.loads(base64.b64decode(inner["backup_url"]))

    def offer(service: str = inner["backup_service"], **changes: Any) -> int:
        raw = base64.b64encode(json.dumps({**content, **changes}).encode()).decode()
        body = {"backup-record": {"backup_service": service, "backup_url": raw}}
        return house.ask("POST", "/backups/import_record", body, roles="admin").status

    other = "77777777-7777-4777-8777-777777777777"
    assert offer("cinder.backup.drivers.swift") == 400
    assert offer(id="../other") == offer(size_gib=0) == offer(colour="red") == 400
    assert offer(created_at=2**39) == offer(data_at=2**39) == 400
    assert offer(manifest_sha256="x") == offer(metadata={"a": 1}) == 400
    assert offer(id=other) == 201
    found = house.ok("POST", f"/backups/{other}/restore", {"restore": {}})["restore"]
    house.work()
    assert house.status(found["volume_id"]) == "error_restoring"
    house.ok("DELETE", f"/backups/{other}")
    house.work()
    again = house.ok("POST", f"/backups/{backup_id}/restore", {"restore": {}})
    house.work()
    assert house.status(again["restore"]["volume_id"]) == "available"
    for url in ("!", "e30=", "bm8="):
        inner["backup_url"] = url
        got = house.ask("POST", "/backups/import_record", record, roles="admin")
        assert got.status == 400


def test_a_restored_volume_is_what_the_other_was(house: House) -> None:
    image = house.image_house.active(b"image")
    volume_id = house.create(imageRef=image, metadata={"a": "1", "b": "2"})
    backup = house.backup(volume_id)
    new = house.ok("POST", f"/backups/{backup}/restore", {"restore": {}})
    house.work()
    found = house.volume(new["restore"]["volume_id"])
    assert found["bootable"] == "true" and found["metadata"] == {"a": "1", "b": "2"}
    assert found["volume_image_metadata"]["image_id"] == image
    other = house.create(metadata={"b": "3"})
    body = {"restore": {"volume_id": other}}
    house.ok("POST", f"/backups/{backup}/restore", body)
    house.work()
    found = house.volume(other)
    assert found["bootable"] == "true" and found["metadata"] == {"a": "1", "b": "3"}
