"""The power fails at each moment of each operation: the next process goes on, makes
nothing twice, forgets nothing, and ends where it would have ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compute.core.jobs.lease import LEASE_SECONDS
from test.unit.compute.orchestration.house import House, template
from test.unit.compute.orchestration.world import Crash

BEFORE = {
    "base": {"size": 1},
    "red": {"colour": "red", "needs": ["base"]},
    "gone": {"needs": ["base"]},
}
AFTER = {
    "base": {"size": 2},
    "red": {"colour": "blue", "needs": ["base"]},
    "new": {"needs": ["red"]},
}
BROKEN = {**AFTER, "new": {"fails": "create", "needs": ["red"]}}
# More moments than any of the operations has.
MOMENTS_MAX = 400

Begin = Callable[[House], str]


def create(house: House) -> str:
    return house.create("s", template(BEFORE))


def update(house: House) -> str:
    return _change(house, AFTER)


def turn_back(house: House) -> str:
    return _change(house, BROKEN)


def delete(house: House) -> str:
    stack_id = create(house)
    house.settle()
    assert house.call("DELETE", f"/stacks/s/{stack_id}").status == 204
    return stack_id


def check(house: House) -> str:
    stack_id = create(house)
    house.settle()
    path = f"/stacks/s/{stack_id}/actions"
    assert house.call("POST", path, {"check": None}).status == 200
    return stack_id


def snapshot(house: House) -> str:
    stack_id = create(house)
    house.settle()
    assert house.call("POST", f"/stacks/s/{stack_id}/snapshots", {}).status == 200
    return stack_id


def _change(house: House, wanted: object) -> str:
    stack_id = create(house)
    house.settle()
    body = {"template": template(wanted), "disable_rollback": False}
    assert house.call("PUT", f"/stacks/s/{stack_id}", body).status == 202
    return stack_id


OPERATIONS: dict[str, tuple[Begin, str, list[str]]] = {
    "create": (create, "CREATE_COMPLETE", ["s-base", "s-gone", "s-red"]),
    "update": (update, "UPDATE_COMPLETE", ["s-base", "s-new", "s-red"]),
    "turn back": (turn_back, "ROLLBACK_COMPLETE", ["s-base", "s-gone", "s-red"]),
    "snapshot": (
        snapshot,
        "SNAPSHOT_COMPLETE",
        ["s-base", "s-base saved", "s-gone", "s-gone saved", "s-red", "s-red saved"],
    ),
    "delete": (delete, "DELETE_COMPLETE", []),
    "check": (check, "CHECK_COMPLETE", ["s-base", "s-gone", "s-red"]),
}


def crashed(directory: Path, begin: Begin) -> Iterator[tuple[House, str]]:
    """The operation with a crash at each of its moments in turn."""
    for number in range(1, MOMENTS_MAX):
        place = directory / str(number)
        place.mkdir()
        house = House(place)
        stack_id = begin(house)
        house.power.fail_at = house.power.moments + number
        try:
            house.settle()
        except Crash:
            house.power.restore()
            yield house, stack_id
            house.database.close()
        else:
            house.database.close()
            return
    raise AssertionError("the operation has no end")


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_it_goes_on_after_a_crash_at_any_moment(tmp_path: Path, name: str) -> None:
    begin, status, names = OPERATIONS[name]
    moments = 0
    for house, stack_id in crashed(tmp_path, begin):
        moments += 1
        house.settle()
        assert house.state("s", stack_id) == status, moments
        assert house.names() == names, moments
    assert moments > 10


def test_it_is_deleted_whole_after_a_crash_at_any_moment(tmp_path: Path) -> None:
    for house, stack_id in crashed(tmp_path, create):
        assert house.call("DELETE", f"/stacks/s/{stack_id}").status == 204
        house.settle()
        assert house.state("s", stack_id) == "DELETE_COMPLETE"
        assert house.world.things == {}
        assert house.identity.trusts == {}


def test_another_process_goes_on_when_the_lease_has_run_out(tmp_path: Path) -> None:
    house = House(tmp_path)
    stack_id = create(house)
    house.power.fail_at = house.power.moments + 6
    with pytest.raises(Crash):
        house.settle()
    house.power.restore()
    house.parts.owner = "there"
    house.work_once()
    assert house.state("s", stack_id) == "CREATE_IN_PROGRESS"  # it is still the first's
    house.clock.advance(LEASE_SECONDS)
    house.settle()
    assert house.state("s", stack_id) == "CREATE_COMPLETE"
    assert house.names() == ["s-base", "s-gone", "s-red"]
    house.database.close()
