"""Stacks that wait before something is made, changed or deleted, until told."""

from __future__ import annotations

import json
from typing import Any

from test.unit.compute.orchestration.house import House, template

ALL = ["pre-create", "pre-update", "pre-delete"]


def _environment(*hooks: str, pattern: str = "o*") -> dict[str, Any]:
    return {"resource_registry": {"resources": {pattern: {"hooks": list(hooks)}}}}


def _work(house: House, rounds: int = 8) -> None:
    for _ in range(rounds):
        house.work_once()


def _events(house: House, path: str) -> list[dict[str, Any]]:
    found = house.call("GET", f"{path}/resources/one/events").body["events"]
    return list(found)


def _reasons(house: House, path: str) -> list[str]:
    return [each["resource_status_reason"] for each in _events(house, path)]


def _listed(house: House, path: str, query: str) -> list[dict[str, Any]]:
    return list(house.call("GET", f"{path}/resources?{query}").body["resources"])


def _status(house: House, path: str, name: str = "one") -> str:
    found = house.call("GET", f"{path}/resources/{name}").body["resource"]
    return str(found["resource_status"])


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
    assert _status(house, path) == "INIT_COMPLETE"
    assert _events(house, path)[-1]["resource_status"] == "INIT_COMPLETE"
    assert len(_listed(house, path, "status=COMPLETE&action=INIT")) == 1
    assert _listed(house, path, "action=CREATE") == []
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
    # Somebody is waited for also where nothing changes.
    assert house.call("PUT", path, body).status == 202
    _work(house)
    assert house.state("s", stack_id) == "UPDATE_IN_PROGRESS"
    _clear(house, path, "pre-update")
    house.settle()
    assert house.state("s", stack_id) == "UPDATE_COMPLETE"

    assert house.call("DELETE", path).status == 204
    _work(house)
    assert house.names() == ["s-one"]
    _clear(house, path, "pre-delete")
    house.settle()
    assert house.names() == []
    assert house.state("s", stack_id) == "DELETE_COMPLETE"


def test_hooks_of_what_is_inside(house: House) -> None:
    """``box`` is a nested stack; only its ``one`` waits, not the one beside it."""
    nested = json.dumps(template({"one": {}, "two": {}}))
    order = template({"one": {}})
    order["resources"]["box"] = {"type": "nested.yaml"}
    inside = {"box": {"one": {"hooks": "pre-create"}}}
    stack_id = house.create(
        "s",
        order,
        files={"nested.yaml": nested},
        environment={"resource_registry": {"resources": inside}},
    )
    _work(house)
    path = f"/stacks/s/{stack_id}"
    assert _status(house, path) == "CREATE_COMPLETE"
    box = house.call("GET", f"{path}/resources/box").body["resource"]
    (link,) = [each["href"] for each in box["links"] if each["rel"] == "nested"]
    below = link[link.index("/stacks/") :]
    assert _status(house, below) == "INIT_COMPLETE"
    assert _status(house, below, "two") == "CREATE_COMPLETE"
    _clear(house, below, "pre-create")
    house.settle()
    assert house.state("s", stack_id) == "CREATE_COMPLETE"


def test_what_is_said_of_what_is_inside_has_limits(house: House) -> None:
    deep: Any = {"hooks": "pre-create"}
    for _ in range(12):
        deep = {"one": deep}
    wide = {"box": {f"r{n}": {"hooks": []} for n in range(1000)}}
    for own in (deep, wide, {"box": {"one": {"hooks": "post-create"}}}):
        environment = {"resource_registry": {"resources": own}}
        house.create("s", template({}), status=400, environment=environment)


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
