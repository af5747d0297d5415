"""The orchestration room on every database: its tables, a life, races for a name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.orchestration.engine.upkeep import Upkeep
from compute.orchestration.tables import metadata
from objectstore.kernel import concurrency
from test.unit.compute.orchestration.house import House, template

GREENLETS = 6
# Beyond what a TEXT of MariaDB holds.
LONG = 100_000


@pytest.fixture
def house(migrated: Database, tmp_path: Path) -> Iterator[House]:
    url = migrated.url.render_as_string(hide_password=False)
    found = House(tmp_path, url, events_per_stack=12, deleted_kept=60.0)
    yield found
    found.database.close()


def test_migrated_tables_are_those_of_the_code(database: Database) -> None:
    upgrade(database, ["orchestration"])
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            each
            for each in compare_metadata(context, metadata)
            if not (each[0] == "remove_table" and each[1].name == "alembic_version")
        ]
    assert differences == []


def test_a_life(house: House) -> None:
    resources = {"one": {"extra": {"é": "x" * LONG}}, "two": {"needs": ["one"]}}
    order = template(resources, description="d" * LONG)
    stack_id = house.create("s", order, files={"f": "y" * LONG}, tags=["a", "b"])
    house.settle()
    shown = house.show("s", stack_id)
    assert shown["stack_status"] == "CREATE_COMPLETE"
    assert shown["tags"] == ["a", "b"]
    more = template({"one": {"size": 7, "colour": "red"}})
    body = {"template": more, "disable_rollback": False}
    assert house.call("PUT", f"/stacks/s/{stack_id}", body).status == 202
    house.settle()
    assert house.state("s", stack_id) == "UPDATE_COMPLETE"
    assert house.names() == ["s-one"]
    for query in ("sort_keys=name", "tags=a", "status=COMPLETE", "with_count=1"):
        got = house.call("GET", f"/stacks?{query}&sort_dir=desc&limit=5")
        assert got.status == 200, got.raw
    config = {"name": "c", "config": "z" * LONG, "inputs": [{"name": "n"}]}
    got = house.call("POST", "/software_configs", config)
    assert got.body["software_config"]["config"] == config["config"]
    Upkeep(house.parts).step()
    events = house.call("GET", f"/stacks/s/{stack_id}/events").body["events"]
    assert len(events) == 12
    assert house.call("DELETE", f"/stacks/s/{stack_id}").status == 204
    house.settle()
    house.clock.advance(61.0)
    Upkeep(house.parts).step()
    assert house.call("GET", f"/stacks/s/{stack_id}").status == 404


def test_one_of_many_gets_a_name(house: House) -> None:
    order = {"stack_name": "s", "template": template({"one": {}})}
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(house.call("POST", "/stacks", order).status)

    tasks = [concurrency.spawn(ask) for _ in range(GREENLETS)]
    for task in tasks:
        concurrency.wait_task(task)
    assert sorted(statuses) == [201] + [409] * (GREENLETS - 1)
    house.settle()
    assert house.names() == ["s-one"]
    assert len(house.identity.trusts) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/stacks?name=%00",
        "/stacks?tags=a%00b",
        "/stacks?marker=%00",
        "/stacks/%00",
        "/stacks/a/%00",
        "/stacks/a/b/resources/%00",
        "/software_configs?marker=%00",
        "/software_deployments?server_id=%00",
    ],
)
def test_zeros_in_questions_find_nothing(house: House, path: str) -> None:
    assert house.call("GET", path).status in (200, 400, 404)
