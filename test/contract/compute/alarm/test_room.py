"""The alarm room on every database: its tables, a life, questions, two processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.alarm.evaluator import Evaluator
from compute.alarm.tables import metadata
from compute.alarm.upkeep import Upkeep
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from objectstore.kernel import concurrency
from test.unit.compute.alarm.house import SIGNAL, House

PROCESSES = 4


@pytest.fixture
def house(migrated: Database, tmp_path: Path) -> Iterator[House]:
    url = migrated.url.render_as_string(hide_password=False)
    found = House(tmp_path, url, history_per_alarm=10)
    yield found
    found.close()


def test_migrated_tables_are_those_of_the_code(database: Database) -> None:
    upgrade(database, ["alarm"])
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            each
            for each in compare_metadata(context, metadata)
            if not (each[0] == "remove_table" and each[1].name == "alembic_version")
        ]
    assert differences == []


def test_a_life(house: House) -> None:
    long = [f"http://203.0.113.1/{number}/{'x' * 2000}" for number in range(10)]
    house.settings = type(house.settings)(
        webhook_networks_allowed=("203.0.113.0/24",), history_per_alarm=10
    )
    house.parts = house.process("here")
    alarm = house.create("é" * 200, status=400, ok_actions=long)
    alarm = house.create("é" * 200, description="ü" * 4000, ok_actions=[SIGNAL])
    for number in range(14):
        house.evaluate(99.0 if number % 2 else 1.0)
        house.deliver()
    assert len(house.stacks.told) == 7
    Upkeep(house.parts).step()
    assert len(house.history(alarm)) == 10
    tree = {"and": [{"=": {"enabled": True}}, {"not": {"=": {"state": "ok"}}}]}
    tree["and"].append({">": {"state_timestamp": "2001-01-01"}})
    body = {"filter": orjson.dumps(tree).decode(), "orderby": '[{"enabled": "desc"}]'}
    assert len(house.call("POST", "/query/alarms", body).json) == 1
    for query in (
        "sort=enabled:asc&sort=timestamp:desc",
        "q.field=name&q.value=%C3%A9",
    ):
        assert house.call("GET", f"/alarms?{query}").status == 200
    page = house.call("GET", f"/alarms/{alarm['alarm_id']}/history?limit=3").json
    more = f"limit=3&marker={page[-1]['event_id']}"
    rest = house.call("GET", f"/alarms/{alarm['alarm_id']}/history?{more}").json
    assert len({each["event_id"] for each in page + rest}) == 6
    for path in ("/alarms/%00", "/alarms?marker=%00", "/alarms/%00/history"):
        assert house.call("GET", path).status in (400, 404)
    assert house.call("DELETE", f"/alarms/{alarm['alarm_id']}").status == 204


def test_of_many_processes_one_fires(house: House) -> None:
    for number in range(3):
        house.create(f"a{number}", alarm_actions=[SIGNAL], repeat_actions=True)
    house.measures.by_metric["cpu"] = [99.0]
    loops = [
        Evaluator(house.process(f"there{number}"), house.measures)
        for number in range(PROCESSES)
    ]
    tasks = [concurrency.spawn(each.step) for each in loops]
    for task in tasks:
        concurrency.wait_task(task)
    assert house.owed() == ["act"] * 3


def test_quotas_hold_when_many_ask(house: House) -> None:
    house.settings = type(house.settings)(alarms_per_project=2)
    house.parts.settings = house.settings
    statuses: list[int] = []
    body = {"name": "e", "type": "event"}

    def ask() -> None:
        statuses.append(house.call("POST", "/alarms", body).status)

    tasks = [concurrency.spawn(ask) for _ in range(5)]
    for task in tasks:
        concurrency.wait_task(task)
    assert sorted(statuses) == [201, 201, 403, 403, 403]
