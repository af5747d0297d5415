"""The metric room on every database: its tables, a life, races for a series."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.metric.tables import metadata
from objectstore.kernel import concurrency
from test.fakes.tokens import fake_token
from test.unit.compute.metric.house import OTHER, House

T0 = 1_699_999_200
GREENLETS = 6


@pytest.fixture
def house(migrated: Database, tmp_path: Path) -> Iterator[House]:
    url = migrated.url.render_as_string(hide_password=False)
    found = House(tmp_path, url, fold_after=0.0)
    yield found
    found.database.close()


def test_migrated_tables_are_those_of_the_code(database: Database) -> None:
    upgrade(database, ["metric"])
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            each
            for each in compare_metadata(context, metadata)
            if not (each[0] == "remove_table" and each[1].name == "alembic_version")
        ]
    assert differences == []


def test_a_life(house: House) -> None:
    metric = house.metric(house.policy("fine", (1, 5000), (60, 100)), name="größe")
    # More than 64 KiB in one row.
    house.add(metric, *((T0 + each / 7, each * 1.1) for each in range(20_000)))
    before = house.points(metric)
    house.fold()
    assert house.points(metric) == before
    assert len(house.objects.found) == 2
    resource = {"id": "r", "display_name": "ö", "metrics": {"cpu": {}}}
    made = house.ok("POST", "/v1/resource/instance", resource)
    house.later(5)
    house.ok("PATCH", f"/v1/resource/instance/{made['id']}", {"host": "alpha"})
    search = {"and": [{"=": {"project_id": None}}, {"like": {"host": "al%"}}]}
    query = "details=true&history=true"
    found = house.ok("POST", f"/v1/search/resource/instance?{query}", search)
    assert [each["host"] for each in found] == ["alpha"]
    token = fake_token(OTHER)
    assert house.ok("GET", "/v1/metric", token=token) == []
    assert len(house.ok("GET", "/v1/metric?limit=1")) == 1
    assert house.ok("DELETE", "/v1/resource/instance", search) == {"deleted": 1}
    house.ok("DELETE", f"/v1/metric/{metric}")
    house.later(700)
    house.fold()
    assert not house.objects.found


def test_writers_and_folders_at_once(house: House) -> None:
    metric = house.metric(house.policy("fine", (1, 5000), (60, 100)))

    def write(number: int) -> None:
        for each in range(8):
            house.add(metric, (T0 + number + each / 100, 1.0))
            house.fold()

    tasks = [concurrency.spawn(write, number) for number in range(GREENLETS)]
    for task in tasks:
        concurrency.wait_task(task)
    query = "aggregation=count&granularity=1"
    found = [each[2] for each in house.points(metric, query)]
    assert found == [8.0] * GREENLETS
    house.fold()
    assert [each[2] for each in house.points(metric, query)] == found


def test_creators_of_one_name(house: House) -> None:
    made = house.ok("POST", "/v1/resource/generic", {"id": "r"})
    path = f"/v1/resource/generic/{made['id']}/metric"
    statuses = []

    def create() -> None:
        statuses.append(house.call("POST", path, {"cpu": {}}).status)

    tasks = [concurrency.spawn(create) for _ in range(GREENLETS)]
    for task in tasks:
        concurrency.wait_task(task)
    assert sorted(statuses) == [200] + [409] * (GREENLETS - 1)
    assert len(house.ok("GET", path)) == 1
