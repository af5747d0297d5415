"""The metric room under the same garbage (see ``test_garbage``)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.core.api.frame import Api
from test.fakes.tokens import fake_token
from test.unit.compute.garbage.bodies import Bodies
from test.unit.compute.garbage.test_garbage import Victim, throw_all
from test.unit.compute.metric.house import OWNER, House

T0 = 1_699_999_200
RESOURCE = "/v1/resource/{type}"
ONE = f"{RESOURCE}/{{resource_id}}"
_MEASURES = [{"timestamp": T0, "value": 1.5}, {"timestamp": "now", "value": 2}]
_DEFINITION = [{"granularity": "1m", "points": 5}, {"granularity": 60, "timespan": 600}]
_QUERY = {
    "and": [
        {"or": [{"=": {"host": "h"}}, {"in": {"display_name": ["a", "b"]}}]},
        {"not": {"like": {"host": "a%b_"}}},
        {">=": {"started_at": "-1 day"}},
    ]
}
_RESOURCE: dict[str, Any] = {
    "display_name": "d",
    "created_at": "2026-11-22",
    "started_at": "2026-11-22T10:00:00",
    "ended_at": None,
    "project_id": OWNER,
    "user_id": "u",
    "metrics": {"new": {"archive_policy_name": "low", "unit": "B"}, "old": "METRIC"},
}
_OPERATIONS = [
    ["aggregate", "mean", ["metric", "cpu", "mean"]],
    ["rolling", "max", 2, ["resample", "sum", 60, ["metric", ["cpu", "mean"]]]],
    ["*", ["clip", ["metric", "cpu", "mean"], 1, 2], ["neg", ["metric", "cpu", "max"]]],
    "(+ (metric cpu mean) 5)",
]
BODIES: Bodies = {
    ("POST", "/v1/archive_policy"): [
        {
            "name": "n",
            "back_window": 0,
            "definition": _DEFINITION[:1],
            "aggregation_methods": ["mean", "95pct", "rate:sum"],
        }
    ],
    ("PATCH", "/v1/archive_policy/{name}"): [{"definition": _DEFINITION}],
    ("POST", "/v1/archive_policy_rule"): [
        {"name": "r", "metric_pattern": "a*", "archive_policy_name": "low"}
    ],
    ("PATCH", "/v1/archive_policy_rule/{name}"): [{"name": "s"}],
    ("POST", "/v1/metric"): [
        {"name": "n", "unit": "B", "archive_policy_name": "low", "resource_id": "one"}
    ],
    ("POST", "/v1/metric/{metric_id}/measures"): [_MEASURES],
    ("POST", RESOURCE): [{"id": "x", **_RESOURCE}],
    ("DELETE", RESOURCE): [{"=": {"host": "none"}}],
    ("POST", "/v1/search/resource/{type}"): [_QUERY],
    ("PATCH", ONE): [_RESOURCE],
    ("POST", f"{ONE}/metric"): [{"more": {"archive_policy_name": "low"}}],
    ("POST", f"{ONE}/metric/{{name}}/measures"): [_MEASURES],
    ("POST", "/v1/resource_type"): [
        {
            "name": "t",
            "attributes": {
                "a": {"type": "string", "min_length": 1, "max_length": 5},
                "b": {"type": "number", "min": 0, "max": 5, "required": False},
            },
        }
    ],
    ("PATCH", "/v1/resource_type/{name}"): [
        [
            {
                "op": "add",
                "path": "/attributes/z",
                "value": {"type": "bool", "required": True, "options": {"fill": True}},
            }
        ]
    ],
    ("POST", "/v1/batch/metrics/measures"): [
        {"METRIC": _MEASURES},
        {"METRIC": {"measures": _MEASURES}},
    ],
    ("POST", "/v1/batch/resources/metrics/measures"): [
        {"one": {"cpu": _MEASURES, "x": {"measures": _MEASURES, "unit": "B"}}}
    ],
    ("POST", "/v1/aggregates"): [
        {"operations": each, "search": _QUERY, "resource_type": "instance"}
        for each in _OPERATIONS
    ]
    + [{"operations": _OPERATIONS[0], "search": "host='h' and not a in [1]"}],
    ("POST", "/v1/aggregation/resource/{type}/metric/{name}"): [_QUERY],
    ("POST", "/internal/feed"): [
        {
            "at": T0,
            "resources": [
                {
                    "id": "one",
                    "type": "instance",
                    "project_id": OWNER,
                    "user_id": "u",
                    "attributes": {"host": "h"},
                    "metrics": {"fed": ["B", "low", 1.0]},
                }
            ],
        }
    ],
    ("POST", "/internal/ended"): [{"at": T0, "resources": ["one"]}],
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path)
    yield found
    found.database.close()


def test_metric(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    metric = house.metric()
    body = {"id": "one", "host": "h", "metrics": {"cpu": {}}}
    house.ok("POST", "/v1/resource/instance", body)
    house.add(metric, (T0, 1.0), (T0 + 400, 2.0))
    api = house.room.application
    assert isinstance(api, Api)
    ids = {"metric_id": metric, "type": "instance", "resource_id": "one"}
    ids |= {"name": "cpu", "METRIC": metric}
    token = fake_token(OWNER, "admin,service")
    victim = Victim(tuple(api.routes), house.caller, token, BODIES, ids)
    assert throw_all(victim, caplog) == []
