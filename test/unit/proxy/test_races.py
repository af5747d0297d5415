"""Many writers at once."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.proxy.settings import ProxySettings
from test.unit.proxy.cluster import Cluster

PATH = "/AUTH_test/box/prize"
PATIENT = ProxySettings(node_timeout=10, read_patience=1, write_grace=1)


@pytest.mark.parametrize("away", [None, 0, 1, 2])
@pytest.mark.parametrize("size", [10, 300_000])
def test_one_winner(away: int | None, size: int) -> None:
    cluster = Cluster(settings=PATIENT)
    cluster.make_container("/AUTH_test/box")
    primaries = cluster.primaries("object", PATH)
    for device in primaries:
        # Answers come later, so that the writers really interleave.
        cluster.faults("object", device).delay_seconds = 0.001
    if away is not None:
        cluster.faults("object", primaries[away]).down = True
    apps = [cluster.another_proxy() for _ in range(3)]
    statuses: list[int] = []

    def compete(number: int) -> None:
        body = b"%d" % number * size
        answer = cluster.ask(
            "PUT", PATH, {"If-None-Match": "*"}, body, app=apps[number % 3]
        )
        statuses.append(answer.status)
        if answer.status == 201:
            winners.append(body)

    winners: list[bytes] = []
    tasks = [concurrency.spawn(compete, number) for number in range(50)]
    for task in tasks:
        concurrency.wait_task(task)
    assert sorted(statuses) == [201] + [412] * 49
    assert cluster.ask("GET", PATH).body == winners[0]


def test_rows_gather_while_a_merge_is_under_way() -> None:
    cluster = Cluster(settings=PATIENT)
    cluster.make_container("/AUTH_test/box")
    container_devices = cluster.primaries("container", "/AUTH_test/box")
    for device in container_devices:
        cluster.faults("container", device).delay_seconds = 0.002
    statuses: list[int] = []

    def write(number: int) -> None:
        statuses.append(cluster.put(f"/AUTH_test/box/o{number:03d}").status)

    tasks = [concurrency.spawn(write, number) for number in range(100)]
    for task in tasks:
        concurrency.wait_task(task)
    assert statuses == [201] * 100
    listed = cluster.ask("GET", "/AUTH_test/box").text().split()
    assert listed == [f"o{number:03d}" for number in range(100)]
    for device in container_devices:
        merges = cluster.faults("container", device).calls.count("merge")
        assert merges < 20


def test_increments_by_if_match_lose_nothing() -> None:
    cluster = Cluster(settings=PATIENT)
    cluster.make_container("/AUTH_test/box")
    for device in cluster.primaries("object", PATH):
        cluster.faults("object", device).delay_seconds = 0.0005
    cluster.put(PATH, b"0")

    def increment() -> None:
        while True:
            got = cluster.ask("GET", PATH)
            body = b"%d" % (int(got.body) + 1)
            guard = {"If-Match": got.headers["Etag"]}
            status = cluster.ask("PUT", PATH, guard, body).status
            if status == 201:
                return
            assert status == 412

    tasks = [concurrency.spawn(increment) for _ in range(10)]
    for task in tasks:
        concurrency.wait_task(task)
    assert cluster.ask("GET", PATH).body == b"10"


@pytest.mark.parametrize("away", [None, 0, 1, 2])
def test_what_replaced_the_object_is_not_deleted_in_its_place(away: int | None) -> None:
    """Of a DELETE and a PUT that both insist on the same state one wins."""
    cluster = Cluster(settings=PATIENT)
    cluster.make_container("/AUTH_test/box")
    for number in range(10):
        path = f"{PATH}-{number}"
        etag = cluster.put(path).headers["Etag"]
        primaries = cluster.primaries("object", path)
        for device in primaries:
            cluster.faults("object", device).delay_seconds = 0.001
        if away is not None:
            cluster.faults("object", primaries[away]).down = True
        condition = {"If-Match": etag}
        apps = [cluster.another_proxy() for _ in range(2)]

        def delete(path: str, condition: dict[str, str], app: Any) -> int:
            return cluster.ask("DELETE", path, condition, app=app).status

        def put(path: str, condition: dict[str, str], app: Any) -> int:
            return cluster.ask("PUT", path, condition, b"new", app=app).status

        tasks = [
            concurrency.spawn(delete, path, condition, apps[0]),
            concurrency.spawn(put, path, condition, apps[1]),
        ]
        deleted, stored = [concurrency.wait_task(task) for task in tasks]
        assert (deleted, stored) in ((204, 412), (412, 201))
        assert cluster.ask("GET", path).status == (404 if deleted == 204 else 200)
        if away is not None:
            cluster.faults("object", primaries[away]).down = False
