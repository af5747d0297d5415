"""What alarms read of the real metric room: only what their project may see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.alarm.measures import MetricRoom, Unmeasured
from compute.alarm.model import BY_METRICS, BY_RESOURCES, RESOURCE
from compute.metric.client import MetricClient
from test.unit.compute.metric.house import OTHER, OWNER, House

FIRST = "11111111-1111-4111-8111-111111111111"
SECOND = "22222222-2222-4222-8222-222222222222"
RULE: dict[str, Any] = {
    "aggregation_method": "mean",
    "granularity": 60,
    "evaluation_periods": 2,
    "resource_type": "instance",
    "resource_id": FIRST,
    "metric": "load",
    "query": '{"=": {"server_group": "mine"}}',
}


@pytest.fixture
def metrics(tmp_path: Path) -> Iterator[House]:
    """Two resources of a group, measured for five minutes: 1, 2 ... and ten times."""
    house = House(tmp_path)
    start = house.clock.time() // 60 * 60
    for resource_id, factor in ((FIRST, 1), (SECOND, 10)):
        body = {
            "id": resource_id,
            "server_group": "mine",
            "metrics": {"load": {"archive_policy_name": "ceilometer-medium-rate"}},
        }
        house.ok("POST", "/v1/resource/instance", body)
        path = f"/v1/resource/instance/{resource_id}/metric/load/measures"
        measures = [
            {"timestamp": start + 60 * minute, "value": factor * minute**2}
            for minute in range(5)
        ]
        house.ok("POST", path, measures)
    house.clock.advance(start + 5 * 60 - house.clock.time())
    yield house
    house.database.close()


def values(house: House, kind: str, project: str = OWNER, **more: Any) -> list[float]:
    room = MetricRoom(MetricClient(house.caller, house.tokens))
    return list(room.values(project, kind, {**RULE, **more}, house.clock.time()))


def ids(house: House) -> list[str]:
    found = house.ok("GET", "/v1/resource/instance")
    return [each["metrics"]["load"] for each in found]


def test_each_kind_of_rule(metrics: House) -> None:
    assert values(metrics, RESOURCE)[-2:] == [9.0, 16.0]
    assert values(metrics, BY_RESOURCES)[-2:] == [49.5, 88.0]
    both = values(metrics, BY_METRICS, metrics=ids(metrics))
    assert both[-2:] == [49.5, 88.0]
    rates = values(metrics, BY_RESOURCES, aggregation_method="rate:mean")
    assert rates[-2:] == [27.5, 38.5]
    # No more than is wanted, and one that may be on its way.
    assert len(values(metrics, RESOURCE)) <= 3


def test_what_is_not_there_or_not_for_this_project(metrics: House) -> None:
    foreign = {"project": OTHER}
    for kind, more in (
        (RESOURCE, foreign),
        (BY_RESOURCES, foreign),
        (BY_METRICS, {**foreign, "metrics": ids(metrics)}),
        (RESOURCE, {"resource_id": "9" * 8 + FIRST[8:]}),
        (RESOURCE, {"metric": "nothing"}),
        (RESOURCE, {"granularity": 7}),
        (BY_METRICS, {"metrics": ids(metrics), "aggregation_method": "max"}),
        (BY_METRICS, {"metrics": ["no id"]}),
        (BY_RESOURCES, {"query": '{"=": {"nothing": 1}}'}),
        (BY_RESOURCES, {"resource_type": "nothing"}),
    ):
        try:
            found = values(metrics, kind, **more)
        except Unmeasured as error:
            assert str(error)
        else:
            assert found == [], (kind, more)
