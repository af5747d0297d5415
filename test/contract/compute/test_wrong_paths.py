"""On every path of a room a method that it does not have is 405, with those that it
has; what is no path is 404."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.core.api.frame import Api
from compute.core.rooms.room import Room
from test.fakes.tokens import fake_token
from test.unit.compute.alarm.house import House as AlarmHouse
from test.unit.compute.balancer.house import House as BalancerHouse
from test.unit.compute.instance.house import OWNER, House
from test.unit.compute.metric.house import House as MetricHouse
from test.unit.compute.orchestration.house import House as StackHouse
from test.unit.compute.secret.house import House as SecretHouse
from test.unit.compute.volume.house import House as VolumeHouse

ROOMS = {
    "image": "/v2",
    "network": "/v2.0",
    "compute": "/v2.1",
    "volume": "/v3",
    "load-balancer": "/v2.0",
    "orchestration": "/v1",
    "alarming": "/v2",
    "metric": "/v1",
    "key-manager": "/v1",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    directory: Path = tmp_path_factory.mktemp("paths")
    found = House(directory)
    volumes = VolumeHouse(tmp_path_factory.mktemp("volumes"))
    found.parts.callers["volume"] = volumes.caller  # type: ignore[index]
    found.rooms["volume"] = volumes.room
    balancers = BalancerHouse(tmp_path_factory.mktemp("balancers"))
    found.parts.callers["load-balancer"] = balancers.caller  # type: ignore[index]
    found.rooms["load-balancer"] = balancers.room
    stacks = StackHouse(tmp_path_factory.mktemp("stacks"))
    found.parts.callers["orchestration"] = stacks.caller  # type: ignore[index]
    found.rooms["orchestration"] = Room("orchestration", stacks.api)
    alarms = AlarmHouse(tmp_path_factory.mktemp("alarms"))
    found.parts.callers["alarming"] = alarms.caller  # type: ignore[index]
    found.rooms["alarming"] = Room("alarming", alarms.api)
    metrics = MetricHouse(tmp_path_factory.mktemp("metrics"))
    found.parts.callers["metric"] = metrics.caller  # type: ignore[index]
    found.rooms["metric"] = metrics.room
    secrets = SecretHouse(tmp_path_factory.mktemp("secrets"))
    found.parts.callers["key-manager"] = secrets.caller  # type: ignore[index]
    found.rooms["key-manager"] = Room("key-manager", secrets.api)
    yield found
    found.close()


def answer(house: House, room: str, method: str, path: str) -> tuple[int, set[str]]:
    headers = {"X-Auth-Token": fake_token(OWNER, "admin,service")}
    got = house.parts.callers[room].request(method, path, headers, b"")
    got.read()
    return got.status, set((got.headers.get("allow") or "").split(", "))


@pytest.mark.parametrize("room", ROOMS)
def test_a_method_that_a_path_does_not_have(house: House, room: str) -> None:
    api = house.rooms[room].application
    assert isinstance(api, Api)
    assert len(api.routes) > 10
    for route in api.routes:
        path = re.sub(r"{\w+}", "1", route.template)
        status, allowed = answer(house, room, "LOCK", path)
        assert (status, route.method in allowed) == (405, True), path


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_no_path(house: House, room: str) -> None:
    for path in ("/nonsense", f"{ROOMS[room]}/nonsense/1/2/3/4/5/6"):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            assert answer(house, room, method, path)[0] == 404
