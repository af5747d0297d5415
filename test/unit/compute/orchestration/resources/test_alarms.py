"""Alarms of stacks: made once, changed in place, switched off with their stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.orchestration.errors import Invalid
from test.unit.compute.alarm.house import OWNER, SIGNAL, House
from test.unit.compute.orchestration.resources.bench import TYPES, Bench

_COMMON = {"threshold": 80, "aggregation_method": "mean", "comparison_operator": "gt"}
_LEAF = {
    **_COMMON,
    "type": "gnocchi_resources_threshold",
    "metric": "cpu",
    "resource_type": "instance",
    "resource_id": "r",
}
GIVEN: dict[str, dict[str, Any]] = {
    "OS::Aodh::GnocchiResourcesAlarm": {
        **_COMMON,
        "metric": "cpu",
        "resource_type": "instance",
        "resource_id": "r",
    },
    "OS::Aodh::GnocchiAggregationByMetricsAlarm": {**_COMMON, "metrics": ["a", "b"]},
    "OS::Aodh::GnocchiAggregationByResourcesAlarm": {
        **_COMMON,
        "aggregation_method": "rate:mean",
        "metric": "cpu",
        "resource_type": "instance",
        "query": {"=": {"server_group": "s"}},
        "granularity": 300,
        "evaluation_periods": 2,
    },
    "OS::Aodh::CompositeAlarm": {
        "composite_rule": {"operator": "or", "rules": [_LEAF, {"and": [_LEAF, _LEAF]}]}
    },
    "OS::Aodh::EventAlarm": {
        "event_type": "compute.instance.*",
        "query": [{"field": "traits.state", "op": "eq", "value": "error"}],
    },
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[tuple[House, Bench]]:
    house = House(tmp_path)
    yield house, Bench({"alarming": house.caller}, house.clock, OWNER, lambda: None)
    house.close()


@pytest.mark.parametrize("kind", GIVEN)
def test_a_life_with_a_kill_at_any_request(
    kind: str, bench: tuple[House, Bench]
) -> None:
    house, stack = bench
    given = {**GIVEN[kind], "alarm_actions": [f"trust+{SIGNAL}"], "description": "d"}
    work = stack.make(kind, die_after=1, **given)
    (alarm,) = house.call("GET", "/alarms").json
    assert (alarm["alarm_id"], alarm["name"]) == (work.physical_id, work.physical_name)
    assert alarm["type"] == TYPES.get(kind).alarm_type  # type: ignore[attr-defined]
    assert alarm["repeat_actions"] is True
    house.call("PUT", f"/alarms/{work.physical_id}/state", "alarm")
    change = stack.change(kind, work, severity="critical", die_after=1)
    assert not stack.kind(kind).must_replace(change)
    shown = stack.kind(kind).attribute(work, "show")
    assert (shown["severity"], shown["state"]) == ("critical", "alarm")
    stack.kind(kind).suspend(work)
    assert house.show(alarm)["enabled"] is False
    stack.kind(kind).resume(work)
    assert house.show(alarm)["enabled"] is True
    stack.kind(kind).check(work)
    night = {"name": "n", "start": "0 23 * * *", "duration": 60}
    change = stack.change(kind, work, time_constraints=[night])
    assert stack.kind(kind).must_replace(change)
    stack.delete(kind, work, die_after=1)
    assert house.call("GET", "/alarms").json == []
    stack.delete(kind, work)


def test_what_cannot_be(bench: tuple[House, Bench]) -> None:
    kind = "OS::Aodh::EventAlarm"
    with pytest.raises(Invalid, match="queues"):
        bench[1].work(kind, alarm_queues=["q"])
    with pytest.raises(Invalid, match="rules"):
        bench[1].work(
            "OS::Aodh::CompositeAlarm",
            composite_rule={"operator": "or", "rules": [_LEAF]},
        )
