"""The one table of states: what is asked in which, and where random walks end."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compute.core.sql.database import Connection
from compute.orchestration import states
from compute.orchestration.tables import stacks
from test.unit.compute.orchestration.house import House, template

REQUESTS: dict[str, tuple[str, str, Any]] = {
    "update": ("PUT", "", {"template": template({"one": {}})}),
    "delete": ("DELETE", "", None),
    "snapshot": ("POST", "/snapshots", {}),
    "suspend": ("POST", "/actions", {"suspend": None}),
    "resume": ("POST", "/actions", {"resume": None}),
    "check": ("POST", "/actions", {"check": None}),
    "cancel_update": ("POST", "/actions", {"cancel_update": None}),
    "cancel_without_rollback": (
        "POST",
        "/actions",
        {"cancel_without_rollback": None},
    ),
}
RESOURCES: list[dict[str, Any]] = [
    {"one": {}},
    {"one": {"size": 2}, "two": {"needs": ["one"]}},
    {"one": {"colour": "red"}, "two": {"fails": "create", "needs": ["one"]}},
    {"two": {"fails": "update", "size": 4}},
    {"one": {"fails": "wait"}},
    {},
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("states"))


@pytest.mark.parametrize("request_name", sorted(REQUESTS))
def test_every_pair_answers_2xx_or_409(house: House, request_name: str) -> None:
    method, below, body = REQUESTS[request_name]
    for action, status in sorted(states.ALL):
        if (action, status) == (states.DELETE, states.COMPLETE):
            continue  # there is no such stack any more
        name = f"s{request_name.replace('_', '')}-{action.lower()}-{status.lower()}"
        stack_id = house.create(name, template({"one": {}}))
        values = {"action": action, "status": status}
        statement = stacks.update().where(stacks.c.id == stack_id).values(**values)
        house.parts.run(partial(_execute, statement))
        got = house.call(method, f"/stacks/{name}/{stack_id}{below}", body)
        is_allowed = (action, status) in states.ALLOWED[request_name]
        assert (got.status < 300) is is_allowed, (action, status, got.raw)
        assert is_allowed or got.status == 409


def _execute(statement: sa.Update, connection: Connection) -> None:
    connection.execute(statement)


STEPS = st.one_of(
    st.tuples(st.just("work"), st.integers(1, 4)),
    st.tuples(st.just("update"), st.integers(0, len(RESOURCES) - 1)),
    st.tuples(st.sampled_from(sorted(set(REQUESTS) - {"update"})), st.just(0)),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    first=st.integers(0, len(RESOURCES) - 1),
    rolls_back=st.booleans(),
    steps=st.lists(STEPS, max_size=8),
)
def test_a_random_walk_ends_at_rest_and_leaves_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    first: int,
    rolls_back: bool,
    steps: list[tuple[str, int]],
) -> None:
    walked = House(tmp_path_factory.mktemp("walk"), timeout_minutes=1)
    order = template(RESOURCES[first])
    stack_id = walked.create("s", order, disable_rollback=not rolls_back)
    path = f"/stacks/s/{stack_id}"
    for word, number in steps:
        if word == "work":
            for _ in range(number):
                walked.work_once()
            continue
        method, below, body = REQUESTS[word]
        if word == "update":
            body = {
                "template": template(RESOURCES[number]),
                "disable_rollback": not rolls_back,
            }
        got = walked.call(method, path + below, body)
        assert got.status in (200, 202, 204, 404, 409), got.raw
    walked.settle()
    action, status = walked.state("s", stack_id).rsplit("_", 1)
    assert not status.startswith("PROGRESS"), (action, status)
    for _ in range(2):
        walked.call("DELETE", path)
        walked.settle()
    assert walked.state("s", stack_id) == "DELETE_COMPLETE"
    assert walked.world.things == {}
    assert walked.identity.trusts == {}
    walked.database.close()
