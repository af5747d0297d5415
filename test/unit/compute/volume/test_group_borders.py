"""Where groups end: other projects, ones that are no more, and jobs under way."""

from __future__ import annotations

from test.unit.compute.volume.house import OTHER, OWNER, House
from test.unit.compute.volume.test_groups import group, make_group, snapshot_of


def test_no_job_loses_the_group_that_it_is_at(house: House) -> None:
    key = make_group(house)
    house.create(group_id=key)
    taken = snapshot_of(house, key)
    house.work()
    body = {"create-from-src": {"group_snapshot_id": taken}}
    copy = house.ok("POST", "/groups/action", body)["group"]["id"]
    path = f"/internal/projects/{OWNER}"
    assert house.ask("DELETE", path, roles="service").status == 400
    house.work()
    assert group(house, copy)["status"] == "available"
    house.ok("DELETE", f"/group_snapshots/{taken}")
    assert house.ask("DELETE", path, roles="service").status == 400
    house.work()
    house.ok("DELETE", path, roles="service")
    assert house.ok("GET", "/snapshots")["snapshots"] == []


def test_a_group_has_volumes_of_its_project_only(house: House) -> None:
    key = make_group(house)
    body = {"volume": {"size": 1, "group_id": key}}
    assert house.ask("POST", "/volumes", body, project=OTHER).status == 404
    got = house.ask("POST", "/volumes", body, project=OTHER, roles="admin")
    assert got.status == 404


def test_no_part_of_a_groups_snapshot_goes_to_another_project(house: House) -> None:
    key = make_group(house)
    left = house.create(group_id=key)
    snapshot_of(house, key)
    house.work()
    body = {"group": {"remove_volumes": left}}
    house.ok("PUT", f"/groups/{key}", body)
    got = house.ask("POST", "/volume-transfers", {"transfer": {"volume_id": left}})
    assert got.status == 400 and "group snapshot" in got.message
    assert house.status(left) == "available"
