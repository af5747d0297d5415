"""Snapshots of one moment without a group, copies, and what projects share."""

from __future__ import annotations

from typing import Any

from compute.volume.stores.shares import ShareStore
from test.unit.compute.volume.house import OTHER, OWNER, House


def taken(house: House, volume: str) -> str:
    body = {
        "snapshot": {"volume_id": volume, "name": "of mine", "metadata": {"a": "b"}}
    }
    key = house.ok("POST", "/snapshots", body)["snapshot"]["id"]
    house.work()
    return str(key)


def snapshot(house: House, key: str) -> dict[str, Any]:
    found: dict[str, Any] = house.ok("GET", f"/snapshots/{key}")["snapshot"]
    return found


def test_a_set_of_one_moment(house: House) -> None:
    volumes = [house.create(), house.create()]
    wanted = [{"volume_id": each, "name": each[:4]} for each in volumes]
    made = house.ok("POST", "/snapshots/together", {"snapshots": wanted})["snapshots"]
    assert {each["status"] for each in made} == {"creating"}
    house.work()
    for each, volume in zip(made, volumes, strict=True):
        shown = snapshot(house, each["id"])
        assert (shown["status"], shown["volume_id"]) == ("available", volume)
        assert shown["name"] == volume[:4] and shown["group_snapshot_id"] is None
    house.ok("DELETE", f"/snapshots/{made[0]['id']}")
    house.work()
    assert house.ask("GET", f"/snapshots/{made[0]['id']}").status == 404
    for wrong in ([], [wanted[0]] * 2, [{"volume_id": house.create(project=OTHER)}]):
        got = house.ask("POST", "/snapshots/together", {"snapshots": wrong})
        assert got.status in (400, 404), wrong


def test_a_set_that_is_too_much_is_not_begun(house: House) -> None:
    volumes = [house.create(), house.create()]
    quota = {"quota_set": {"snapshots": 1}}
    house.ok("PUT", f"/os-quota-sets/{OWNER}", quota, roles="admin")
    wanted = [{"volume_id": each} for each in volumes]
    got = house.ask("POST", "/snapshots/together", {"snapshots": wanted})
    assert got.status == 413
    assert house.ok("GET", "/snapshots")["snapshots"] == []


def test_a_copy_stays_when_the_first_goes(house: House) -> None:
    first = taken(house, house.create())
    body = {"copy": {"description": "again"}}
    copy = house.ok("POST", f"/snapshots/{first}/copies", body)["snapshot"]["id"]
    assert house.ask("POST", f"/snapshots/{copy}/copies", body).status == 400
    house.work()
    house.ok("DELETE", f"/snapshots/{first}")
    house.work()
    assert snapshot(house, copy)["status"] == "available"
    made = house.create(snapshot_id=copy)
    assert house.volume(made)["status"] == "available"
    assert (
        house.ask("POST", f"/snapshots/{copy}/copies", body, project=OTHER).status
        == 404
    )


def test_what_is_shared_is_seen_and_used(house: House) -> None:
    key = taken(house, house.create())
    path, theirs = f"/snapshots/{key}", {"project": OTHER}
    assert house.ask("GET", path, **theirs).status == 404
    assert house.ask("GET", f"{path}/shares", **theirs).status == 404
    body = {"shares": {"add": [OTHER, OWNER]}}
    shared = house.ok("POST", f"{path}/shares", body)["shares"]
    assert shared == [{"project_id": OTHER}]
    (seen,) = house.ok("GET", "/snapshots/shared", **theirs)["snapshots"]
    assert seen == house.ok("GET", path, **theirs)["snapshot"]
    assert (seen["id"], seen["name"], seen["metadata"]) == (key, "", {})
    assert seen["os-extended-snapshot-attributes:project_id"] == OWNER
    assert house.ok("GET", "/snapshots/shared")["snapshots"] == []
    (mine,) = house.ok("GET", f"/snapshots/shared?project_id={OTHER}")["snapshots"]
    assert (mine["id"], mine["name"]) == (key, "of mine")
    assert house.ok("GET", "/snapshots", **theirs)["snapshots"] == []
    # Nor do lists tell by what they find.
    for hidden in ("name~=mine", "sort=name:asc", "metadata={'z':'y'}"):
        got = house.ask("GET", f"/snapshots/shared?{hidden}", **theirs)
        assert got.status == 400, hidden
    made = house.create(snapshot_id=key, project=OTHER)
    # It is theirs to use, and no more.
    for got in (
        house.ask("GET", f"{path}/shares", **theirs),
        house.ask("POST", f"{path}/shares", body, **theirs),
        house.ask("DELETE", path, **theirs),
        house.ask("GET", f"{path}/metadata", **theirs),
        house.ask("POST", f"{path}/copies", {"copy": {}}, **theirs),
    ):
        assert got.status == 404
    house.ok("POST", f"{path}/shares", {"shares": {"remove": [OTHER]}})
    assert house.ask("GET", path, **theirs).status == 404
    again = {"volume": {"snapshot_id": key}}
    assert house.ask("POST", "/volumes", again, **theirs).status == 404
    got = house.ok("GET", f"/volumes/{made}", **theirs)["volume"]
    assert got["status"] == "available"


def test_shares_go_with_their_snapshot(house: House) -> None:
    key = taken(house, house.create())
    path = f"/snapshots/{key}"
    house.ok("POST", f"{path}/shares", {"shares": {"add": [OTHER]}})
    many = [f"{number:032x}" for number in range(200)]
    got = house.ask("POST", f"{path}/shares", {"shares": {"add": many}})
    assert got.status == 413
    house.ok("DELETE", path)
    house.work()
    assert house.ok("GET", "/snapshots/shared", project=OTHER)["snapshots"] == []
    shares = ShareStore()
    assert house.database.read(lambda it: shares.projects(it, key)) == []
