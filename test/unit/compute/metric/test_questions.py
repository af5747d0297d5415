"""Searches of values, periods of the calendar, pages: as Gnocchi's own tests ask."""

from __future__ import annotations

from pathlib import Path

from test.fakes.tokens import fake_token
from test.unit.compute.metric.house import OTHER, OWNER, T0, House
from test.unit.compute.metric.test_room import at

THEIRS = fake_token(OTHER)


def test_values_are_searched(house: House) -> None:
    metric = house.metric("medium")
    house.add(metric, (T0, 4.0), (T0 + 60, 50.0), (T0 + 120, 6.0))
    path = f"/v1/search/metric?metric_id={metric}&granularity=1m"
    query = {"and": [{">=": 6}, {"not": {"=": 50}}]}
    assert house.ok("POST", path, query) == {metric: [[at(120), 60.0, 6.0]]}
    both = house.ok("POST", f"/v1/search/metric?metric_id={metric}", {"<": 1000})
    assert len(both[metric]) == 4
    got = house.call("POST", f"{path}&granularity=7", query)
    assert got.body["description"]["detail"]["granularity"] == 7
    for wrong in ({}, [], {"=": "x"}, {"like": 5}, {"and": {}}, {"in": [1]}):
        assert house.call("POST", path, wrong).status == 400, wrong
    assert house.call("POST", path, query, token=THEIRS).status == 404


def test_a_search_of_many_metrics_is_one_question(tmp_path: Path) -> None:
    house = House(tmp_path, answer_points=1000)
    try:
        house.policy("seconds", (1, 100_000), aggregation_methods=["mean"])
        ids = [house.metric("seconds") for _ in range(3)]
        for metric in ids:
            house.add(metric, *((T0 + each, 1.0) for each in range(400)))
        house.fold()
        path = "/v1/search/metric?" + "&".join(f"metric_id={each}" for each in ids)
        two = path.rpartition("&")[0]
        # Who asks twice for a granularity gets it once.
        found = house.ok("POST", f"{two}&granularity=1&granularity=1", {"=": 1})
        assert [len(found[each]) for each in ids[:2]] == [400, 400]
        assert house.call("POST", path, {"=": 1}).status == 413
        long = {"or": [{"=": 1}] * 20}
        assert house.call("POST", two, long).status == 400
    finally:
        house.database.close()


def test_periods_of_the_calendar(house: House) -> None:
    metric = house.metric(house.policy("days", (86400, 1000)))
    days = ("2015-03-01", "2015-03-07", "2015-03-08", "2015-08-01", "2016-01-02")
    body = [{"timestamp": day, "value": 1} for day in days]
    house.ok("POST", f"/v1/metric/{metric}/measures", body)

    def begins(letter: str) -> list[str]:
        query = f"granularity=86400&resample={letter}&aggregation=sum"
        points = house.points(metric, query)
        assert {each for _, each, _ in points} == {letter}
        return [moment[:10] for moment, _, _ in points]

    assert begins("W") == ["2015-03-01", "2015-03-08", "2015-07-26", "2015-12-27"]
    assert begins("M") == ["2015-03-01", "2015-08-01", "2016-01-01"]
    assert begins("Q") == ["2015-01-01", "2015-07-01", "2016-01-01"]
    assert begins("H") == begins("Q")
    assert begins("Y") == ["2015-01-01", "2016-01-01"]


def test_pages_of_how_things_were(house: House) -> None:
    path = "/v1/resource/generic"
    house.ok("POST", path, {"id": "a", "started_at": "2014-01-01"})
    for ended in ("2014-02-01", "2014-03-01"):
        house.later(1)
        house.ok("PATCH", f"{path}/a", {"ended_at": ended})
    sort = "sort=ended_at:desc-nullslast&limit=1"
    seen, query = [], sort
    while query:
        got = house.call("GET", f"{path}/a/history?{query}")
        seen += [each["ended_at"] for each in got.body]
        query = got.headers.get("link", "").partition(">")[0].partition("?")[2]
    assert [each and each[:10] for each in seen] == ["2014-03-01", "2014-02-01", None]
    found = house.ok("GET", f"{path}?attrs=id&attrs=type&attrs=nothing")
    assert [sorted(each) for each in found] == [["id", "type"]]
    for wrong in ("sort=nothing", "limit=0", "limit=x", "sort=id:up", "sort=id:asc-x"):
        assert house.call("GET", f"{path}?{wrong}").status == 400, wrong


def test_unknown_resources_of_a_batch_are_named(house: House) -> None:
    """By this error Ceilometer knows which resources it has to make."""
    path = "/v1/batch/resources/metrics/measures?create_metrics=true"
    body = {"x": {"cpu": [{"timestamp": T0, "value": 1}]}}
    told = house.call("POST", path, body).body["description"]
    assert told["cause"] == "Unknown resources"
    (named,) = told["detail"]
    assert named["original_resource_id"] == "x"
    made = house.ok("POST", "/v1/resource/generic", {"id": "x"})
    assert made["id"] == named["resource_id"]
    house.ok("POST", path, body)


def test_groups_of_what_things_were(house: House) -> None:
    path = "/v1/resource/instance"
    new = {"up": {"archive_policy_name": "medium"}}
    made = {"id": "a", "host": "alpha", "metrics": new}
    shown = house.ok("POST", path, made)
    for host, points in (("beta", [0, 60]), ("alpha", [120]), ("", [180])):
        now = house.clock.time()
        body = [{"timestamp": now + at, "value": 1} for at in points]
        house.ok("POST", f"/v1/metric/{shown['metrics']['up']}/measures", body)
        house.later(200)
        if host:
            house.ok("PATCH", f"{path}/a", {"host": host})
    body = {
        "operations": "(aggregate count (metric up mean))",
        "search": "id != 'x'",
        "resource_type": "instance",
    }
    asked = "/v1/aggregates?granularity=60&groupby=host"

    def counted(query: str) -> list[tuple[str, int]]:
        return [
            (each["group"]["host"], len(each["measures"]["measures"]["aggregated"]))
            for each in house.ok("POST", f"{asked}{query}", body)
        ]

    assert counted("") == [("alpha", 4)]
    assert counted("&use_history=true") == [("alpha", 3), ("beta", 1)]
    body["search"] = "host = 'beta'"
    assert counted("&use_history=true") == [("beta", 1)]


def test_a_question_looks_at_so_much_history(tmp_path: Path) -> None:
    house = House(tmp_path, history_entries=3)
    path = "/v1/resource/instance"
    house.ok("POST", path, {"id": "a", "host": "0"})
    for number in range(1, 4):
        house.ok("PATCH", f"{path}/a", {"host": str(number)})
    assert len(house.ok("GET", f"{path}?history=true")) == 4
    house.ok("PATCH", f"{path}/a", {"host": "4"})
    assert house.call("GET", f"{path}?history=true").status == 413
    body = {
        "operations": "(aggregate count (metric up mean))",
        "search": "id != 'x'",
        "resource_type": "instance",
    }
    asked = "/v1/aggregates?groupby=host&use_history=true"
    assert house.call("POST", asked, body).status == 413
    house.database.close()


def test_things_are_found_by_their_own_ids(house: House) -> None:
    house.ok("POST", "/v1/resource/generic", {"id": "mine"})
    house.ok("POST", "/v1/resource/generic", {"id": "other"})
    path = "/v1/search/resource/generic"
    queries = (
        {"=": {"id": "mine"}},
        {"in": {"id": ["mine", "a/b", ""]}},
        {"not": {"or": [{"=": {"id": "other"}}]}},
    )
    for query in queries:
        found = house.ok("POST", path, query)
        assert [each["original_resource_id"] for each in found] == ["mine"], query


def test_a_rule_is_renamed_as_the_client_asks(house: House) -> None:
    rules = "/v1/archive_policy_rule"
    admin = fake_token(OWNER, "admin")
    body = {"name": "a", "metric_pattern": "x*", "archive_policy_name": "low"}
    house.ok("POST", rules, body, token=admin)
    assert house.ok("PATCH", f"{rules}//a", {"name": "b"}, token=admin)["name"] == "b"
    house.ok("POST", rules, body, token=admin)
    got = house.call("PATCH", f"{rules}/a", {"name": "b"}, token=admin)
    assert got.status == 400


def test_there_is_json_only(house: House) -> None:
    for accepted, status in (
        ("", 200),
        ("*/*", 200),
        ("text/html, application/*;q=0.1", 200),
        ("application/json, */*", 200),
        ("text/plain", 406),
        ("text/html;q=0.9, application/json;q=0", 406),
    ):
        headers = {"X-Auth-Token": fake_token(OWNER), "Accept": accepted}
        with house.caller.request("GET", "/v1/archive_policy", headers) as answer:
            answer.read()
            assert answer.status == status, accepted
    made = house.ok("POST", "/v1/metric", {"archive_policy_name": "low", "name": "m"})
    assert made["archive_policy"]["definition"]
