"""What users may send to stop others, or to see what is theirs."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from compute.metric import tables
from compute.metric.client import ResourceToFeed
from compute.metric.keeping import loops
from test.fakes.tokens import fake_token
from test.unit.compute.metric.house import OTHER, OWNER, House

T0 = 1_700_000_000.0
THEIRS = fake_token(OTHER)
SERVER = "5f7f8c62-3b9e-4a6f-8d2e-0f7f4f8b7a11"


def test_sums_that_are_no_numbers_stop_nobody(house: House) -> None:
    methods = ["mean", "std", "sum", "rate:mean", "last"]
    house.policy("all", (60, 100), aggregation_methods=methods)
    bad, good = house.metric("all"), house.metric("all")
    house.add(bad, (T0, 1e308), (T0 + 1, 1.5e308), (T0 + 2, -1.5e308))
    house.add(bad, (T0 + 600, 1.7e308), (T0 + 601, 1.7e308), (T0 + 660, 5.0))
    house.add(good, (T0, 1.0), (T0 + 600, 2.0))
    house.later(3600)
    house.fold()
    status = house.ok("GET", "/v1/status", token=fake_token(OWNER, "admin"))
    assert status["storage"]["summary"]["measures"] == 0
    assert [each[2] for each in house.points(bad, "aggregation=sum")][-1] == 5.0
    for method in methods:
        assert len(house.points(bad, f"aggregation={method}")) <= 3
    for again in ("mean", "std", "sum", "rate:sum"):
        operations = f"(aggregate {again} (metric (({bad} last) ({good} last))))"
        house.ok("POST", "/v1/aggregates", {"operations": operations})


def test_who_cannot_be_folded_lets_others_go_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "ROWS_LOOKED_AT", 3)
    monkeypatch.setattr(loops, "METRICS_IN_ONE_STEP", 1)
    bad, good = house.metric(), house.metric()
    for place in range(4):
        house.add(bad, (T0 + place, 1.0))
    house.add(good, (T0, 1.0))
    with house.database.engine.begin() as connection:
        broken = sa.update(tables.series).values(body=b"broken")
        connection.execute(broken.where(tables.series.c.metric_id == bad))
    house.later(3600)
    for _ in range(2):
        house.fold()
    with house.database.engine.connect() as connection:
        waiting = connection.execute(sa.select(tables.pending.c.metric_id)).scalars()
        assert set(waiting) == {bad}


def test_a_question_has_so_many_steps(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("small")
    house = House(directory, answer_points=1000)
    try:
        house.policy("seconds", (1, 100_000), aggregation_methods=["mean"])
        ids = [house.metric("seconds") for _ in range(20)]
        batch = {
            metric: [
                {"timestamp": T0 + 50 * place + at, "value": at} for at in range(50)
            ]
            for place, metric in enumerate(ids)
        }
        house.ok("POST", "/v1/batch/metrics/measures", batch)
        pairs = " ".join(f"({each} mean)" for each in ids)
        shapes = (
            # Each at moments of its own: a table of all moments for all of them.
            f"(aggregate mean (+ (metric ({pairs})) 1))",
            f"(rolling mean 40 (metric ({pairs})))",
            "(+ 1 " * 18 + f"(metric ({pairs}))" + ")" * 18,
        )
        for operations in shapes:
            got = house.call("POST", "/v1/aggregates", {"operations": operations})
            assert got.status == 413, operations
        few = f"(rolling mean 10 (metric ({ids[0]} mean)))"
        got = house.ok("POST", "/v1/aggregates", {"operations": few})
        assert len(got["measures"][ids[0]]["mean"]) == 41
    finally:
        house.database.close()


def test_things_of_many_types_are_sorted_by_what_some_have(house: House) -> None:
    house.ok("POST", "/v1/resource/instance", {"id": "i1", "host": "b"})
    house.ok("POST", "/v1/resource/image", {"id": "i2"})
    path = "/v1/resource/generic?details=true&sort="
    found = house.ok("GET", path + "host:desc")
    assert [each["original_resource_id"] for each in found] == ["i1", "i2"]
    assert house.call("GET", path + "colour").status == 400


def test_nobody_makes_resources_of_others(house: House) -> None:
    for_them = {"id": "mine", "project_id": OWNER}
    path = "/v1/resource/generic"
    assert house.call("POST", path, for_them, token=THEIRS).status == 403
    mine = house.ok("POST", path, {"id": "mine"}, token=THEIRS)["id"]
    gift = {"project_id": OWNER}
    assert house.call("PATCH", f"{path}/{mine}", gift, token=THEIRS).status == 403
    house.ok("PATCH", f"{path}/{mine}", {"project_id": OTHER}, token=THEIRS)
    admin = fake_token(OTHER, "admin")
    house.ok("POST", path, {"id": "theirs", "project_id": OWNER}, token=admin)


def test_who_makes_a_servers_resource_before_us_sees_nothing(house: House) -> None:
    body = {"id": SERVER, "metrics": {"cpu": {"archive_policy_name": "low"}}}
    theirs = house.ok("POST", "/v1/resource/instance", body, token=THEIRS)
    metrics = {"cpu": ("ns", "guests", 7.0)}
    fed = ResourceToFeed(SERVER, "instance", OWNER, "u1", {"host": "h"}, metrics)
    for _ in range(2):
        house.client.feed(T0, [fed])
    one = f"/v1/resource/instance/{SERVER}"
    assert house.ok("GET", one)["metrics"]["cpu"] != theirs["metrics"]["cpu"]
    assert len(house.ok("GET", f"{one}/metric/cpu/measures?granularity=60")) == 1
    assert house.call("GET", one, token=THEIRS).status == 404
    kept = house.ok("GET", f"/v1/metric/{theirs['metrics']['cpu']}", token=THEIRS)
    assert kept["resource"] is None
    asked = {
        "operations": "(metric cpu mean)",
        "search": "",
        "resource_type": "instance",
    }
    got = house.call("POST", "/v1/aggregates", asked, token=THEIRS)
    assert got.status == 200 and got.body == {"measures": {}}


def test_a_resource_has_one_metric_of_a_name(house: House) -> None:
    free = house.metric()
    body = {"id": "x", "metrics": {"a": {"archive_policy_name": "low"}}}
    house.ok("POST", "/v1/resource/generic", body)
    path = "/v1/resource/generic/x/metric"
    assert house.call("POST", path, {"a": free}).status == 409
    assert house.ok("GET", f"/v1/metric/{free}")["resource"] is None


def test_a_batch_names_so_many_resources(house: House) -> None:
    path = "/v1/batch/resources/metrics/measures"
    many = {f"r{number}": {} for number in range(20_001)}
    assert house.call("POST", path, many).status == 400


def test_what_a_batch_describes_can_be_kept(house: House) -> None:
    house.ok("POST", "/v1/resource/generic", {"id": "x"})
    measures = [{"timestamp": T0, "value": 1}]
    body = {"x": {"a": {"unit": "B\0", "measures": measures}}}
    path = "/v1/batch/resources/metrics/measures?create_metrics=true"
    assert house.call("POST", path, body).status == 400


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("al%", ["alpha"]),
        ("%a", ["alpha", "beta"]),
        ("%l_h%", ["alpha"]),
        ("b_t_", ["beta"]),
        ("%.%", []),
        ("a%a%a%", []),
        ("%%", ["alpha", "beta"]),
        ("alpha", ["alpha"]),
    ],
)
def test_like(house: House, pattern: str, names: list[str]) -> None:
    for name in ("alpha", "beta"):
        house.ok("POST", "/v1/resource/generic", {"id": name})
    search = {"like": {"original_resource_id": pattern}}
    found = house.ok("POST", "/v1/search/resource/generic", search)
    assert sorted(each["original_resource_id"] for each in found) == names


def test_a_search_is_bounded(house: House) -> None:
    path = "/v1/search/resource/generic"
    assert house.call("POST", path, {"like": {"id": "%a" * 200}}).status == 400
    many = {"or": [{"in": {"id": ["x"] * 600}}] * 2}
    assert house.call("POST", path, many).status == 400
    names = [["metric", f"m{place}", "mean"] for place in range(101)]
    asked = {"operations": ["aggregate", "mean", names], "search": ""}
    assert house.call("POST", "/v1/aggregates", asked).status == 400
