"""Operations over many series, by lists and as text."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.core.errors import BadRequest
from compute.metric.keeping.reading import Reading, Span
from compute.metric.operations.language import compile_operations
from compute.metric.operations.table import backward, forward
from compute.metric.search.text import parse
from compute.metric.series.moments import SECOND, iso
from compute.metric.series.plan import plan_of
from test.fakes.tokens import fake_token
from test.unit.compute.metric.house import OTHER, OWNER, House

T0 = 1_699_999_200
NAN = float("nan")


def at(minutes: float) -> str:
    return iso(int((T0 + minutes * 60) * 1e9))


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Three servers on two hosts; c's measures are fewer.  Nobody changes it."""
    house = House(tmp_path_factory.mktemp("cloud"))
    values = {"a": [1.0, 2.0, 4.0], "b": [10.0, 20.0, 40.0], "c": [100.0]}
    for name, found in values.items():
        host = "alpha" if name == "a" else "beta"
        metrics = {"cpu": {"archive_policy_name": "guests-rate"}}
        metrics["ram"] = {"archive_policy_name": "guests"}
        body = {"id": name, "project_id": OWNER, "host": host, "metrics": metrics}
        house.ok("POST", "/v1/resource/instance", body)
        measures = [
            {"timestamp": T0 + 60 * minute, "value": value}
            for minute, value in enumerate(found)
        ]
        doubled = [{**each, "value": each["value"] * 2} for each in measures]
        batch = {name: {"cpu": measures, "ram": doubled}}
        house.ok("POST", "/v1/batch/resources/metrics/measures", batch)
    yield house
    house.database.close()


def ask(house: House, operations: Any, query: str = "", **body: Any) -> Any:
    given = {"operations": operations, "resource_type": "instance", **body}
    if "search" not in body:
        del given["resource_type"]
    return house.ok("POST", f"/v1/aggregates?granularity=60&{query}", given)


ALL = {"=": {"project_id": OWNER}}
FIRST_TWO = {"in": {"original_resource_id": ["a", "b"]}}


def points(found: Any) -> list[tuple[str, float]]:
    series = found["measures"]["aggregated"]
    assert all(granularity == 60.0 for _, granularity, _ in series)
    return [(moment, value) for moment, _, value in series]


@pytest.mark.parametrize(
    ("operations", "wanted"),
    [
        ("(aggregate sum (metric cpu mean))", [11, 22, 44]),
        (["aggregate", "max", ["metric", "cpu", "mean"]], [10, 20, 40]),
        ("(* (aggregate mean (metric cpu mean)) 2)", [11, 22, 44]),
        ("(- 100 (aggregate sum (metric cpu mean)))", [89, 78, 56]),
        ("(aggregate sum (/ (metric ram mean) (metric cpu mean)))", [4, 4, 4]),
        ("(aggregate count ((metric cpu mean) (metric ram mean)))", [4, 4, 4]),
        ("(> (aggregate sum (metric cpu mean)) 20)", [0, 1, 1]),
        ("(aggregate sum (clip_max 5 (metric cpu mean)))", [6, 7, 9]),
        ("(neg (aggregate sum (metric cpu mean)))", [-11, -22, -44]),
        ("(aggregate rate:sum (metric cpu mean))", [None, 11, 22]),
        ("(aggregate sum (metric cpu rate:mean))", [None, 11, 22]),
        ("(rateofchange (aggregate sum (metric cpu mean)))", [None, 11, 22]),
        ("(rolling mean 2 (aggregate sum (metric cpu mean)))", [None, 16.5, 33]),
        ("(aggregate 50pct (metric cpu mean))", [5.5, 11, 22]),
        ("(/ (aggregate sum (metric cpu mean)) 0)", [None, None, None]),
        ("(** (aggregate sum (metric cpu mean)) 1e9)", [None, None, None]),
        ("(/ (aggregate sum (metric cpu mean)) 1.1e1)", [1, 2, 4]),
    ],
)
def test_operations(cloud: House, operations: Any, wanted: list[float | None]) -> None:
    found = points(ask(cloud, operations, search=FIRST_TWO))
    assert found == [
        (at(minute), value) for minute, value in enumerate(wanted) if value is not None
    ]


def test_overlap_and_fill(cloud: House) -> None:
    total = "(aggregate sum (metric cpu mean))"
    found = points(ask(cloud, total, "needed_overlap=100", search=ALL))
    assert found == [(at(0), 111.0)]
    for query, wanted in (
        ("", [111, 22, 44]),
        ("needed_overlap=60", [111, 22, 44]),
        ("fill=1000", [111, 1022, 1044]),
        ("fill=null", [111, 22, 44]),
        ("fill=dropna&needed_overlap=100", [111, 22, 44]),
        ("fill=ffill", [111, 122, 144]),
    ):
        found = points(ask(cloud, total, query, search=ALL))
        assert [value for _, value in found] == wanted, query
    got = cloud.call("POST", "/v1/aggregates?fill=x", {"operations": total})
    assert (got.status, got.body["description"]["detail"]) == (400, "fill")


def test_values_are_carried_where_there_are_none() -> None:
    nothing = math.nan
    column = array("d", [nothing, 1, nothing, 2, nothing])
    assert list(forward(column))[1:] == [1, 1, 2, 2]
    assert list(backward(column))[:-1] == [1, 1, 2, 2]
    assert list(backward(forward(column))) == [1, 1, 1, 2, 2]
    assert list(forward(backward(column))) == [1, 1, 2, 2, 2]
    assert math.isnan(forward(column)[0])
    assert math.isnan(backward(array("d", [nothing]))[0])


def test_names_with_wildcards(cloud: House) -> None:
    found = ask(cloud, "(metric c*u mean)", search='host="alpha"')
    ((_, named),) = found["measures"].items()
    assert list(named) == ["cpu"]
    body = {"operations": "(metric no* mean)", "search": ALL}
    got = cloud.call("POST", "/v1/aggregates", body)
    assert got.status == 404
    assert got.body["description"] == "Metric ['no*'] does not exist"
    body = {"operations": f"(metric {'*' * 9} mean)", "search": ALL}
    assert cloud.call("POST", "/v1/aggregates", body).status == 400
    many = " ".join(f"(c{number}* mean)" for number in range(11))
    body = {"operations": f"(metric (cpu mean) {many})", "search": ALL}
    assert cloud.call("POST", "/v1/aggregates", body).status == 400
    body = {"operations": "(metric cpu nothing)", "search": ALL}
    assert cloud.call("POST", "/v1/aggregates", body).status == 404


def test_unknown_metrics_are_named(cloud: House) -> None:
    missing = "8c062a7e-9f9f-4b1c-9996-9d0328512ab7"
    body = {"operations": f"(metric {missing} mean)"}
    got = cloud.call("POST", "/v1/aggregates", body)
    told = got.body["description"]
    assert (got.status, told["detail"]) == (404, [missing])
    assert missing in told["reason"]
    got = cloud.call("POST", "/v1/aggregation/metric", [missing])
    assert got.status == 404


def test_series_keep_their_names(cloud: House) -> None:
    found = ask(cloud, "(+ (metric cpu mean) 1)", search='host="alpha"')
    ((resource, named),) = found["measures"].items()
    assert cloud.ok("GET", "/v1/resource/instance/a")["id"] == resource
    assert named == {
        "cpu": {"mean": [[at(0), 60.0, 2.0], [at(1), 60.0, 3.0], [at(2), 60.0, 5.0]]}
    }
    metric = cloud.ok("GET", "/v1/resource/instance/a")["metrics"]["cpu"]
    found = ask(cloud, ["metric", [metric, "mean"], [metric, "max"]], "details=true")
    assert set(found["measures"][metric]) == {"mean", "max"}
    assert found["references"][0]["id"] == metric


def test_groups(cloud: House) -> None:
    total = ["aggregate", "sum", ["metric", "cpu", "mean"]]
    query = "groupby=host&groupby=project_id&fill=0"
    alpha, beta = ask(cloud, total, query, search=ALL)
    assert alpha["group"] == {"host": "alpha", "project_id": OWNER}
    assert [value for _, value in points(alpha["measures"])] == [1, 2, 4]
    assert [value for _, value in points(beta["measures"])] == [110, 20, 40]


def test_all_granularities(cloud: House) -> None:
    body = {
        "operations": "(aggregate sum (resample sum 120 (metric cpu mean)))",
        "search": FIRST_TWO,
        "resource_type": "instance",
    }
    found = cloud.ok("POST", "/v1/aggregates?granularity=60", body)
    assert found["measures"]["aggregated"] == [
        [at(0), 120.0, 33.0],
        [at(2), 120.0, 44.0],
    ]
    body["operations"] = "(aggregate sum (metric cpu mean))"
    found = cloud.ok("POST", "/v1/aggregates", body)
    granularities = [each[1] for each in found["measures"]["aggregated"]]
    assert granularities == [3600.0, 300.0, 60.0, 60.0, 60.0]


def test_the_older_aggregation(cloud: House) -> None:
    ids = [
        cloud.ok("GET", f"/v1/resource/instance/{name}")["metrics"]["cpu"]
        for name in "ab"
    ]
    query = "&".join(f"metric={each}" for each in ids)
    path = f"/v1/aggregation/metric?{query}&granularity=60"
    assert [each[2] for each in cloud.ok("GET", path)] == [5.5, 11.0, 22.0]
    path += "&reaggregation=sum&aggregation=rate:mean"
    assert [each[2] for each in cloud.ok("GET", path)] == [11.0, 22.0]
    path = "/v1/aggregation/resource/instance/metric/cpu?granularity=60&fill=0"
    found = cloud.ok("POST", f"{path}&reaggregation=max", ALL)
    assert [each[2] for each in found] == [100.0, 20.0, 40.0]
    found = cloud.ok("POST", f"{path}&groupby=host", ALL)
    assert [each["group"] for each in found] == [{"host": "alpha"}, {"host": "beta"}]


def test_only_what_one_may_see(cloud: House) -> None:
    token = fake_token(OTHER)
    body = {"operations": "(aggregate sum (metric cpu mean))", "search": {}}
    found = cloud.ok("POST", "/v1/aggregates", body, token=token)
    assert found == {"measures": {}}
    metric = cloud.ok("GET", "/v1/resource/instance/a")["metrics"]["cpu"]
    body = {"operations": ["metric", metric, "mean"]}
    assert cloud.call("POST", "/v1/aggregates", body, token=token).status == 404
    total = ["aggregate", "sum", ["metric", "cpu", "mean"]]
    client = cloud.client
    for project, wanted in ((OWNER, [11.0, 22.0, 44.0]), (OTHER, [])):
        answer = client.aggregates(
            total,
            FIRST_TWO,
            resource_type="instance",
            granularity=60,
            project_id=project,
        )
        assert [each.value for each in answer.points] == wanted


@pytest.mark.parametrize(
    "operations",
    [
        "",
        "(",
        "(metric)",
        "(aggregate mean 5)",
        "(+ 1 2)",
        "(rolling mean 0 (metric cpu mean))",
        "(rolling rate:mean 2 (metric cpu mean))",
        "(resample mean x (metric cpu mean))",
        "(nothing (metric cpu mean))",
        "(* (metric cpu mean) 1e999)",
        "(clip (metric cpu mean))",
        "(" * 5000,
        "(neg " * 100 + "(metric cpu mean)" + ")" * 100,
        [[]],
        ["metric", ["a"]],
        ["aggregate", ["mean"], ["metric", "a", "mean"]],
    ],
)
def test_wrong_operations(operations: Any) -> None:
    with pytest.raises(BadRequest):
        compile_operations(operations)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a=1", {"=": {"a": 1}}),
        ('not (flavor_id!="1" and memory>=24)', None),
        ("a = 'x y' or b in [1, 2.5, q]", None),
        ("name like 'w%'", {"like": {"name": "w%"}}),
        ("a eq null", {"eq": {"a": None}}),
        (
            "a=1 and b=2 and c=3",
            {"and": [{"=": {x: n}} for x, n in zip("abc", (1, 2, 3), strict=True)]},
        ),
        ("id=90d58eea-70d7-4294-a49a-170dcdf44c3c", None),
    ],
)
def test_filters(text: str, wanted: Any) -> None:
    found = parse(text)
    assert wanted is None or found == wanted


@pytest.mark.parametrize(
    "text",
    ["a", "a=", "=1", "a=1 b=2", "(a=1", "a in 5", "a in [1", "a=1)", "'", "(" * 50],
)
def test_wrong_filters(text: str) -> None:
    with pytest.raises(BadRequest):
        parse(text)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"=": {"host": "beta"}}, "bc"),
        (
            {"and": [{"=": {"host": "beta"}}, {"!=": {"original_resource_id": "b"}}]},
            "c",
        ),
        (
            {"or": [{"like": {"host": "al%"}}, {"eq": {"original_resource_id": "c"}}]},
            "ac",
        ),
        ({"not": {"like": {"host": "%t%"}}}, "a"),
        ({"in": {"original_resource_id": ["a", "z"]}}, "a"),
        ({">": {"started_at": "-1 hour"}}, "abc"),
        ({"<": {"started_at": "2020-01-01"}}, ""),
        ({">": {"ended_at": "2020-01-01"}}, ""),
        ({"=": {"ended_at": None}}, "abc"),
        ({"<": {"host": 5}}, ""),
        ({}, "abc"),
    ],
)
def test_searches(cloud: House, query: Any, wanted: str) -> None:
    found = cloud.ok("POST", "/v1/search/resource/instance", query)
    assert "".join(sorted(it["original_resource_id"] for it in found)) == wanted


@pytest.mark.parametrize(
    "query",
    [
        {"=": {"nothing": 1}},
        {"=": 5},
        {"and": []},
        {"and": {}},
        {"nothing": {"host": 1}},
        {"=": {"host": 1}, "!=": {"host": 2}},
        {"in": {"host": "x"}},
        {"=": {"started_at": "x"}},
        {"like": {"host": 5}},
        [],
    ],
)
def test_wrong_searches(cloud: House, query: Any) -> None:
    path = "/v1/search/resource/instance"
    assert cloud.call("POST", path, query).status == 400


def test_many_open_measures_are_read_by_turns(cloud: House) -> None:
    ids = [cloud.ok("GET", f"/v1/resource/instance/{it}")["metrics"] for it in "abc"]
    plan = plan_of([(60 * SECOND, 100)], 0, ["mean"])
    plans = {each["cpu"]: plan for each in ids}
    reading = Reading(cloud.database, cloud.objects, held_at_once_max=3)
    found = reading.rows(plans, [60 * SECOND], Span(), 1000)
    assert [len(found[each][60 * SECOND]) for each in plans] == [3, 3, 1]


def test_more_points_than_one_question_may_look_at(tmp_path: Path) -> None:
    house = House(tmp_path, answer_points=1000)
    fine = house.policy("fine", (1, 5000))
    for name in "ab":
        metrics = {"cpu": {"archive_policy_name": fine}}
        house.ok("POST", "/v1/resource/instance", {"id": name, "metrics": metrics})
        measures = [{"timestamp": T0 + each, "value": 1} for each in range(600)]
        body = {name: {"cpu": measures}}
        house.ok("POST", "/v1/batch/resources/metrics/measures", body)
    body = {"operations": "(aggregate sum (metric cpu mean))", "search": {}}
    assert house.call("POST", "/v1/aggregates", body).status == 413
    found = house.ok("POST", f"/v1/aggregates?start={T0 + 500}", body)
    assert len(found["measures"]["aggregated"]) == 100
    house.database.close()
