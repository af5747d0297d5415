"""Archive policies, and rules that choose them."""

from __future__ import annotations

from test.fakes.tokens import fake_token
from test.unit.compute.metric.house import OWNER, House

ADMIN = fake_token(OWNER, "admin")


def test_archive_policies(house: House) -> None:
    body = {
        "name": "short",
        "definition": [{"granularity": "1s", "timespan": "1 hour"}],
        "aggregation_methods": ["-std", "+95pct"],
    }
    path = "/v1/archive_policy"
    assert house.call("POST", path, body).status == 403
    shown = house.ok("POST", path, body, token=ADMIN)
    assert shown["definition"] == [
        {"granularity": "0:00:01", "points": 3600, "timespan": "1:00:00"}
    ]
    assert shown["aggregation_methods"] == sorted(
        ["95pct", "count", "max", "mean", "min", "sum"]
    )
    assert house.call("POST", path, body, token=ADMIN).status == 409
    change = {"definition": [{"granularity": 1, "points": 60}]}
    shown = house.ok("PATCH", "/v1/archive_policy//short", change, token=ADMIN)
    assert shown["definition"][0]["timespan"] == "0:01:00"
    change = {"definition": [{"granularity": 2, "points": 60}]}
    assert house.call("PATCH", f"{path}/short", change, token=ADMIN).status == 400
    metric = house.metric("short")
    assert house.call("DELETE", f"{path}/short", token=ADMIN).status == 400
    house.ok("DELETE", f"/v1/metric/{metric}")
    house.ok("DELETE", f"{path}/short", token=ADMIN)
    assert house.call("GET", f"{path}/short").status == 404
    for wrong in (
        [],
        [{"points": 1}],
        [{"granularity": "x", "points": 2}],
        [{"granularity": 1, "points": 2, "timespan": 3}],
        [{"granularity": 1, "points": 2}, {"granularity": 1, "points": 3}],
    ):
        body = {"name": "wrong", "definition": wrong}
        assert house.call("POST", path, body, token=ADMIN).status == 400, wrong


def test_rules_choose(house: House) -> None:
    rules = "/v1/archive_policy_rule"
    body = {
        "name": "disks",
        "metric_pattern": "disk.*",
        "archive_policy_name": "high",
    }
    house.ok("POST", rules, body, token=ADMIN)
    for name, wanted in (("disk.size", "high"), ("cpu", "low")):
        made = house.ok("POST", "/v1/metric", {"name": name})
        assert made["archive_policy"]["name"] == wanted
    assert (
        house.ok("PATCH", f"{rules}/disks", {"name": "d"}, token=ADMIN)["name"] == "d"
    )
    house.ok("DELETE", f"{rules}/d", token=ADMIN)
    house.ok("DELETE", f"{rules}/default", token=ADMIN)
    assert house.call("POST", "/v1/metric", {"name": "cpu"}).status == 400
