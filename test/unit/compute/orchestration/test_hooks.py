"""Stacks that wait before something is made, changed or deleted, until told."""

from __future__ import annotations

from typing import Any

from test.unit.compute.orchestration.house import House, template

ALL = ["pre-create", "pre-update", "pre-delete"]


def _environment(*hooks: str, pattern: str = "o*") -> dict[str, Any]:
    return {"resource_registry": {"resources": {pattern: {"hooks": list(hooks)}}}}


def _work(house: House, rounds: int = 8) -> None:
    for _ in range(rounds):
        house.work_once()


def _reasons(house: House, path: str) -> list[str]:
    events = house.call("GET", f"{path}/resources/one/events").body["events"]
    return [each["resource_status_reason"] for each in events]


def _clear(house: House, path: str, hook: str, status: int = 200, **more: Any) -> None:
    body = {"unset_hook": hook}
    got = house.call("POST", f"{path}/resources/one/signal", body, **more)
    assert got.status == status, got.raw


def test_a_stack_waits_at_each_of_its_hooks(house: House) -> None:
    resources = {"one": {}, "two": {"needs": ["one"]}}
    environment = _environment(*ALL)
    stack_id = house.create("s", template(resources), environment=environment)
    path = f"/stacks/s/{stack_id}"
    _work(house)
    assert house.names() == []
    assert (
        _reasons(house, path).count("CREATE paused until Hook pre-create is cleared")
        == 1
    )
    _clear(house, path, "pre-update", status=400)
    _clear(house, path, "pre-create", status=403, roles="reader")
    _clear(house, path, "pre-create")
    _clear(house, path, "pre-create", status=400)
    house.settle()
    assert house.state("s", stack_id) == "CREATE_COMPLETE"
    assert "Hook pre-create is cleared" in _reasons(house, path)

    changed = {**resources, "one": {"size": 2}}
    body = {"template": template(changed), "environment": environment}
    assert house.call("PUT", path, body).status == 202
    _work(house)
    assert house.state("s", stack_id) == "UPDATE_IN_PROGRESS"
    assert ("change", "s-one") not in house.world.log
    _clear(house, path, "pre-update")
    house.settle()
    assert house.state("s", stack_id) == "UPDATE_COMPLETE"
    assert ("change", "s-one") in house.world.log
    # What does not change waits for nobody.
    assert house.call("PUT", path, body).status == 202
    house.settle()
    assert house.state("s", stack_id) == "UPDATE_COMPLETE"

    assert house.call("DELETE", path).status == 204
    _work(house)
    assert house.names() == ["s-one"]
    _clear(house, path, "pre-delete")
    house.settle()
    assert house.names() == []
    assert house.state("s", stack_id) == "DELETE_COMPLETE"


def test_one_that_nobody_clears_times_out(house: House) -> None:
    stack_id = house.create(
        "s",
        template({"one": {}}),
        environment=_environment("pre-create"),
        timeout_mins=1,
    )
    house.settle()
    assert house.state("s", stack_id) == "CREATE_FAILED"


def test_hooks_that_are_none(house: House) -> None:
    for hooks in ("post-create", 5, [["pre-create"]], {"pre-create": 1}):
        environment = {"resource_registry": {"resources": {"one": {"hooks": hooks}}}}
        text = house.create(
            "s", template({"one": {}}), status=400, environment=environment
        )
        assert "hooks are some of" in text
