"""Stacks from their order to their end, over the API."""

from __future__ import annotations

from typing import Any

import pytest

from test.unit.compute.orchestration.house import OTHER, House, template

TWO = {"one": {"size": 1}, "two": {"size": 2, "needs": ["one"]}}


def update(house: House, name: str, stack_id: str, resources: Any, **more: Any) -> None:
    body = {"template": template(resources), **more}
    got = house.call("PUT", f"/stacks/{name}/{stack_id}", body)
    assert got.status == 202, got.raw


def test_a_stack_is_made_in_order_and_deleted_backwards(house: House) -> None:
    stack_id = house.create("s", template(TWO))
    assert house.state("s", stack_id) == "CREATE_IN_PROGRESS"
    house.settle()
    assert house.state("s", stack_id) == "CREATE_COMPLETE"
    assert house.world.log == [("make", "s-one"), ("make", "s-two")]
    assert house.call("DELETE", f"/stacks/s/{stack_id}").status == 204
    house.settle()
    assert house.world.log[2:] == [("drop", "s-two"), ("drop", "s-one")]
    assert house.state("s", stack_id) == "DELETE_COMPLETE"
    assert house.call("GET", "/stacks/s").status == 404
    assert not house.identity.trusts


def test_what_needs_nothing_is_made_together(house: House) -> None:
    house.world.slow = 3
    stack_id = house.create("s", template({name: {} for name in "abcdef"}))
    house.work_once()
    assert len(house.world.things) == 6
    assert house.state("s", stack_id) == "CREATE_IN_PROGRESS"
    house.settle()
    assert house.state("s", stack_id) == "CREATE_COMPLETE"


def test_an_update_changes_replaces_adds_and_removes(house: House) -> None:
    before = {
        "same": {},
        "changed": {"size": 1},
        "replaced": {"colour": "red"},
        "gone": {},
    }
    stack_id = house.create("s", template(before))
    house.settle()
    after = {
        "same": {},
        "changed": {"size": 5},
        "replaced": {"colour": "blue"},
        "new": {},
    }
    body = {"template": template(after)}
    got = house.call("PUT", f"/stacks/s/{stack_id}/preview", body)
    shown = {
        kind: [each["resource_name"] for each in entries]
        for kind, entries in got.body["resource_changes"].items()
    }
    assert shown == {
        "unchanged": ["same"],
        "updated": ["changed"],
        "replaced": ["replaced"],
        "added": ["new"],
        "deleted": ["gone"],
    }
    house.world.log.clear()
    update(house, "s", stack_id, after)
    house.settle()
    assert house.state("s", stack_id) == "UPDATE_COMPLETE"
    made, dropped = house.world.log[:3], house.world.log[3:]
    assert sorted(made) == [
        ("change", "s-changed"),
        ("make", "s-new"),
        ("make", "s-replaced"),
    ]
    assert sorted(dropped) == [("drop", "s-gone"), ("drop", "s-replaced")]


def test_a_failure_is_told_and_can_be_mended(house: House) -> None:
    broken = {"one": {}, "two": {"fails": "create", "needs": ["one"]}}
    stack_id = house.create("s", template(broken))
    house.settle()
    shown = house.show("s", stack_id)
    assert shown["stack_status"] == "CREATE_FAILED"
    assert "resources.two: told to fail" in shown["stack_status_reason"]
    update(house, "s", stack_id, TWO)
    house.settle()
    assert house.state("s", stack_id) == "UPDATE_COMPLETE"
    assert house.names() == ["s-one", "s-two"]


def test_a_creation_that_fails_is_rolled_back(house: House) -> None:
    broken = {"one": {}, "two": {"fails": "create", "needs": ["one"]}}
    stack_id = house.create("s", template(broken), disable_rollback=False)
    house.settle()
    assert house.state("s", stack_id) == "ROLLBACK_COMPLETE"
    assert house.world.things == {}


def test_an_update_that_fails_is_rolled_back_to_the_very_things(house: House) -> None:
    before = {"one": {"colour": "red"}, "two": {"size": 1, "needs": ["one"]}}
    stack_id = house.create("s", template(before))
    house.settle()
    kept = dict(house.world.things)
    after = {
        "one": {"colour": "blue"},
        "two": {"size": 3, "fails": "update", "needs": ["one"]},
    }
    update(house, "s", stack_id, after, disable_rollback=False)
    house.settle()
    assert house.state("s", stack_id) == "ROLLBACK_COMPLETE"
    assert house.world.things.keys() == kept.keys()
    shown = house.call("GET", f"/stacks/s/{stack_id}/template").body
    assert shown["resources"]["one"]["properties"] == {"colour": "red"}


def test_suspend_and_resume_go_through_all(house: House) -> None:
    stack_id = house.create("s", template(TWO))
    house.settle()
    house.world.log.clear()
    path = f"/stacks/s/{stack_id}/actions"
    assert house.call("POST", path, {"suspend": None}).status == 200
    house.settle()
    assert house.state("s", stack_id) == "SUSPEND_COMPLETE"
    assert house.world.log == [("change", "s-two"), ("change", "s-one")]
    body = {"template": template(TWO)}
    assert house.call("PUT", f"/stacks/s/{stack_id}", body).status == 409
    assert house.call("POST", path, {"resume": None}).status == 200
    house.settle()
    assert house.state("s", stack_id) == "RESUME_COMPLETE"
    assert not any(each["asleep"] for each in house.world.things.values())


def test_a_check_finds_what_is_gone_and_an_update_makes_it_again(house: House) -> None:
    stack_id = house.create("s", template(TWO))
    house.settle()
    house.world.things.clear()
    path = f"/stacks/s/{stack_id}/actions"
    assert house.call("POST", path, {"check": None}).status == 200
    house.settle()
    assert house.state("s", stack_id) == "CHECK_FAILED"
    resources = house.call("GET", f"/stacks/s/{stack_id}/resources").body["resources"]
    assert {each["resource_status"] for each in resources} == {"CHECK_FAILED"}
    update(house, "s", stack_id, TWO)
    house.settle()
    assert house.state("s", stack_id) == "UPDATE_COMPLETE"
    assert house.names() == ["s-one", "s-two"]


def test_what_takes_too_long_times_out(house: House) -> None:
    stack_id = house.create("s", template({"one": {"fails": "wait"}}), timeout_mins=1)
    house.settle()
    shown = house.show("s", stack_id)
    assert shown["stack_status"] == "CREATE_FAILED"
    assert shown["stack_status_reason"] == "Create timed out"
    # Whoever works on it is told that nobody waits.
    assert ("give up", "CREATE aborted (Timed out)") in house.world.log


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("cancel_update", "ROLLBACK_COMPLETE"),
        ("cancel_without_rollback", "UPDATE_FAILED"),
    ],
)
def test_an_update_is_called_off(house: House, word: str, status: str) -> None:
    stack_id = house.create("s", template({"one": {}}))
    house.settle()
    update(house, "s", stack_id, {"one": {"fails": "wait"}, "two": {"needs": ["one"]}})
    house.work_once()
    path = f"/stacks/s/{stack_id}/actions"
    assert house.call("POST", path, {word: None}).status == 202
    house.settle()
    assert house.state("s", stack_id) == status
    assert house.call("POST", path, {word: None}).status == 409


def test_a_stack_is_deleted_while_it_is_made(house: House) -> None:
    house.world.slow = 5
    stack_id = house.create("s", template(TWO))
    house.work_once()
    assert house.call("DELETE", f"/stacks/s/{stack_id}").status == 204
    house.settle()
    assert house.state("s", stack_id) == "DELETE_COMPLETE"
    assert house.world.things == {}


def test_the_world_may_be_away_for_a_while(house: House) -> None:
    house.world.away = True
    stack_id = house.create("s", template(TWO))
    for _ in range(5):
        house.work_once()
    assert house.state("s", stack_id) == "CREATE_IN_PROGRESS"
    house.world.away = False
    house.settle()
    assert house.state("s", stack_id) == "CREATE_COMPLETE"


def test_policies_of_deletion_and_things_of_others(house: House) -> None:
    found = template({"kept": {}, "gone": {}})
    found["resources"]["kept"]["deletion_policy"] = "retain"
    mine = house.world.make("mine-already-there", {})
    found["resources"]["other"] = {"type": "Test::Thing", "external_id": mine}
    stack_id = house.create("s", found)
    house.settle()
    assert house.state("s", stack_id) == "CREATE_COMPLETE"
    house.call("DELETE", f"/stacks/s/{stack_id}")
    house.settle()
    assert house.names() == ["mine-already-there", "s-kept"]


def test_what_is_in_it_is_saved_before_it_goes(house: House) -> None:
    found = template({"one": {"size": 3}, "bad": {"fails": "create"}, "two": {}})
    for name in ("one", "bad"):
        found["resources"][name]["deletion_policy"] = "Snapshot"
    stack_id = house.create("s", found)
    house.settle()
    assert house.state("s", stack_id) == "CREATE_FAILED"
    (mine,) = (key for key, each in house.world.things.items() if each["size"] == 3)
    house.call("DELETE", f"/stacks/s/{stack_id}")
    house.settle()
    assert house.state("s", stack_id) == "DELETE_COMPLETE"
    (saved,) = house.world.things.values()
    assert saved["size"] == 3 and mine not in house.world.things

    # What cannot be saved does not go; what is gone already is no hindrance.
    found = template({"one": {"fails": "snapshot"}})
    found["resources"]["one"]["deletion_policy"] = "Snapshot"
    stack_id = house.create("s", found)
    house.settle()
    house.call("DELETE", f"/stacks/s/{stack_id}")
    house.settle()
    assert house.state("s", stack_id) == "DELETE_FAILED"
    assert len(house.world.things) == 2


def test_others_do_not_see_it(house: House) -> None:
    stack_id = house.create("s", template(TWO))
    for path in (f"/stacks/s/{stack_id}", "/stacks/s", f"/stacks/{stack_id}"):
        assert house.call("GET", path, project=OTHER).status == 404
        assert house.call("DELETE", path, project=OTHER).status == 404
    assert house.call("GET", "/stacks", project=OTHER).body == {"stacks": []}
    mine = f"/v1/{house.parts.owner}/stacks"
    assert house.call("GET", mine).status == 403
    assert house.call("POST", "/stacks", {}, roles="reader").status == 403


def test_names_are_taken_once_and_projects_have_a_quota(tmp_path: Any) -> None:
    house = House(tmp_path, stacks_per_project=2)
    house.create("a", template({}))
    assert "already exists" in house.create("a", template({}), 409)
    house.create("b", template({}))
    assert "maximum stacks" in house.create("c", template({}), 403)
    assert len(house.identity.trusts) == 2


def test_whoever_cannot_entrust_makes_no_stack(house: House) -> None:
    house.identity.refuses = True
    assert "trust" in house.create("s", template(TWO), 403)
    assert house.call("GET", "/stacks").body == {"stacks": []}


def _external(identifier: str) -> dict[str, Any]:
    resource = {"type": "Test::Thing", "external_id": identifier}
    return {"heat_template_version": "2021-04-16", "resources": {"one": resource}}


def test_what_is_not_the_stacks_becomes_so_by_a_new_one_only(house: House) -> None:
    stack_id = house.create("s", _external("theirs"))
    house.settle()
    assert not house.world.things
    body = {"template": template({"one": {}})}
    got = house.call("PUT", f"/stacks/s/{stack_id}/preview", body)
    assert len(got.body["resource_changes"]["replaced"]) == 1
    update(house, "s", stack_id, {"one": {}})
    house.settle()
    assert house.state("s", stack_id) == "UPDATE_COMPLETE"
    assert house.names() == ["s-one"]
    # Back would mean to delete it, and it may be what the id is of.
    mine = next(iter(house.world.things))
    got = house.call("PUT", f"/stacks/s/{stack_id}", {"template": _external(mine)})
    assert got.status == 202
    house.settle()
    shown = house.show("s", stack_id)
    assert shown["stack_status"] == "UPDATE_FAILED"
    assert "external_id" in shown["stack_status_reason"]
    assert house.names() == ["s-one"]


def test_a_nested_stack_that_is_kept_is_one_of_its_own(house: House) -> None:
    inner = {
        "type": "OS::Heat::ResourceGroup",
        "properties": {"count": 2, "resource_def": {"type": "Test::Thing"}},
    }
    outer = {
        "type": "OS::Heat::ResourceGroup",
        "deletion_policy": "Retain",
        "properties": {"count": 1, "resource_def": inner},
    }
    order = {"heat_template_version": "2021-04-16", "resources": {"g": outer}}
    stack_id = house.create("s", order)
    house.settle()
    house.call("DELETE", f"/stacks/s/{stack_id}")
    house.settle()
    assert house.state("s", stack_id) == "DELETE_COMPLETE"
    assert len(house.world.things) == 2
    assert not house.identity.trusts
    (kept,) = house.call("GET", "/stacks").body["stacks"]
    assert kept["stack_status"] == "CREATE_COMPLETE"
    path = f"/stacks/{kept['stack_name']}/{kept['id']}"
    assert house.call("DELETE", path).status == 204
    house.settle()
    assert not house.world.things
    assert house.call("GET", "/stacks?show_nested=true").body == {"stacks": []}
    assert not house.identity.trusts
