"""Disks that an administrator takes over as volumes and snapshots, and lets go."""

from __future__ import annotations

from typing import Any

import pytest

from compute.volume.drivers.port import SNAPSHOT, VOLUME
from test.unit.compute.volume.house import GIB, OTHER, Got, House
from test.unit.compute.volume.test_types import admin, make_type

MARK = b"brought by an operator"
HOST = "here@files#files"


def bring(house: House, name: str = "brought", size_bytes: int = GIB) -> str:
    house.driver.unmanaged.bring(name, MARK, size_bytes)
    return name


def manage(house: House, disk: str, roles: str = "admin", **fields: Any) -> Got:
    body = {"volume": {"host": HOST, "ref": {"source-name": disk}, **fields}}
    return house.ask("POST", "/manageable_volumes", body, roles=roles)


def managed(house: House, disk: str, **fields: Any) -> str:
    got = manage(house, disk, **fields)
    assert got.status == 202, got
    house.work()
    return str(got.json["volume"]["id"])


def listed(house: House, what: str = "volumes", query: str = "") -> list[Any]:
    path = f"/manageable_{what}/detail?host={HOST.replace('#', '%23')}{query}"
    found: list[Any] = admin(house, "GET", path)[f"manageable-{what}"]
    return found


def names(found: list[Any]) -> list[str]:
    return [each["reference"]["source-name"] for each in found]


def test_a_disk_becomes_a_volume(house: House) -> None:
    bring(house, size_bytes=GIB + 1)
    (shown,) = listed(house)
    assert shown == {
        "reference": {"source-name": "brought"},
        "size": 2,
        "safe_to_manage": True,
        "reason_not_safe": None,
        "cinder_id": None,
        "extra_info": None,
    }
    volume_id = managed(house, "brought", name="v", bootable=True, metadata={"a": "b"})
    volume = house.volume(volume_id)
    assert (volume["status"], volume["size"]) == ("available", 2)
    assert (volume["name"], volume["bootable"]) == ("v", "true")
    assert house.driver.read(VOLUME + volume_id, 0, len(MARK)) == MARK
    assert house.driver.size(VOLUME + volume_id) == 2 * GIB
    (shown,) = listed(house)
    assert shown["cinder_id"] == volume_id and not shown["safe_to_manage"]
    assert shown["reason_not_safe"] == "already managed"
    assert manage(house, "brought").status == 400
    assert manage(house, VOLUME + volume_id).status == 400
    assert house.leftovers() == []


def test_a_volume_is_let_go_and_taken_back(house: House) -> None:
    volume_id = house.create()
    house.driver.write(VOLUME + volume_id, 0, MARK)
    snapshot_id = house.snapshot(volume_id)
    assert house.act(volume_id, "os-unmanage", roles="member").status == 403
    assert house.act(volume_id, "os-unmanage", roles="admin").status == 400
    let_go = {"os-unmanage": {}}
    path = f"/snapshots/{snapshot_id}/action"
    assert house.ask("POST", path, let_go).status == 403
    admin(house, "POST", path, let_go)
    house.work()
    assert house.ask("GET", f"/snapshots/{snapshot_id}").status == 404
    assert names(listed(house, "snapshots")) == [SNAPSHOT + snapshot_id]
    body = {
        "snapshot": {
            "volume_id": volume_id,
            "ref": {"source-name": SNAPSHOT + snapshot_id},
            "name": "back",
        }
    }
    back = admin(house, "POST", "/manageable_snapshots", body)["snapshot"]
    house.work()
    shown = house.ok("GET", f"/snapshots/{back['id']}")["snapshot"]
    assert (shown["status"], shown["name"], shown["size"]) == ("available", "back", 1)
    assert house.driver.read(SNAPSHOT + back["id"], 0, len(MARK)) == MARK
    admin(house, "DELETE", f"/snapshots/{back['id']}")
    house.work()

    assert house.act(volume_id, "os-unmanage", {}, roles="admin").status == 202
    assert house.status(volume_id) == "unmanaging"
    # What is on its way out is nobody's to delete.
    assert house.act(volume_id, "os-force_delete", {}, roles="admin").status == 400
    house.work()
    assert house.ask("GET", f"/volumes/{volume_id}").status == 404
    assert house.leftovers() == [], "what was let go is no stray"
    again = managed(house, VOLUME + volume_id)
    assert house.driver.read(VOLUME + again, 0, len(MARK)) == MARK


def test_who_may(house: House) -> None:
    bring(house)
    assert manage(house, "brought", roles="member").status == 403
    path = f"/manageable_volumes?host={HOST.replace('#', '%23')}"
    assert house.ask("GET", path).status == 403
    assert house.ask("GET", path.replace("volumes", "snapshots")).status == 403
    volume_id = house.create(project=OTHER)
    body = {"snapshot": {"volume_id": volume_id, "ref": {"source-name": "brought"}}}
    assert house.ask("POST", "/manageable_snapshots", body).status == 404
    assert house.ask("GET", path, roles="admin", version="3.7").status == 404
    older = "/os-volume-manage?host=here"
    assert house.ok("GET", older, roles="admin", version="3.0")


@pytest.mark.parametrize(
    "fields",
    [
        {"host": "elsewhere"},
        {"host": ""},
        {"host": "here", "cluster": "c"},
        {"ref": {}},
        {"ref": "brought"},
        {"ref": {"source-name": "brought", "source-id": "1"}},
        {"ref": {"source-name": "../disks/brought"}},
        {"ref": {"source-name": "."}},
        {"ref": {"source-name": "x" * 300}},
        {"ref": {"source-name": "none"}},
        {"volume_type": "none"},
        {"availability_zone": "none"},
    ],
)
def test_what_is_refused(house: House, fields: dict[str, Any]) -> None:
    bring(house)
    got = manage(house, "brought", **fields)
    assert got.status in (400, 404), got
    assert names(listed(house)) == ["brought"]


def test_what_is_encrypted_stays(house: House) -> None:
    sealed = make_type(house, "sealed")
    luks = {"provider": "luks", "control_location": "front-end"}
    admin(house, "POST", f"/types/{sealed}/encryption", {"encryption": luks})
    volume_id = house.create(volume_type="sealed")
    assert house.act(volume_id, "os-unmanage", {}, roles="admin").status == 400
    bring(house)
    assert manage(house, "brought", volume_type="sealed").status == 400
    body = {"snapshot": {"volume_id": volume_id, "ref": {"source-name": "brought"}}}
    got = house.ask("POST", "/manageable_snapshots", body, roles="admin")
    assert got.status == 400


def test_a_snapshot_is_no_larger_than_its_volume(house: House) -> None:
    bring(house, size_bytes=2 * GIB)
    volume_id = house.create()
    body = {"snapshot": {"volume_id": volume_id, "ref": {"source-name": "brought"}}}
    got = house.ask("POST", "/manageable_snapshots", body, roles="admin")
    assert got.status == 400 and "2 GB" in got.message


def test_two_want_one_disk(house: House) -> None:
    bring(house)
    got = [manage(house, "brought") for _ in range(2)]
    assert [each.status for each in got] == [202, 202]
    house.work()
    first, second = (each.json["volume"]["id"] for each in got)
    assert {house.status(first), house.status(second)} == {"available", "error"}
    lost = first if house.status(first) == "error" else second
    house.ok("DELETE", f"/volumes/{lost}", roles="admin")
    house.work()
    assert house.leftovers() == []


def test_a_disk_of_that_name_is_not_written_over(house: House) -> None:
    volume_id = house.create()
    bring(house, VOLUME + volume_id)
    assert house.act(volume_id, "os-unmanage", {}, roles="admin").status == 202
    house.work()
    assert house.status(volume_id) == "available"
    assert house.driver.size(VOLUME + volume_id) == GIB


def test_lists_in_pages(house: House) -> None:
    for number, size in enumerate((3, 1, 2)):
        bring(house, f"d{number}", size * GIB)
    assert names(listed(house)) == ["d0", "d1", "d2"]
    assert names(listed(house, query="&sort=size:asc")) == ["d1", "d2", "d0"]
    assert names(listed(house, query="&sort=size")) == ["d0", "d2", "d1"]
    assert names(listed(house, query="&sort=reference:desc&limit=1")) == ["d2"]
    marker = "&marker=%7B%22source-name%22%3A%22d0%22%7D"
    assert names(listed(house, query=marker)) == ["d1", "d2"]
    assert names(listed(house, query="&offset=1&limit=1")) == ["d1"]
    path = "/manageable_volumes?host=here"
    for wrong in ("&sort=name", "&limit=x", f"&limit={'9' * 5000}", "&marker=d0"):
        assert house.ask("GET", path + wrong, roles="admin").status == 400
    assert house.ask("GET", "/manageable_volumes", roles="admin").status == 400


def test_quotas_hold(house: House) -> None:
    bring(house)
    project = "a" * 32
    body = {"quota_set": {"gigabytes": 0}}
    admin(house, "PUT", f"/os-quota-sets/{project}", body)
    assert manage(house, "brought").status == 413
