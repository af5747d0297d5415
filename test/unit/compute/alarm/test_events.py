"""Alarms that wait for events, with the real rooms of servers and volumes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from compute.alarm.events import Event, concerns
from compute.alarm.parts import Parts
from compute.alarm.watcher import SHELVES, Watcher
from test.unit.compute.alarm.house import OTHER, OWNER, SIGNAL, House
from test.unit.compute.instance.house import House as ServerHouse
from test.unit.compute.volume.house import House as VolumeHouse

SECONDS = 5.0


@pytest.fixture
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerHouse]:
    found = ServerHouse(tmp_path_factory.mktemp("servers"))
    found.furnish()
    yield found
    found.close()


def _waits(house: House, kind: str, **traits: str) -> Any:
    query = [
        {"field": f"traits.{name}", "value": each} for name, each in traits.items()
    ]
    return house.create(
        kind, type="event", event_rule={"event_type": kind, "query": query}
    )


def test_a_server_that_stops(house: House, servers: ServerHouse) -> None:
    house.clock.advance(servers.clock.time() - house.clock.time())
    caller = servers.parts.callers["compute"]

    def look(parts: Parts) -> None:
        for clock in (house.clock, servers.clock):
            clock.advance(SECONDS)
        Watcher(parts, "compute", caller, house.tokens, SHELVES["compute"]).step()

    look(house.parts)
    made = _waits(house, "compute.instance.create.end")
    stopped = _waits(house, "compute.instance.update", state="stopped")
    gone = _waits(house, "compute.instance.delete.*")
    server_id = servers.boot()
    look(house.parts)
    assert house.show(made)["state"] == "alarm"
    assert server_id in house.show(made)["state_reason"]
    assert house.show(stopped)["state"] == "insufficient data"
    servers.act(server_id, "os-stop")
    servers.work()
    look(house.parts)
    assert house.show(stopped)["state"] == "alarm"
    house.call("PUT", f"/alarms/{stopped['alarm_id']}/state", "ok")
    for _ in range(2):
        look(house.parts)
    assert house.show(stopped)["state"] == "ok"
    assert servers.ask("DELETE", f"/servers/{server_id}").status == 204
    servers.work()
    look(house.parts)
    assert house.show(gone)["state"] == "alarm"


def test_a_volume_of_two_processes_and_two_projects(
    house: House, tmp_path_factory: pytest.TempPathFactory
) -> None:
    volumes = VolumeHouse(tmp_path_factory.mktemp("volumes"))
    house.clock.advance(volumes.clock.time() - house.clock.time())
    there = house.process("there")
    watchers = [
        Watcher(each, "volume", volumes.caller, house.tokens, SHELVES["volume"])
        for each in (house.parts, there)
    ]

    def look() -> None:
        for clock in (house.clock, volumes.clock):
            clock.advance(SECONDS)
        for watcher in watchers:
            watcher.step()

    look()
    rule = {"event_type": "volume.*", "query": []}
    house.create(type="event", event_rule=rule, alarm_actions=[SIGNAL])
    house.create(type="event", event_rule=rule, project=OTHER, alarm_actions=[SIGNAL])
    volumes.create(size=1)
    look()
    assert house.deliver() == 1
    news = house.stacks.told[0][2]
    assert news["reason_data"]["event"]["event_type"].startswith("volume.")
    assert ["status", 1, "available"] in news["reason_data"]["event"]["traits"]
    look()
    assert house.deliver() == 0
    volumes.close()


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"field": "traits.state", "op": "eq", "value": "error"}, True),
        ({"field": "traits.state", "op": "ne", "value": "error"}, False),
        ({"field": "traits.size", "op": "gt", "type": "integer", "value": "9"}, True),
        ({"field": "traits.size", "op": "gt", "type": "integer", "value": "x"}, False),
        ({"field": "traits.nothing", "op": "ne", "value": "x"}, False),
        ({"field": "event_type", "op": "eq", "value": "a.b"}, True),
        (
            {
                "field": "generated",
                "op": "lt",
                "type": "datetime",
                "value": "2030-01-01",
            },
            True,
        ),
    ],
)
def test_conditions(condition: dict[str, str], holds: bool) -> None:
    event = Event("a.b", 1.7e9, OWNER, {"state": "error", "size": "10"})
    rule = {"event_type": "a.*", "query": [{"type": "", **condition}]}
    assert concerns(event, OWNER, rule) is holds
    assert not concerns(event, OTHER, rule)
    assert not concerns(event, OWNER, {"event_type": "b.*", "query": []})


def test_patterns_take_no_time() -> None:
    event = Event("a" * 30, 1.7e9, OWNER, {})
    assert not concerns(event, OWNER, {"event_type": "*a" * 120 + "b", "query": []})
