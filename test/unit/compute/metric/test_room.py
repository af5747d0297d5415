"""The room as its clients see it."""

from __future__ import annotations

from typing import Any

import pytest

from compute.core.errors import NotFound
from compute.metric.series.moments import iso
from test.fakes.tokens import fake_token
from test.unit.compute.metric.house import OTHER, OWNER, T0, House

ADMIN = fake_token(OWNER, "admin")
THEIRS = fake_token(OTHER)
READER = fake_token(OWNER, "reader")


def at(seconds: float) -> str:
    return iso(int((T0 + seconds) * 1e9))


def test_measures_are_shown_at_once(house: House) -> None:
    metric = house.metric("medium")
    house.add(metric, (T0 + 1, 4.0), (T0 + 2, 6.0), (T0 + 61, 1.0))
    assert house.points(metric) == [
        [at(0), 3600.0, 11 / 3],
        [at(0), 60.0, 5.0],
        [at(60), 60.0, 1.0],
    ]
    assert house.points(metric, "aggregation=max&granularity=60") == [
        [at(0), 60.0, 6.0],
        [at(60), 60.0, 1.0],
    ]
    assert house.points(metric, f"granularity=60&start={T0 + 30}") == [
        [at(0), 60.0, 5.0],
        [at(60), 60.0, 1.0],
    ]
    assert house.points(metric, f"granularity=60&stop={T0 + 60}&refresh=true") == [
        [at(0), 60.0, 5.0]
    ]
    assert house.points(metric, "granularity=60&resample=1%20hour") == [
        [at(0), 3600.0, 3.0]
    ]
    # A standard deviation needs two.
    assert house.points(metric, "aggregation=std&granularity=60") == [
        [at(0), 60.0, 2.0**0.5]
    ]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("aggregation=median", 404),
        ("aggregation=nothing", 404),
        ("granularity=7", 404),
        ("granularity=x", 400),
        ("start=x", 400),
        ("start=20&stop=10", 400),
        ("resample=120", 400),
        ("on_behalf_of=x", 403),
    ],
)
def test_wrong_questions(house: House, query: str, status: int) -> None:
    metric = house.metric()
    got = house.call("GET", f"/v1/metric/{metric}/measures?{query}")
    assert got.status == status, got.raw
    told = got.body["description"]
    assert isinstance(told, str) or told["cause"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [1],
        [{"timestamp": T0}],
        [{"timestamp": T0, "value": "x"}],
        [{"timestamp": T0, "value": True}],
        [{"timestamp": "yesterdayish", "value": 1}],
        [{"timestamp": -1, "value": 1}],
        [{"timestamp": 1e300, "value": 1}],
        [{"timestamp": "9999-12-31", "value": 1}],
        b"[{",
        b"[NaN]",
    ],
)
def test_wrong_measures(house: House, body: Any) -> None:
    metric = house.metric()
    got = house.call("POST", f"/v1/metric/{metric}/measures", body)
    assert got.status == 400, got.raw
    assert house.points(metric) == []


def test_late_measures(house: House) -> None:
    policy = house.policy("late", (60, 100), (300, 100), back_window=1)
    metric = house.metric(policy)
    house.add(metric, (T0 + 600, 1.0))
    house.add(metric, (T0 + 310, 3.0), (T0 + 299, 100.0))
    assert house.points(metric, "granularity=300") == [
        [at(300), 300.0, 3.0],
        [at(600), 300.0, 1.0],
    ]


def test_more_than_one_metric_holds(house: House) -> None:
    policy = house.policy("wide", (86400, 100))
    metric = house.metric(policy)
    many = [{"timestamp": T0 + each / 10, "value": 1} for each in range(50_000)]
    path = f"/v1/metric/{metric}/measures"
    for part in range(4):
        for each in many:
            each["timestamp"] += 5000.0 if part else 0.0
        assert house.call("POST", path, many).status == 202
    more = [{"timestamp": T0 + 80000, "value": 1}]
    assert house.call("POST", path, more).status == 413


def test_tenants_do_not_see_each_other(house: House) -> None:
    metric = house.metric()
    house.add(metric, (T0, 1.0))
    resource = {"id": "mine", "project_id": OWNER}
    shown = house.ok("POST", "/v1/resource/generic", resource)
    for method, path in (
        ("GET", f"/v1/metric/{metric}"),
        ("DELETE", f"/v1/metric/{metric}"),
        ("GET", f"/v1/metric/{metric}/measures"),
        ("GET", f"/v1/resource/generic/{shown['id']}"),
        ("DELETE", f"/v1/resource/generic/{shown['id']}"),
        ("GET", f"/v1/resource/generic/{shown['id']}/history"),
    ):
        assert house.call(method, path, token=THEIRS).status == 404, (method, path)
    batch = {metric: [{"timestamp": T0, "value": 9}]}
    path = "/v1/batch/metrics/measures"
    assert house.call("POST", path, batch, token=THEIRS).status in (400, 404)
    assert house.ok("GET", "/v1/metric", token=THEIRS) == []
    assert house.ok("GET", "/v1/resource/generic", token=THEIRS) == []
    search = {"=": {"project_id": OWNER}}
    assert house.ok("POST", "/v1/search/resource/generic", search, token=THEIRS) == []
    # A reader of the project looks, and changes nothing.
    assert len(house.ok("GET", "/v1/metric", token=READER)) == 1
    assert house.call("DELETE", f"/v1/metric/{metric}", token=READER).status == 403
    assert house.call("POST", "/v1/metric", {}, token=READER).status == 403
    assert len(house.points(metric)) == 1


def test_the_owner_sees_what_the_cloud_measured(house: House) -> None:
    from compute.metric.client import ResourceToFeed

    server = "5f7f8c62-3b9e-4a6f-8d2e-0f7f4f8b7a11"
    fed = ResourceToFeed(
        server,
        "instance",
        OWNER,
        "u1",
        {"display_name": "web", "unknown": "x"},
        {"cpu": ("ns", "guests-rate", 1e9), "vcpus": ("vcpu", "guests", 2.0)},
    )
    for each in range(3):
        house.client.feed(T0 + 60.0 * each, [fed])
    shown = house.ok("GET", f"/v1/resource/instance/{server}")
    assert shown["display_name"] == "web" and set(shown["metrics"]) == {"cpu", "vcpus"}
    path = f"/v1/resource/instance/{server}/metric/vcpus/measures?granularity=60"
    assert [each[2] for each in house.ok("GET", path)] == [2.0, 2.0, 2.0]
    assert len(house.ok("GET", f"/v1/resource/instance/{server}/history")) == 1
    metric = shown["metrics"]["cpu"]
    path = f"/v1/metric/{metric}/measures"
    body = [{"timestamp": T0, "value": 0}]
    assert house.call("POST", path, body).status == 403
    assert house.call("DELETE", f"/v1/resource/instance/{server}").status == 403
    assert house.call("GET", path, token=THEIRS).status == 404
    assert (
        house.call("POST", "/internal/feed", {"at": 1, "resources": []}).status == 403
    )
    points = house.client.measures(metric, granularity=60, project_id=OWNER)
    assert [(each.at, each.value) for each in points] == [
        (T0 + 60.0 * each, 1e9) for each in range(3)
    ]
    with pytest.raises(NotFound):
        house.client.measures(metric, project_id=OTHER)
    house.client.ended([server], house.clock.time() + 60)
    shown = house.ok("GET", f"/v1/resource/instance/{server}")
    assert shown["ended_at"].startswith("2023-11-14T22:14:20")


@pytest.mark.parametrize(
    ("item", "where"),
    [
        ({"granularity": 0, "points": 2}, ["definition", "0", "granularity"]),
        ({"granularity": 1, "points": 0}, ["definition", "0", "points"]),
        ({"granularity": 1, "points": "x"}, ["definition", "0", "points"]),
        ({"points": 1}, ["definition"]),
        ({"moo": 1}, ["definition", "0", "moo"]),
    ],
)
def test_a_mistake_is_told_in_parts(
    house: House, item: dict[str, Any], where: list[str]
) -> None:
    body = {"name": "wrong", "definition": [item]}
    got = house.call("POST", "/v1/archive_policy", body, token=ADMIN)
    told = got.body["description"]
    assert got.status == 400
    assert (told["cause"], told["detail"]) == ("Invalid input", where)


def test_bodies_are_json(house: House) -> None:
    headers = {"X-Auth-Token": ADMIN, "Content-Type": "text/plain"}
    sent = house.caller.request("POST", "/v1/archive_policy", headers, b"{}")
    with sent as answer:
        assert answer.status == 415


def test_batches(house: House) -> None:
    house.ok("POST", "/v1/resource/instance", {"id": "a"})
    metric = house.metric()
    one = [{"timestamp": T0, "value": 1}]
    house.ok("POST", "/v1/batch/metrics/measures", {metric: one})
    path = "/v1/batch/resources/metrics/measures"
    body = {"a": {"cpu": one, "ram": {"measures": one, "unit": "B"}}}
    assert house.call("POST", path, body).status == 400
    house.ok("POST", f"{path}?create_metrics=True", body)
    house.ok("POST", path, body)
    shown = house.ok("GET", "/v1/resource/instance/a/metric/ram")
    assert shown["unit"] == "B"
    path = "/v1/resource/instance/a/metric/cpu/measures"
    assert house.ok("GET", path) == [[at(0), 300.0, 1.0]]
    unknown = {"00000000-0000-4000-8000-000000000000": one}
    got = house.call("POST", "/v1/batch/metrics/measures", unknown)
    assert got.status == 400


def test_pages(house: House) -> None:
    for each in range(5):
        house.ok("POST", "/v1/resource/generic", {"id": f"r{each}"})
    path, seen = "/v1/resource/generic?limit=2&sort=original_resource_id:desc", []
    while path:
        got = house.call("GET", path)
        seen += [each["original_resource_id"] for each in got.body]
        link = got.headers.get("link", "")
        path = link.partition("<http://cloud/metric")[2].partition(">")[0]
    assert seen == ["r4", "r3", "r2", "r1", "r0"]
    assert house.call("GET", "/v1/resource/generic?sort=nothing").status == 400
    assert house.call("GET", "/v1/resource/generic?marker=x").status == 400
