"""Encrypted types and volumes: keys made, copied and dropped; what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from compute.volume.client import Connector
from compute.volume.drivers.memory import HEADER_BYTES, MAGIC, sealed_like_luks
from compute.volume.drivers.port import SNAPSHOT, VOLUME
from compute.volume.jobs.worker import VolumeWorker
from compute.volume.room import wire
from objectstore.kernel import concurrency
from test.unit.compute.volume.house import GIB, OTHER, OWNER, House

SERVER = "33333333-3333-4333-8333-333333333333"
LUKS = {
    "provider": "luks",
    "cipher": "aes-xts-plain64",
    "key_size": 256,
    "control_location": "front-end",
}


def admin(house: House, method: str, path: str, body: Any = None) -> Any:
    return house.ok(method, path, body, roles="admin")


def make_type(house: House, name: str = "sealed", **encryption: Any) -> str:
    body = {"volume_type": {"name": name}}
    found = str(admin(house, "POST", "/types", body)["volume_type"]["id"])
    wanted = {"encryption": {**LUKS, **encryption}}
    admin(house, "POST", f"/types/{found}/encryption", wanted)
    return found


def keys_of(house: House, project: str = OWNER) -> dict[str, str]:
    """Name -> payload of the project's secrets."""
    secrets = house.secret_house
    listed = secrets.call("GET", "/secrets", project=project).json["secrets"]
    return {
        each["name"]: secrets.call(
            "GET",
            f"/secrets/{each['secret_ref'].rpartition('/')[2]}/payload",
            project=project,
            Accept="application/octet-stream",
        ).body.hex()
        for each in listed
    }


def test_types_say_how_their_volumes_are_encrypted(house: House) -> None:
    body = {"volume_type": {"name": "sealed"}}
    sealed = admin(house, "POST", "/types", body)["volume_type"]["id"]
    path = f"/types/{sealed}/encryption"
    assert admin(house, "GET", path) == {}
    assert house.ask("GET", path).status == 403
    assert house.ask("POST", path, {"encryption": LUKS}).status == 403
    for wrong in ({"cipher": "x"}, {**LUKS, "control_location": "nowhere"}, {}):
        got = house.ask("POST", path, {"encryption": wrong}, roles="admin")
        assert got.status == 400
    made = admin(house, "POST", path, {"encryption": LUKS})["encryption"]
    assert made["volume_type_id"] == sealed and made["key_size"] == 256
    again = house.ask("POST", path, {"encryption": LUKS}, roles="admin")
    assert again.status == 400 and "already exists" in again.message
    one = f"{path}/{made['encryption_id']}"
    change = {"encryption": {"key_size": "128", "provider": "Other"}}
    assert admin(house, "PUT", one, change)["encryption"]["key_size"] == 128
    shown = admin(house, "GET", path)
    assert (shown["provider"], shown["cipher"]) == ("Other", "aes-xts-plain64")
    assert admin(house, "GET", f"{path}/key_size") == {"key_size": 128}
    assert house.ask("GET", f"{path}/nothing", roles="admin").status == 404
    assert house.ask("DELETE", f"{path}/other", roles="admin").status == 404
    admin(house, "DELETE", one)
    assert admin(house, "GET", path) == {}
    admin(house, "POST", path, {"encryption": LUKS})
    house.create(volume_type="sealed")
    now = admin(house, "GET", path)["encryption_id"]
    for method in ("PUT", "DELETE"):
        sent = change if method == "PUT" else None
        got = house.ask(method, f"{path}/{now}", sent, roles="admin")
        assert got.status == 400 and "in use" in got.message


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"provider": "luks2"}, "luks2"),
        ({"control_location": "back-end"}, "back-end"),
        ({"cipher": "aes-cbc-essiv"}, "aes-cbc-essiv"),
        ({"key_size": 64}, "64"),
    ],
)
def test_what_cannot_be_kept_is_refused_when_a_volume_is_wanted(
    house: House, said: dict[str, Any], text: str
) -> None:
    make_type(house, **said)
    body = {"volume": {"size": 1, "volume_type": "sealed"}}
    got = house.ask("POST", "/volumes", body)
    assert got.status == 400 and text in got.message


def test_a_volume_has_a_key_as_long_as_it_lives(house: House) -> None:
    make_type(house)
    volume_id = house.create(volume_type="sealed")
    volume = house.volume(volume_id)
    assert volume["encrypted"] is True
    assert volume["encryption_key_id"]
    older = house.ask("GET", f"/volumes/{volume_id}", version="3.63").json["volume"]
    assert "encryption_key_id" not in older and older["encrypted"] is True
    shown = house.ok("GET", f"/volumes/{volume_id}/encryption")
    assert shown == {**LUKS, "encryption_key_id": volume["encryption_key_id"]}
    one = house.ok("GET", f"/volumes/{volume_id}/encryption/cipher")
    assert one == {"cipher": LUKS["cipher"]}
    path = f"/volumes/{volume_id}/encryption"
    assert house.ask("GET", path, project=OTHER).status == 404
    ((name, key),) = keys_of(house).items()
    assert name == f"volume {volume_id}" and len(key) == 64
    assert keys_of(house, OTHER) == {}
    assert house.read(volume_id, 0, 6) == MAGIC
    assert house.driver.size(VOLUME + volume_id) == GIB + HEADER_BYTES
    house.ok("DELETE", f"/volumes/{volume_id}")
    house.work()
    assert keys_of(house) == {}
    plain = house.create()
    assert house.volume(plain)["encrypted"] is False
    found = house.ok("GET", f"/volumes/{plain}/encryption")
    assert found == {"encryption_key_id": None}


def test_only_the_house_opens_it(house: House) -> None:
    make_type(house)
    volume_id = house.create(volume_type="sealed")
    attachment = house.client.create_attachment(
        volume_id, SERVER, connector=Connector("here")
    )
    assert attachment.connection is not None
    assert attachment.connection.is_encrypted
    assert attachment.connection.size_bytes == GIB
    (key,) = keys_of(house).values()
    assert house.client.passphrase(attachment.id) == key
    path = f"/internal/attachments/{attachment.id}/open"
    for roles in ("member", "admin"):
        assert house.ask("POST", path, roles=roles).status == 403
    plain = house.client.create_attachment(house.create(), SERVER)
    assert house.client.passphrase(plain.id) == ""


def test_copies_have_keys_of_their_own(house: House) -> None:
    make_type(house)
    volume_id = house.create(volume_type="sealed")
    house.write(volume_id, HEADER_BYTES, b"ciphertext")
    snapshot = house.snapshot(volume_id)
    of_snapshot = house.create(snapshot_id=snapshot, size=2)
    of_volume = house.create(source_volid=volume_id)
    for each, gib in ((of_snapshot, 2), (of_volume, 1)):
        assert house.volume(each)["volume_type"] == "sealed"
        assert house.driver.size(VOLUME + each) == gib * GIB + HEADER_BYTES
        assert house.read(each, HEADER_BYTES, 10) == b"ciphertext"
    keys = keys_of(house)
    assert len(keys) == 3 and len(set(keys.values())) == 1
    body: Any = {"volume": {"size": 1, "snapshot_id": snapshot}}
    body["volume"]["volume_type"] = "__DEFAULT__"
    assert house.ask("POST", "/volumes", body).status == 400
    house.write(volume_id, HEADER_BYTES, b"otherwise.")
    revert = {"snapshot_id": snapshot}
    assert house.act(volume_id, "revert", revert).status == 202
    house.work()
    assert house.read(volume_id, HEADER_BYTES, 10) == b"ciphertext"
    house.ok("DELETE", f"/volumes/{volume_id}?cascade=True")
    house.work()
    assert len(keys_of(house)) == 2
    assert SNAPSHOT + snapshot not in list(house.driver.disks())
    assert house.act(of_volume, "os-extend", {"new_size": 3}).status == 202
    house.work()
    assert house.driver.size(VOLUME + of_volume) == 3 * GIB + HEADER_BYTES


def test_an_image_is_encrypted_on_its_way(house: House) -> None:
    make_type(house)
    image = house.image_house.active(b"plain bytes of an image")
    volume_id = house.create(volume_type="sealed", imageRef=image)
    (key,) = keys_of(house).values()
    found = house.read(volume_id, HEADER_BYTES, 23)
    assert found != b"plain bytes of an image"
    assert sealed_like_luks(found, 0, key) == b"plain bytes of an image"


def test_backups_keep_the_key_when_the_volume_is_gone(house: House) -> None:
    make_type(house)
    volume_id = house.create(volume_type="sealed")
    (key,) = keys_of(house).values()
    house.write(volume_id, HEADER_BYTES, b"ciphertext")
    backup = house.backup(volume_id)
    assert house.show("backup", backup)["encryption_key_id"]
    record = house.ask("GET", f"/backups/{backup}/export_record", roles="admin")
    assert record.status == 400
    house.ok("DELETE", f"/volumes/{volume_id}")
    house.work()
    assert keys_of(house) == {f"backup {backup}": key}
    plain, other = house.create(), house.create(volume_type="sealed", size=2)
    path = f"/backups/{backup}/restore"
    refused = house.ask("POST", path, {"restore": {"volume_id": plain}})
    assert refused.status == 400
    before = house.volume(other)["encryption_key_id"]
    house.ok("POST", path, {"restore": {"volume_id": other}})
    house.work()
    new = house.ok("POST", path, {"restore": {}})["restore"]["volume_id"]
    house.work()
    assert house.volume(other)["encryption_key_id"] != before
    for each, gib in ((other, 2), (new, 1)):
        assert house.status(each) == "available"
        assert house.volume(each)["volume_type"] == "sealed"
        assert house.read(each, HEADER_BYTES, 10) == b"ciphertext"
        assert house.driver.size(VOLUME + each) == gib * GIB + HEADER_BYTES
        assert keys_of(house)[f"volume {each}"] == key
    house.ok("DELETE", f"/backups/{backup}")
    house.work()
    assert set(keys_of(house)) == {f"volume {other}", f"volume {new}"}


def test_what_encrypted_volumes_do_not_do(house: House) -> None:
    make_type(house)
    volume_id = house.create(volume_type="sealed")
    retype = {"new_type": "__DEFAULT__", "migration_policy": "on-demand"}
    got = house.act(volume_id, "os-retype", retype)
    assert got.status == 400 and "encryption" in got.message
    got = house.act(volume_id, "os-volume_upload_image", {"image_name": "x"})
    assert got.status == 400 and "encrypted" in got.message
    body = {"transfer": {"volume_id": volume_id}}
    got = house.ask("POST", "/volume-transfers", body)
    assert got.status == 400 and "encrypted" in got.message
    same = make_type(house, "alike")
    retype = {"new_type": same, "migration_policy": "never"}
    assert house.act(volume_id, "os-retype", retype).status == 202


def test_a_volume_without_its_key_is_an_error(house: House) -> None:
    make_type(house)
    house.secret_house.call(
        "PUT",
        f"/project-quotas/{OWNER}",
        {"project_quotas": {"secrets": 0}},
        roles="admin",
        project=OTHER,
    )
    volume_id = house.order(volume_type="sealed")
    house.work()
    assert house.status(volume_id) == "error"
    assert list(house.driver.disks()) == []
    house.ok("DELETE", f"/volumes/{volume_id}")
    house.work()
    assert house.status(volume_id) == ""


def test_a_cloud_without_a_key_manager_says_so(house: House) -> None:
    make_type(house)
    del house.parts.callers["key-manager"]  # type: ignore[attr-defined]
    house.wiring = wire(house.parts, house.settings, house.driver, "here")
    house.worker = VolumeWorker(house.wiring, house.objects)
    volume_id = house.order(volume_type="sealed")
    house.worker.step()
    while house.worker.is_busy():
        concurrency.sleep(0)
    assert house.status(volume_id) == "error"
