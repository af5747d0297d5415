"""Whose rights stacks are worked on by, and that they end when nobody needs them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from compute.core.rooms.authority import ATTEMPT_SECONDS
from compute.orchestration.engine.upkeep import Upkeep
from objectstore.kernel.errors import Unavailable
from test.unit.compute.orchestration.house import House, template
from test.unit.compute.orchestration.world import Crash

GROUP = {
    "type": "OS::Heat::ResourceGroup",
    "properties": {"count": 1, "resource_def": {"type": "Test::Thing"}},
}
FARM = {
    "heat_template_version": "2021-04-16",
    "resources": {
        "group": {
            "type": "OS::Heat::AutoScalingGroup",
            "properties": {
                "min_size": 1,
                "max_size": 3,
                "resource": {"type": "member.yaml"},
            },
        },
    },
}
# What is in it is made with a token: only one tells where the signals go.
MEMBER = {
    "heat_template_version": "2021-04-16",
    "resources": {
        "handle": {"type": "OS::Heat::WaitConditionHandle"},
        "thing": {
            "type": "Test::Thing",
            "properties": {"any": {"get_attr": ["handle", "endpoint"]}},
        },
    },
}


def _stack(resources: Any) -> dict[str, Any]:
    return {"heat_template_version": "2021-04-16", "resources": resources}


def _nested(house: House, name: str, stack_id: str, resource: str) -> str:
    got = house.call("GET", f"/stacks/{name}/{stack_id}/resources/{resource}")
    inside = got.body["resource"]["physical_resource_id"]
    found = house.call("GET", f"/stacks?id={inside}&show_nested=true").body["stacks"]
    return f"/stacks/{found[0]['stack_name']}/{inside}"


def test_a_nested_stack_is_worked_on_by_the_rights_of_the_present(
    house: House,
) -> None:
    files = {"farm.yaml": FARM, "member.yaml": MEMBER}
    text = {name: _text(each) for name, each in files.items()}
    order = _stack({"farm": {"type": "farm.yaml"}})
    stack_id = house.create("s", order, files=text)
    house.settle()
    body = {"template": {**order, "description": "another"}, "files": text}
    assert house.call("PUT", f"/stacks/s/{stack_id}", body).status == 202
    house.settle()
    farm = _nested(house, "s", stack_id, "farm")
    got = house.call(
        "POST",
        f"{farm}/resources/group/signal",
        {"adjustment": 1, "adjustment_type": "change_in_capacity"},
    )
    assert got.status == 200, got.raw
    house.settle()
    assert len(house.world.things) == 2
    assert len(house.identity.trusts) == 1


def test_a_check_of_a_nested_stack_leaves_the_trust_of_the_outer_one(
    house: House,
) -> None:
    stack_id = house.create("s", _stack({"group": GROUP}))
    house.settle()
    inside = _nested(house, "s", stack_id, "group")
    assert house.call("POST", f"{inside}/actions", {"check": None}).status == 200
    house.settle()
    assert list(house.identity.trusts) == ["trust1"]
    assert house.call("DELETE", f"/stacks/s/{stack_id}").status == 204
    house.settle()
    assert house.state("s", stack_id) == "DELETE_COMPLETE"
    assert house.identity.trusts == {}


def test_a_trust_ends_once_identity_is_there_again(house: House) -> None:
    stack_id = house.create("s", template({"one": {}}))
    house.settle()
    house.call("DELETE", f"/stacks/s/{stack_id}")
    house.identity.keeps = True
    for _ in range(3):
        house.work_once()
    assert house.identity.trusts
    house.identity.keeps = False
    house.settle()
    assert house.identity.trusts == {}


def test_a_refused_order_is_told_though_its_trust_cannot_be_ended(
    house: House,
) -> None:
    stack_id = house.create("s", template({"one": {}}))
    house.settle()
    house.identity.keeps = True
    house.identity.when_trusting = lambda: house.call(
        "POST", f"/stacks/s/{stack_id}/actions", {"check": None}
    )
    got = house.call("PUT", f"/stacks/s/{stack_id}", {"template": template({})})
    assert got.status == 409, got.raw


def _rights(house: House, path: str) -> tuple[str, ...]:
    """The roles of the trust that the stack at that path is worked on by."""
    stacks = house.parts.stores.stacks
    stack_id = path.rsplit("/", 1)[-1]
    stack = house.parts.read(lambda connection: stacks.find(connection, stack_id))
    assert stack is not None
    return house.identity.trusts[stack.trust_id][2]


def _member_s_group(house: House) -> str:
    """A stack of a member whose group will do something at a signal."""
    stack_id = house.create("s", FARM, files={"member.yaml": _text(MEMBER)})
    house.settle()
    return stack_id


SIGNAL = {"adjustment": 1, "adjustment_type": "change_in_capacity"}


@pytest.mark.parametrize("word", ["check", "suspend"])
def test_an_administrator_who_looks_after_a_stack_lends_it_no_rights(
    house: House, word: str
) -> None:
    stack_id = _member_s_group(house)
    action = {word: None}
    got = house.call(
        "POST", f"/stacks/s/{stack_id}/actions", action, roles="member,admin"
    )
    assert got.status == 200
    house.settle()
    assert "admin" not in _rights(house, stack_id)
    assert "admin" not in _rights(house, _nested(house, "s", stack_id, "group"))


@pytest.mark.parametrize("word", ["cancel_update", "cancel_without_rollback"])
def test_what_a_member_made_gets_no_rights_by_an_administrators_broken_update(
    house: House, word: str
) -> None:
    stack_id = _member_s_group(house)
    path = f"/stacks/s/{stack_id}"
    group = f"{path}/resources/group/signal"
    files = {"member.yaml": _text(MEMBER)}
    order = {"template": template({"one": {"fails": "wait"}}), "files": files}
    got = house.call("PUT", path, order, roles="member,admin")
    assert got.status == 202
    house.work_once()
    assert house.call("POST", group, SIGNAL).status == 200
    inside = _nested(house, "s", stack_id, "group")
    assert "admin" not in _rights(house, inside)
    assert house.call("POST", f"{path}/actions", {word: None}).status == 202
    house.settle()
    # Still as it was made: whoever made it is who does what it is told.
    assert house.call("POST", group, SIGNAL).status == 200
    house.settle()
    assert "admin" not in _rights(house, inside)
    assert len(house.world.things) >= 3
    house.call("DELETE", path)
    house.settle()
    assert house.identity.trusts == {}


def test_turning_back_is_done_with_the_rights_of_who_wanted_that(
    house: House,
) -> None:
    stack_id = house.create("s", template({"one": {}}))
    house.settle()
    changed = template({"one": {"fails": "update", "size": 2}})
    order = {"template": changed, "disable_rollback": False}
    house.call("PUT", f"/stacks/s/{stack_id}", order, roles="member,admin")
    house.settle()
    assert house.state("s", stack_id) == "ROLLBACK_COMPLETE"
    assert "admin" not in _rights(house, stack_id)
    assert len(house.identity.trusts) == 1


def _text(document: Any) -> str:
    return orjson.dumps(document).decode()


def test_a_process_that_dies_leaves_no_trust(house: House) -> None:
    def die() -> None:
        raise Crash

    upkeep = Upkeep(house.parts)
    kept = house.create("kept", template({"one": {}}))
    house.settle()
    there = set(house.identity.trusts)
    for attribute in ("when_trusting", "when_trusted"):
        setattr(house.identity, attribute, die)
        with pytest.raises(Crash):
            house.create("s", template({"one": {}}))
    assert len(house.identity.trusts) == 2
    upkeep.step()
    assert len(house.identity.trusts) == 2  # whoever asked may still be about
    house.clock.advance(ATTEMPT_SECONDS + 1)
    house.identity.keeps = True
    with pytest.raises(Unavailable):
        upkeep.step()
    house.identity.keeps = False
    upkeep.step()
    assert set(house.identity.trusts) == there
    assert house.call("DELETE", f"/stacks/kept/{kept}").status == 204
    house.settle()
    assert house.identity.trusts == {}


def test_what_is_refused_leaves_no_trust(house: House) -> None:
    house.create("s", template({"one": {}}))
    there = set(house.identity.trusts)
    house.create("s", template({"one": {}}), status=409)
    # Somebody was first while the trust was made.
    house.identity.when_trusted = lambda: house.create("t", template({"one": {}}))
    house.identity.keeps = True
    house.create("t", template({"one": {}}), status=409)
    assert len(house.identity.trusts) == len(there) + 2
    house.identity.keeps = False
    house.clock.advance(ATTEMPT_SECONDS + 1)
    Upkeep(house.parts).step()
    assert len(house.identity.trusts) == len(there) + 1
