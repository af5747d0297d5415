"""Lists of alarms, questions about them, and their history."""

from __future__ import annotations

from typing import Any

import orjson

from compute.alarm.upkeep import Upkeep
from test.unit.compute.alarm.house import House


def test_lists(house: House) -> None:
    for number in range(5):
        house.create(f"a{number}", severity="low" if number % 2 else "critical")
        house.clock.advance(1.0)

    def names(query: str) -> list[str]:
        got = house.call("GET", f"/alarms{query}")
        assert got.status == 200, got.body
        return [each["name"] for each in got.json]

    assert names("") == ["a4", "a3", "a2", "a1", "a0"]
    assert names("?sort=name:asc&limit=2") == ["a0", "a1"]
    first = house.call("GET", "/alarms?sort=name:asc&limit=2").json[-1]["alarm_id"]
    assert names(f"?sort=name:asc&limit=2&marker={first}") == ["a2", "a3"]
    assert names("?q.field=severity&q.op=eq&q.value=low") == ["a3", "a1"]
    two = "?q.field=name&q.op=ge&q.value=a2&q.field=enabled&q.op=eq&q.value=True"
    assert names(two) == ["a4", "a3", "a2"]
    for wrong in (
        "?sort=secret",
        "?sort=name:up",
        "?limit=0",
        "?limit=-1",
        "?q.field=name",
        "?q.field=rule&q.value=x",
        "?q.field=name&q.op=like&q.value=x",
        "?q.field=timestamp&q.value=x",
    ):
        assert house.call("GET", f"/alarms{wrong}").status == 400, wrong
    assert house.call("GET", "/alarms?marker=nobody").status == 404


def test_rich_questions(house: House) -> None:
    for number in range(4):
        house.create(f"a{number}", enabled=number != 1)

    def names(tree: Any, **more: Any) -> list[str]:
        body = {"filter": orjson.dumps(tree).decode(), **more}
        got = house.call("POST", "/query/alarms", body)
        assert got.status == 200, got.body
        return sorted(each["name"] for each in got.json)

    assert names({"=": {"name": "a1"}}) == ["a1"]
    assert names({"not": {"or": [{"=": {"name": "a1"}}, {">": {"name": "a2"}}]}}) == [
        "a0",
        "a2",
    ]
    assert names({"and": [{"=": {"enabled": False}}, {"!=": {"name": "a0"}}]}) == ["a1"]
    assert names({"in": {"name": ["a0", "a3"]}}) == ["a0", "a3"]
    assert names({">=": {"timestamp": "2000-01-01T00:00:00"}}, limit=2)
    order = orjson.dumps([{"name": "desc"}]).decode()
    got = house.call("POST", "/query/alarms", {"orderby": order, "limit": 1}).json
    assert [each["name"] for each in got] == ["a3"]
    found = house.call(
        "POST", "/query/alarms/history", {"filter": '{"=": {"type": "creation"}}'}
    )
    assert len(found.json) == 4
    deep: Any = {"=": {"name": "a"}}
    for _ in range(20):
        deep = {"not": deep}
    wide = {"or": [{"=": {"name": "a"}}] * 200}
    for wrong in (
        deep,
        wide,
        {"=~": {"name": "(a+)+"}},
        {"=": {"name": ["a"]}},
        {"=": {"nothing": 1}},
        {"=": {}},
        {"and": []},
        {"in": {"name": "a"}},
        [1],
        "x",
    ):
        body = {"filter": orjson.dumps(wrong).decode()}
        assert house.call("POST", "/query/alarms", body).status == 400, wrong
    assert house.call("POST", "/query/alarms", {"filter": "{"}).status == 400
    assert house.call("POST", "/query/alarms", {"secret": 1}).status == 400


def test_history_has_an_end(house: House) -> None:
    alarm = house.create()
    for _ in range(20):
        house.evaluate(99.0)
        house.evaluate(1.0)
    house.parts.run(
        lambda connection: house.parts.stores.cut_changes(connection, 10, 5)
    )
    assert len(house.history(alarm)) == 10
    house.clock.advance(house.settings.history_kept + 1.0)
    Upkeep(house.parts).step()
    assert house.history(alarm) == []
