"""The alarm room under the same garbage (see ``test_garbage``)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from test.fakes.tokens import fake_token
from test.unit.compute.alarm.house import OWNER, RULE, SIGNAL, House
from test.unit.compute.garbage.bodies import Bodies
from test.unit.compute.garbage.test_garbage import Victim, throw_all

_CONSTRAINT = {
    "name": "n",
    "description": "d",
    "start": "0 23 * * *",
    "duration": 60,
    "timezone": "Europe/Berlin",
}
_ALARM: dict[str, Any] = {
    "name": "a",
    "description": "d",
    "type": "gnocchi_resources_threshold",
    "gnocchi_resources_threshold_rule": {
        **RULE,
        "granularity": "60",
        "evaluation_periods": 2,
    },
    "enabled": True,
    "severity": "low",
    "repeat_actions": False,
    "state": "ok",
    "alarm_actions": [SIGNAL],
    "ok_actions": ["log://"],
    "insufficient_data_actions": [f"trust+{SIGNAL}"],
    "time_constraints": [_CONSTRAINT],
    "project_id": OWNER,
    "user_id": "u1",
}
_LEAF = {**RULE, "type": "gnocchi_resources_threshold"}
_COMPOSITE = {
    "name": "c",
    "type": "composite",
    "composite_rule": {"or": [_LEAF, {"and": [_LEAF, _LEAF]}]},
}
_EVENT = {
    "name": "e",
    "type": "event",
    "event_rule": {
        "event_type": "compute.*",
        "query": [{"field": "f", "op": "eq", "type": "string", "value": "v"}],
    },
}
_RESOURCES = {
    "name": "r",
    "type": "gnocchi_aggregation_by_resources_threshold",
    "gnocchi_aggregation_by_resources_threshold_rule": {
        "metric": "cpu",
        "query": '{"=": {"server_group": "s"}}',
        "resource_type": "instance",
        "aggregation_method": "rate:mean",
        "threshold": "1.5",
    },
}
_METRICS = {
    "name": "m",
    "type": "gnocchi_aggregation_by_metrics_threshold",
    "gnocchi_aggregation_by_metrics_threshold_rule": {
        "metrics": ["a", "b"],
        "aggregation_method": "95pct",
        "threshold": 1,
    },
}
_ALARMS = [_ALARM, _COMPOSITE, _EVENT, _RESOURCES, _METRICS]
_QUESTION = {
    "filter": {"and": [{"=": {"severity": "low"}}, {"not": {"=": {"type": "x"}}}]},
    "orderby": [{"timestamp": "asc"}],
    "limit": 3,
}
BODIES: Bodies = {
    ("POST", "/v2/alarms"): _ALARMS,
    ("PUT", "/v2/alarms/{alarm_id}"): _ALARMS,
    ("PUT", "/v2/alarms/{alarm_id}/state"): ["ok"],
    ("POST", "/v2/query/alarms"): [_QUESTION],
    ("POST", "/v2/query/alarms/history"): [_QUESTION],
    ("POST", "/v2/quotas"): [
        {"project_id": OWNER, "quotas": [{"resource": "alarms", "limit": -1}]}
    ],
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path, alarms_per_project=-1)
    yield found
    found.close()


def test_alarms(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    ids = {"alarm_id": house.create()["alarm_id"], "project_id": OWNER}
    victim = Victim(
        tuple(house.api.routes), house.caller, fake_token(OWNER, "admin"), BODIES, ids
    )
    assert throw_all(victim, caplog) == []
