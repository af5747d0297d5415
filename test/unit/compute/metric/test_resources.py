"""Resources, their types and their history."""

from __future__ import annotations

from typing import Any

import pytest

from test.fakes.tokens import fake_token
from test.unit.compute.metric.house import OWNER, T0, House

ADMIN = fake_token(OWNER, "admin")


def test_resources_and_their_history(house: House) -> None:
    body = {
        "id": "web-1",
        "project_id": OWNER,
        "display_name": "one",
        "metrics": {"cpu": {"archive_policy_name": "low"}, "load": {}},
    }
    made = house.ok("POST", "/v1/resource/instance", body)
    assert house.call("POST", "/v1/resource/instance", body).status == 409
    path = f"/v1/resource/instance/{made['id']}"
    house.later(10)
    changed = house.ok("PATCH", path, {"display_name": "two"})
    assert changed["display_name"] == "two" and changed["metrics"] == made["metrics"]
    before, now = house.ok("GET", f"{path}/history")
    assert before["display_name"] == "one"
    assert before["revision_end"] == now["revision_start"]
    assert house.ok("GET", "/v1/resource/generic/web-1")["id"] == made["id"]
    found = house.ok("GET", "/v1/resource/generic")
    assert "display_name" not in found[0]
    found = house.ok("GET", "/v1/resource/generic?details=true")
    assert found[0]["display_name"] == "two"
    kept = {"metrics": {"cpu": made["metrics"]["cpu"]}}
    assert set(house.ok("PATCH", path, kept)["metrics"]) == {"cpu"}
    named = f"{path}/metric/cpu"
    house.ok("POST", f"{named}/measures", [{"timestamp": T0, "value": 1}])
    assert len(house.ok("GET", f"{named}/measures")) == 1
    house.ok("POST", f"{path}/metric", {"net": {"archive_policy_name": "low"}})
    assert house.call("POST", f"{path}/metric", {"net": {}}).status == 409
    house.ok("DELETE", f"{path}/metric/net")
    house.ok("DELETE", path)
    assert house.call("GET", path).status == 404
    assert house.call("GET", f"/v1/metric/{made['metrics']['cpu']}").status == 404


@pytest.mark.parametrize(
    "body",
    [
        {"id": "a/b"},
        {"id": ""},
        {},
        {"id": "x", "nothing": 1},
        {"id": "x", "display_name": 5},
        {"id": "x", "started_at": "2020-01-02", "ended_at": "2020-01-01"},
        {"id": "x", "metrics": {"a": {"archive_policy_name": "none"}}},
        {"id": "x", "metrics": {"a": 5}},
    ],
)
def test_wrong_resources(house: House, body: Any) -> None:
    got = house.call("POST", "/v1/resource/instance", body)
    assert got.status == 400, got.raw
    assert house.ok("GET", "/v1/resource/instance") == []


def test_resource_types(house: House) -> None:
    body = {
        "name": "oven",
        "attributes": {
            "heat": {"type": "number", "required": True, "min": 0},
            "door": {"type": "bool", "required": False},
        },
    }
    assert house.call("POST", "/v1/resource_type", body).status == 403
    house.ok("POST", "/v1/resource_type", body, token=ADMIN)
    assert house.call("POST", "/v1/resource/oven", {"id": "a"}).status == 400
    wrong = {"id": "a", "heat": -1}
    assert house.call("POST", "/v1/resource/oven", wrong).status == 400
    house.ok("POST", "/v1/resource/oven", {"id": "a", "heat": 5})
    patch = [
        {
            "op": "add",
            "path": "/attributes/colour",
            "value": {"type": "string", "required": True, "options": {"fill": "red"}},
        },
        {"op": "remove", "path": "/attributes/door"},
    ]
    house.ok("PATCH", "/v1/resource_type/oven", patch, token=ADMIN)
    shown = house.ok("GET", "/v1/resource/oven/a")
    assert shown["colour"] == "red" and "door" not in shown
    path = "/v1/resource_type/oven"
    assert house.call("DELETE", path, token=ADMIN).status == 400
    house.ok("DELETE", "/v1/resource/oven/a")
    house.ok("DELETE", path, token=ADMIN)
    path = "/v1/resource_type/generic"
    assert house.call("DELETE", path, token=ADMIN).status == 403
