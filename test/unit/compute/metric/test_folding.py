"""Folding: measures become chunks of the ring, and nobody sees a difference."""

from __future__ import annotations

from pathlib import Path

from test.fakes.tokens import fake_token
from test.unit.compute.metric.house import OWNER, T0, House, MemoryObjects

ADMIN = fake_token(OWNER, "admin")


def test_folding_changes_nothing(tmp_path: Path) -> None:
    house = House(tmp_path, fold_after=10.0)
    policy = house.policy("fine", (1, 5000), (10, 10))
    metric = house.metric(policy)
    for part in range(5):
        house.add(metric, *((T0 + part * 1000 + each, each) for each in range(1000)))
        before = house.points(metric)
        house.later(11)
        house.fold()
        assert house.points(metric) == before
    assert len(house.objects.found) == 4
    assert len(house.points(metric, "granularity=1")) == 5000
    assert len(house.points(metric, "granularity=10")) == 10
    status = house.ok("GET", "/v1/status", token=ADMIN)
    assert status["storage"]["summary"] == {"metrics": 0, "measures": 0}
    # What the policy keeps no longer goes from the ring.
    house.add(metric, (T0 + 9000, 1.0))
    house.later(11)
    house.fold()
    house.later(601)
    house.fold()
    assert len(house.objects.found) == 1
    house.ok("DELETE", f"/v1/metric/{metric}")
    house.later(601)
    house.fold()
    assert not house.objects.found
    house.database.close()


def test_a_ring_that_is_away_costs_no_measure(tmp_path: Path) -> None:
    house = House(tmp_path, fold_after=0.0)
    metric = house.metric(house.policy("fine", (1, 5000)))
    house.objects.is_away = True
    house.add(metric, *((T0 + each, each) for each in range(1500)))
    house.fold()
    assert len(house.points(metric)) == 1500
    house.objects.is_away = False
    house.fold()
    assert len(house.points(metric)) == 1500
    house.objects.is_away = True
    assert house.call("GET", f"/v1/metric/{metric}/measures").status == 503
    assert len(house.points(metric, f"start={T0 + 1300}")) == 200
    house.database.close()


def test_two_processes_fold_one_metric(tmp_path: Path) -> None:
    objects = MemoryObjects()
    url = f"sqlite:///{tmp_path / 'both.sqlite'}"
    one = House(tmp_path, url, objects, seed=1, fold_after=0.0)
    metric = one.metric(one.policy("fine", (1, 5000)))
    one.add(metric, *((T0 + each, each) for each in range(1500)))
    other = House(tmp_path, url, objects, seed=2, fold_after=0.0)
    put, raced = objects.put, []

    def put_late(name: str, data: bytes) -> None:
        put(name, data)
        if not raced:
            raced.append(name)
            other.add(metric, (T0 + 1500, 1.0))
            other.fold()  # faster than the one whose upload this is

    objects.put = put_late  # type: ignore[method-assign]
    one.fold()
    assert len(one.points(metric)) == 1501
    assert one.points(metric) == other.points(metric)
    assert len(objects.found) == 2  # the loser's too
    one.later(4000)
    one.fold()
    assert list(objects.found) != raced and len(objects.found) == 1
    assert len(other.points(metric)) == 1501
    one.database.close()
    other.database.close()


def test_what_is_kept_without_end(tmp_path: Path) -> None:
    house = House(tmp_path, fold_after=0.0)
    body = {"name": "all", "definition": [{"granularity": "1s"}]}
    shown = house.ok("POST", "/v1/archive_policy", body, token=ADMIN)
    assert shown["definition"] == [
        {"granularity": "0:00:01", "points": None, "timespan": None}
    ]
    metric = house.metric("all")
    house.add(metric, *((T0 + each, each) for each in range(1100)))
    house.fold()
    house.add(metric, (T0 + 1e8, 1.0))
    house.fold()
    assert len(house.objects.found) == 1
    assert len(house.points(metric)) == 1101
    change = {"definition": [{"granularity": 1, "points": 5}]}
    house.ok("PATCH", "/v1/archive_policy/all", change, token=ADMIN)
    assert len(house.points(metric)) == 1
    house.database.close()
