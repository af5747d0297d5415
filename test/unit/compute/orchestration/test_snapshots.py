"""Stacks' snapshots: taken, shown, restored, deleted, and gone with their stack."""

from __future__ import annotations

from typing import Any

from compute.orchestration.engine.snapshots import SNAPSHOTS_MAX
from test.unit.compute.orchestration.house import OTHER, House, template

HIDDEN = {"password": {"type": "string", "hidden": True}}


def _taken(house: House, path: str, name: str = "first") -> str:
    got = house.call("POST", f"{path}/snapshots", {"name": name})
    assert got.status == 200, got.raw
    assert got.body["status"] == "IN_PROGRESS"
    house.settle()
    return str(got.body["id"])


def _one(house: House, path: str, snapshot_id: str) -> Any:
    got = house.call("GET", f"{path}/snapshots/{snapshot_id}")
    assert got.status == 200, got.raw
    return got.body["snapshot"]


def test_a_stack_becomes_what_it_was(house: House) -> None:
    wanted = template(
        {
            "one": {"size": 2, "key": {"get_param": "password"}},
            "two": {"needs": ["one"]},
        },
        parameters=HIDDEN,
    )
    stack_id = house.create("s", wanted, parameters={"password": "not-for-eyes"})
    house.settle()
    path = f"/stacks/s/{stack_id}"
    snapshot_id = _taken(house, path)
    assert house.state("s", stack_id) == "SNAPSHOT_COMPLETE"
    shown = _one(house, path, snapshot_id)
    assert (shown["name"], shown["status"]) == ("first", "COMPLETE")
    assert sorted(shown["data"]["resources"]) == ["one", "two"]
    assert "not-for-eyes" not in str(shown)
    saved = shown["data"]["resources"]["one"]["resource_data"]["thing"]
    listed = house.call("GET", f"{path}/snapshots").body["snapshots"]
    assert [each["id"] for each in listed] == [snapshot_id]

    body = {"template": template({"one": {"size": 5}})}
    assert house.call("PUT", path, body).status == 202
    house.settle()
    got = house.call("POST", f"{path}/snapshots/{snapshot_id}/restore")
    assert got.status == 202, got.raw
    house.settle()
    assert house.state("s", stack_id) == "RESTORE_COMPLETE"
    things = {
        each["name"].rsplit("-", 1)[0]: each for each in house.world.things.values()
    }
    assert things["s-one"]["size"] == 2
    assert things["s-one"]["any"] == saved
    assert "s-two" in things
    # The next update, of what is shown, changes nothing.
    there = house.call("GET", f"{path}/template").body
    body = {"template": there, "parameters": {"password": "not-for-eyes"}}
    before = list(house.world.log)
    assert house.call("PUT", path, body).status == 202
    house.settle()
    assert house.world.log == before

    assert house.call("DELETE", f"{path}/snapshots/{snapshot_id}").status == 204
    assert saved not in house.world.things
    assert house.call("GET", f"{path}/snapshots").body["snapshots"] == []
    for method in ("GET", "DELETE"):
        got = house.call(method, f"{path}/snapshots/{snapshot_id}")
        assert got.status == 404


def test_snapshots_go_with_their_stack(house: House) -> None:
    stack_id = house.create("s", template({"one": {}}))
    house.settle()
    path = f"/stacks/s/{stack_id}"
    _taken(house, path)
    # One that is under way when the stack is deleted.
    assert house.call("POST", f"{path}/snapshots", {}).status == 200
    house.world.slow = 2
    house.work_once()
    assert house.call("DELETE", path).status == 204
    house.settle()
    assert house.state("s", stack_id) == "DELETE_COMPLETE"
    assert house.world.things == {}


def test_one_that_fails(house: House) -> None:
    stack_id = house.create("s", template({"one": {}, "two": {"fails": "snapshot"}}))
    house.settle()
    path = f"/stacks/s/{stack_id}"
    snapshot_id = _taken(house, path)
    assert house.state("s", stack_id) == "SNAPSHOT_FAILED"
    shown = _one(house, path, snapshot_id)
    assert shown["status"] == "FAILED"
    assert "told to fail" in shown["status_reason"]
    got = house.call("POST", f"{path}/snapshots/{snapshot_id}/restore")
    assert got.status == 409
    assert house.call("DELETE", f"{path}/snapshots/{snapshot_id}").status == 204
    assert house.names() == ["s-one", "s-two"]


def test_what_is_refused(house: House) -> None:
    stack_id = house.create("s", template({"one": {}}))
    path = f"/stacks/s/{stack_id}/snapshots"
    assert house.call("POST", path, {}).status == 409  # it is being made
    house.settle()
    for body in ({"name": 5}, {"name": "x" * 300}, []):
        assert house.call("POST", path, body).status == 400
    assert house.call("GET", path, project=OTHER).status == 404
    got = house.call("POST", path, {}, roles="reader")
    assert got.status == 403
    first = _taken(house, f"/stacks/s/{stack_id}")
    other = house.create("t", template({"one": {}}))
    house.settle()
    assert house.call("GET", f"/stacks/t/{other}/snapshots/{first}").status == 404
    for _ in range(SNAPSHOTS_MAX - 1):
        _taken(house, f"/stacks/s/{stack_id}")
    got = house.call("POST", path, {})
    assert got.status == 403
    assert str(SNAPSHOTS_MAX) in got.body["error"]["message"]


def test_what_failed_before_its_turn_saves_nothing(house: House) -> None:
    """What the snapshot before saved stays that one's alone."""
    things = {"one": {}, "two": {"needs": ["one"]}}
    stack_id = house.create("s", template(things))
    house.settle()
    path = f"/stacks/s/{stack_id}"
    first = _taken(house, path)
    things["one"] = {"fails": "snapshot"}
    assert house.call("PUT", path, {"template": template(things)}).status == 202
    house.settle()
    second = _taken(house, path, "second")
    assert house.state("s", stack_id) == "SNAPSHOT_FAILED"
    resources = _one(house, path, second)["data"]["resources"]
    assert resources["two"]["resource_data"] == {}

    saved = _one(house, path, first)["data"]["resources"]["two"]["resource_data"]
    assert house.call("DELETE", f"{path}/snapshots/{second}").status == 204
    assert saved["thing"] in house.world.things
