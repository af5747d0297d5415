"""Groups whose members are made, and changed, so many at once with pauses between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from test.unit.compute.orchestration.house import House
from test.unit.compute.orchestration.world import Crash

PAUSE = 20.0
POLICY = {
    "batch_create": {"max_batch_size": 2, "pause_time": PAUSE},
    "rolling_update": {
        "max_batch_size": 3,
        "min_in_service": 3,
        "pause_time": PAUSE,
    },
}


def _order(colour: str, count: int = 5, policy: Any = POLICY) -> dict[str, Any]:
    definition = {"type": "Test::Thing", "properties": {"colour": colour}}
    return {
        "heat_template_version": "2021-04-16",
        "resources": {
            "group": {
                "type": "OS::Heat::ResourceGroup",
                "properties": {"count": count, "resource_def": definition},
                "update_policy": policy,
            }
        },
    }


def _colours(house: House) -> list[str]:
    return sorted(str(each["colour"]) for each in house.world.things.values())


def _while_it_pauses(house: House) -> list[str]:
    """What there is when nothing moves for half of the pause."""
    for _ in range(40):
        before = house.clock.time()
        seen = _colours(house)
        while house.clock.time() - before < PAUSE / 2:
            house.work_once()
            if _colours(house) != seen:
                break
        else:
            return seen
    raise AssertionError("it never pauses")


def test_members_are_made_and_changed_in_batches(house: House) -> None:
    stack_id = house.create("s", _order("red"))
    seen = []
    for _ in range(2):
        seen.append(len(_while_it_pauses(house)))
        house.clock.advance(PAUSE)
    assert seen == [2, 4]
    house.settle()
    assert house.state("s", stack_id) == "CREATE_COMPLETE"
    assert _colours(house) == ["red"] * 5

    path = f"/stacks/s/{stack_id}"
    assert house.call("PUT", path, {"template": _order("blue")}).status == 202
    mixed = []
    for _ in range(2):
        # Three stay in service, so two at once and not three.
        mixed.append(_while_it_pauses(house).count("blue"))
        house.clock.advance(PAUSE)
    assert mixed == [2, 4]
    house.settle()
    assert house.state("s", stack_id) == "UPDATE_COMPLETE"
    assert _colours(house) == ["blue"] * 5

    # What is no other definition is done at once.
    assert house.call("PUT", path, {"template": _order("blue", 7)}).status == 202
    began = house.clock.time()
    house.settle()
    assert house.clock.time() - began < PAUSE
    assert _colours(house) == ["blue"] * 7


def test_without_a_policy_all_at_once(house: House) -> None:
    stack_id = house.create("s", _order("red", policy={}))
    began = house.clock.time()
    house.settle()
    assert house.clock.time() - began < PAUSE
    assert house.state("s", stack_id) == "CREATE_COMPLETE"


def test_a_crash_between_batches(tmp_path: Path) -> None:
    for moment in range(8, 64, 7):
        place = tmp_path / str(moment)
        place.mkdir()
        house = House(place)
        stack_id = house.create("s", _order("red", 3))
        house.power.fail_at = house.power.moments + moment
        with pytest.raises(Crash):
            house.settle()
        house.power.restore()
        house.settle()
        assert house.state("s", stack_id) == "CREATE_COMPLETE"
        assert _colours(house) == ["red"] * 3
        house.database.close()


@pytest.mark.parametrize(
    "policy",
    [
        {"rolling_update": {"max_batch_size": 0}},
        {"rolling_update": {"pause_time": "soon"}},
        {"batch_create": {"min_in_service": 1}},
        {"other": {}},
        [],
        [1],
    ],
)
def test_policies_are_checked(house: House, policy: Any) -> None:
    text = house.create("s", _order("red", policy=policy), 201 if policy == [] else 400)
    assert policy == [] or "update_policy" in text
