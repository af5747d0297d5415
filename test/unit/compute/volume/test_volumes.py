"""Volumes: created from everything, shown, listed, changed, deleted."""

from __future__ import annotations

import pytest

from compute.volume.client import Stray
from test.fakes.tokens import fake_token
from test.unit.compute.volume.house import GIB, OTHER, OWNER, House, Make

MISSING = "99999999-9999-4999-8999-999999999999"


def test_versions_need_no_token(house: House) -> None:
    for path, status in (("/", 300), ("/v3/", 200)):
        answer = house.caller.request("GET", path, {}, b"")
        assert answer.status == status
        (version,) = answer.json()["versions"]
        assert (version["id"], version["status"]) == ("v3.0", "CURRENT")
        assert (version["min_version"], version["version"]) == ("3.0", "3.71")
    assert house.ask("GET", "/volumes", version="3.72").status == 406
    assert house.ask("GET", "/volumes", version="latest").status == 200


def test_an_empty_volume(house: House) -> None:
    volume_id = house.order(name="data", description="d", metadata={"a": "b"}, size=2)
    assert house.status(volume_id) == "creating"
    house.work()
    volume = house.volume(volume_id)
    assert volume["status"] == "available"
    assert (volume["name"], volume["size"], volume["bootable"]) == ("data", 2, "false")
    assert volume["volume_type"] == "__DEFAULT__"
    assert volume["os-vol-tenant-attr:tenant_id"] == OWNER
    assert volume["availability_zone"] == "nova" and volume["attachments"] == []
    assert house.read(volume_id, 2 * GIB - 1, 2) == b"\0"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"size": 0}, 400),
        ({"size": -1}, 400),
        ({"size": "x"}, 400),
        ({"size": 10**9}, 400),
        ({"size": 1, "name": "x" * 256}, 400),
        ({"size": 1, "metadata": {"": "x"}}, 400),
        ({"size": 1, "metadata": {"a": 1}}, 400),
        ({"size": 1, "availability_zone": "mars"}, 400),
        ({"size": 1, "multiattach": True}, 400),
        ({"size": 1, "volume_type": "gold"}, 404),
        ({"size": 1, "imageRef": MISSING}, 404),
        ({"size": 1, "snapshot_id": MISSING}, 404),
        ({"size": 1, "source_volid": MISSING}, 404),
        ({"size": 1, "backup_id": MISSING}, 404),
        ({"size": 1, "snapshot_id": "x"}, 400),
        ({"size": 1, "imageRef": MISSING, "source_volid": MISSING}, 400),
        ({}, 400),
    ],
)
def test_create_refuses(house: House, fields: object, status: int) -> None:
    got = house.ask("POST", "/volumes", {"volume": fields})
    assert got.status == status, got
    assert house.ok("GET", "/volumes")["volumes"] == []


def test_who_may_see_what(house: House) -> None:
    volume_id = house.create()
    path = f"/volumes/{volume_id}"
    assert house.ask("GET", path, project=OTHER).status == 404
    assert house.ask("DELETE", path, project=OTHER).status == 404
    assert house.ask("GET", path, roles="reader").status == 200
    assert house.ask("DELETE", path, roles="reader").status == 403
    assert (
        house.ask("POST", "/volumes", {"volume": {"size": 1}}, roles="reader").status
        == 403
    )
    assert house.ask("GET", f"/v3/{OTHER}/volumes").status == 400
    assert house.ask("GET", "/v3/volumes").json["volumes"][0]["id"] == volume_id
    shown = house.ok("GET", path)["volume"]
    assert "os-vol-host-attr:host" not in shown
    assert "os-vol-host-attr:host" in house.volume(volume_id)


def test_microversions_show_more(house: House) -> None:
    path = f"/volumes/{house.create()}"
    old = house.ok("GET", path, version="3.0")["volume"]
    new = house.ok("GET", path)["volume"]
    more = {"group_id", "shared_targets", "service_uuid", "volume_type_id"}
    assert set(new) - set(old) == more | {"consumes_quota"}


@pytest.mark.parametrize("name", ["volume", "volumev3", "block-storage"])
def test_clients_name_the_service_as_they_found_it(house: House, name: str) -> None:
    path = f"/v3/{OWNER}/attachments"  # since 3.27
    sent = {"X-Auth-Token": fake_token(OWNER), "OpenStack-API-Version": f"{name} 3.27"}
    answer = house.caller.request("GET", path, sent)
    assert answer.status == 200
    assert answer.headers["openstack-api-version"] == "volume 3.27"


def test_lists(house: House) -> None:
    ids = []
    for name in ("b", "a", "c"):
        house.clock.advance(1.0)
        ids.append(house.create(name=name, metadata={"n": name}))
    theirs = house.order(name="theirs", project=OTHER)

    def names(query: str = "", **more: str) -> list[str]:
        found = house.ok("GET", f"/volumes/detail?{query}", **more)
        return [each["name"] for each in found["volumes"]]

    assert names() == ["c", "a", "b"]
    assert names("sort=name:asc") == ["a", "b", "c"]
    assert names("sort_key=name&sort_dir=desc") == ["c", "b", "a"]
    assert names("name=a") == ["a"] and names("status=error") == []
    assert names("name~=a") == ["a"]
    assert names("metadata=%7B'n':'b'%7D") == ["b"]
    assert names("created_at=gt:2000-01-01T00:00:00") == ["c", "a", "b"]
    assert names("created_at=lt:2000-01-01T00:00:00") == []
    assert names("limit=1&offset=1") == ["a"]
    assert names("all_tenants=1") == ["c", "a", "b"]
    assert set(names("all_tenants=1", roles="admin")) == {"a", "b", "c", "theirs"}
    page = house.ok("GET", "/volumes?limit=2&with_count=true")
    assert page["count"] == 3 and len(page["volumes"]) == 2
    next_path = page["volumes_links"][0]["href"].split("localhost:0")[-1]
    rest = house.ok("GET", "/v3" + next_path.split("/v3", 1)[1])
    assert [each["id"] for each in rest["volumes"]] == [ids[0]]
    for query in ("nonsense=1", "limit=-1", "sort_key=x", "bootable=x"):
        assert house.ask("GET", f"/volumes?{query}").status == 400, query
    assert house.ask("GET", "/volumes?nonsense=1", version="3.0").status == 200
    # A page cannot begin at what is not seen, or it would tell that it is there.
    assert house.ask("GET", f"/volumes?marker={theirs}").status == 404
    assert house.ask("GET", f"/volumes?marker={ids[0]}&status=error").status == 200


def test_update_and_metadata(house: House) -> None:
    volume_id = house.create(name="x", metadata={"a": "1"})
    path = f"/volumes/{volume_id}"
    house.ok("PUT", path, {"volume": {"name": "y", "description": "z"}})
    assert house.volume(volume_id)["name"] == "y"
    assert house.ask("PUT", path, {"volume": {}}).status == 400
    metadata = f"{path}/metadata"
    body = {"metadata": {"b": "2"}}
    assert house.ok("POST", metadata, body)["metadata"] == {"a": "1", "b": "2"}
    assert house.ok("PUT", metadata, body)["metadata"] == {"b": "2"}
    assert house.ok("PUT", f"{metadata}/c", {"meta": {"c": "3"}})["meta"] == {"c": "3"}
    assert house.ask("PUT", f"{metadata}/c", {"meta": {"d": "3"}}).status == 400
    assert house.ok("GET", f"{metadata}/c")["meta"] == {"c": "3"}
    house.ok("DELETE", f"{metadata}/c")
    assert house.ask("DELETE", f"{metadata}/c").status == 404
    assert house.ok("GET", metadata)["metadata"] == {"b": "2"}
    many = {"metadata": {str(number): "x" for number in range(200)}}
    assert house.ask("PUT", metadata, many).status == 413


def test_delete_and_cascade(house: House) -> None:
    volume_id = house.create()
    snapshot = house.snapshot(volume_id)
    path = f"/volumes/{volume_id}"
    got = house.ask("DELETE", path)
    assert got.status == 400 and "dependent snapshots" in got.message
    assert house.ask("DELETE", f"{path}?cascade=true").status == 202
    assert house.status(volume_id) == "deleting"
    house.work()
    assert house.status(volume_id) == "" and house.show("snapshot", snapshot) is None
    assert house.ask("DELETE", path).status == 404
    assert list(house.driver.disks()) == []


def test_extend(house: House) -> None:
    volume_id = house.create()
    house.write(volume_id, 0, b"kept")
    assert house.act(volume_id, "os-extend", {"new_size": 1}).status == 400
    assert house.act(volume_id, "os-extend", {"new_size": 3}).status == 202
    assert house.status(volume_id) == "extending"
    house.work()
    volume = house.volume(volume_id)
    assert (volume["status"], volume["size"]) == ("available", 3)
    assert house.driver.size(f"volume-{volume_id}") == 3 * GIB
    assert house.read(volume_id, 0, 4) == b"kept"


def test_flags_and_image_metadata(house: House) -> None:
    volume_id = house.create()
    assert house.act(volume_id, "os-set_bootable", {"bootable": True}).status == 200
    flag = {"readonly": True}
    assert house.act(volume_id, "os-update_readonly_flag", flag).status == 202
    volume = house.volume(volume_id)
    assert volume["bootable"] == "true" and volume["metadata"]["readonly"] == "True"
    flag = {"readonly": False}
    assert house.act(volume_id, "os-update_readonly_flag", flag).status == 202
    assert house.volume(volume_id)["metadata"]["readonly"] == "False"
    given = {"metadata": {"kernel_id": "k"}}
    got = house.act(volume_id, "os-set_image_metadata", given)
    assert got.json == {"metadata": {"kernel_id": "k"}}
    assert house.act(volume_id, "os-show_image_metadata").json == got.json
    unset = {"key": "kernel_id"}
    assert house.act(volume_id, "os-unset_image_metadata", unset).status == 200
    assert house.act(volume_id, "os-unset_image_metadata", unset).status == 404
    assert house.act(volume_id, "os-nonsense").status == 400
    assert house.act(volume_id, "os-extend", {}).status == 400


def test_reset_status_and_force_delete(house: House) -> None:
    volume_id = house.create()
    status = {"status": "error"}
    assert house.act(volume_id, "os-reset_status", status).status == 403
    assert house.act(volume_id, "os-reset_status", status, roles="admin").status == 202
    assert house.status(volume_id) == "error"
    bad = {"status": "sleepy"}
    assert house.act(volume_id, "os-reset_status", bad, roles="admin").status == 400
    assert house.act(volume_id, "os-force_delete").status == 403
    assert house.act(volume_id, "os-force_delete", roles="admin").status == 202
    house.work()
    assert house.status(volume_id) == ""


def test_a_creation_that_is_force_deleted_leaves_nothing(house: House) -> None:
    image_id = house.image_house.active(b"x" * 10000)
    volume_id = house.order(imageRef=image_id)
    house.ok("DELETE", f"/volumes/{volume_id}?force=true", roles="admin")
    house.work()
    assert house.status(volume_id) == "" and list(house.driver.disks()) == []


def test_quotas(make: Make) -> None:
    house = make(quota_volumes=2, quota_gigabytes=5, quota_per_volume_gigabytes=4)
    volume_id = house.create(size=2)
    got = house.ask("POST", "/volumes", {"volume": {"size": 5}})
    assert got.status == 413 and "per" not in got.headers
    got = house.ask("POST", "/volumes", {"volume": {"size": 4}})
    assert got.status == 413
    assert got.json["overLimit"]["retryAfter"] == "0"
    assert got.headers["retry-after"] == "0"
    assert house.act(volume_id, "os-extend", {"new_size": 3}).status == 202
    # What it is going to be counts already.
    assert house.ask("POST", "/volumes", {"volume": {"size": 3}}).status == 413
    house.work()
    house.create(size=2)
    assert house.ask("POST", "/volumes", {"volume": {"size": 1}}).status == 413
    body = {"snapshot": {"volume_id": volume_id}}
    assert house.ask("POST", "/snapshots", body).status == 413
    limits = house.ok("GET", "/limits")["limits"]["absolute"]
    assert (limits["totalVolumesUsed"], limits["totalGigabytesUsed"]) == (2, 5)
    path = f"/os-quota-sets/{OWNER}"
    assert house.ask("PUT", path, {"quota_set": {"volumes": 3}}).status == 403
    body = {"quota_set": {"volumes": 3, "gigabytes": -1, "volumes___DEFAULT__": 3}}
    house.ok("PUT", path, body, roles="admin")
    house.create(size=1)
    shown = house.ok("GET", f"{path}?usage=true")["quota_set"]
    assert shown["volumes"]["in_use"] == 3 and shown["volumes"]["limit"] == 3
    assert shown["volumes___DEFAULT__"]["in_use"] == 3
    bad = {"quota_set": {"nonsense": 3}}
    assert house.ask("PUT", path, bad, roles="admin").status == 400
    house.ok("DELETE", path, roles="admin")
    assert house.ok("GET", path)["quota_set"]["volumes"] == 2
    body = {"quota_class_set": {"volumes": 7}}
    house.ok("PUT", "/os-quota-class-sets/default", body, roles="admin")
    assert house.ok("GET", f"{path}/defaults")["quota_set"]["volumes"] == 7
    assert house.ask("GET", f"/os-quota-sets/{OTHER}").status == 403


def test_summary_and_surroundings(house: House) -> None:
    house.create(size=2, metadata={"a": "1"})
    house.create(size=1, metadata={"a": "2"})
    summary = house.ok("GET", "/volumes/summary")["volume-summary"]
    assert (summary["total_count"], summary["total_size"]) == (2, 3)
    assert sorted(summary["metadata"]["a"]) == ["1", "2"]
    zones = house.ok("GET", "/os-availability-zone")["availabilityZoneInfo"]
    assert zones[0]["zoneName"] == "nova"
    house.upkeep()
    assert house.ask("GET", "/os-services").status == 403
    services = house.ok("GET", "/os-services", roles="admin")["services"]
    assert {each["state"] for each in services} == {"up"}
    assert all("cluster" in each for each in services)
    older = house.ok("GET", "/os-services", roles="admin", version="3.6")["services"]
    assert not any("cluster" in each for each in older)
    off = {"host": "here", "binary": "cinder-volume", "disabled_reason": "r"}
    for wrong in ({**off, "binary": "cinder-tea"}, {**off, "host": "there"}):
        got = house.ask("PUT", "/os-services/disable", wrong, roles="admin")
        assert got.status == 404
    got = house.ask("PUT", "/os-services/freeze", off, roles="admin")
    assert got.status == 400 and "replication" in got.message
    house.ok("PUT", "/os-services/disable-log-reason", off, roles="admin")
    got = house.ask("POST", "/volumes", {"volume": {"size": 1}})
    assert got.status == 400 and "disabled" in got.message
    house.ok("PUT", "/os-services/enable", off, roles="admin")
    house.clock.advance(1000.0)
    services = house.ok("GET", "/os-services", roles="admin")["services"]
    assert {each["state"] for each in services} == {"down"}
    aliases = {each["alias"] for each in house.ok("GET", "/extensions")["extensions"]}
    assert "backups" in aliases and "consistencygroups" not in aliases
    assert house.ask("GET", "/extensions/backups").status == 200
    assert house.ask("GET", "/extensions/nonsense").status == 404
    filters = house.ok("GET", "/resource_filters?resource=volume")["resource_filters"]
    assert "status" in filters[0]["filters"]


def test_leftovers_are_found_and_removed(house: House) -> None:
    volume_id = house.create()
    house.driver.create("volume-lost", GIB)
    house.objects.put_piece("77777777-lost", 0, b"bytes")
    found = house.client.leftovers().found
    assert found == (
        Stray("file", "volume-lost", "here"),
        Stray("backup", "77777777-lost"),
    )
    for each in (*found, Stray("file", f"volume-{volume_id}")):
        house.client.remove_leftover(each)
    assert house.client.leftovers().found == ()
    assert list(house.driver.disks()) == [f"volume-{volume_id}"]
    assert house.ask("GET", "/internal/leftovers").status == 403


def test_errors_have_cinders_shape(house: House) -> None:
    got = house.ask("GET", f"/volumes/{MISSING}")
    assert got.json == {
        "itemNotFound": {
            "code": 404,
            "message": f"Volume {MISSING} could not be found.",
        }
    }
    assert "badRequest" in house.ask("POST", "/volumes", {"x": 1}).json
    answer = house.caller.request("GET", f"/v3/{OWNER}/volumes", {}, b"")
    assert answer.status == 401 and "unauthorized" in answer.json()


def test_the_read_only_flag_takes_no_place_in_the_metadata(house: House) -> None:
    full = {f"k{number}": "v" for number in range(128)}
    volume_id = house.create(metadata=full)
    flag = {"readonly": True}
    assert house.act(volume_id, "os-update_readonly_flag", flag).status == 202
    path = f"/volumes/{volume_id}/metadata"
    found = house.ok("POST", path, {"metadata": {"k1": "w"}})["metadata"]
    assert found == {**full, "k1": "w", "readonly": "True"}
    assert house.ask("POST", path, {"metadata": {"more": "x"}}).status == 413
