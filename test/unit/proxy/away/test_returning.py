"""Two of three primaries are away for a moment, as while a worker is replaced: what
needs them waits for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from objectstore.kernel import concurrency
from test.unit.proxy.away.bodies import BOX, LARGE, SMALL
from test.unit.proxy.cluster import IMPATIENT, Cluster

PATH = f"{BOX}/o"
PATIENT = replace(IMPATIENT, return_patience=60.0)
SHORTLY = 0.03


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster(settings=PATIENT)
    made.make_container()
    return made


def leave_for_a_moment(cluster: Cluster, kind: str, path: str) -> None:
    away = [cluster.faults(kind, each) for each in cluster.primaries(kind, path)[:2]]

    def come_back() -> None:
        for faults in away:
            faults.down = False

    for faults in away:
        faults.down = True
    concurrency.spawn_later(SHORTLY, come_back)


@pytest.mark.parametrize("body", [SMALL, LARGE])
def test_a_conditional_write_waits(cluster: Cluster, body: bytes) -> None:
    leave_for_a_moment(cluster, "object", PATH)
    written = cluster.put(PATH, body, If_None_Match="*")
    assert written.status == 201
    leave_for_a_moment(cluster, "object", PATH)
    assert cluster.put(PATH, body, If_None_Match="*").status == 412
    leave_for_a_moment(cluster, "object", PATH)
    etag = written.headers["Etag"]
    assert cluster.ask("DELETE", PATH, {"If-Match": etag}).status == 204
    assert cluster.ask("GET", PATH).status == 404


def test_a_change_of_metadata_waits(cluster: Cluster) -> None:
    cluster.put(PATH, SMALL)
    leave_for_a_moment(cluster, "object", PATH)
    assert cluster.ask("POST", PATH, {"X-Object-Meta-A": "1"}).status == 202
    assert cluster.ask("HEAD", PATH).headers["X-Object-Meta-A"] == "1"
    leave_for_a_moment(cluster, "container", BOX)
    assert cluster.ask("POST", BOX, {"X-Container-Meta-A": "1"}).status == 204
    assert cluster.ask("HEAD", BOX).headers["X-Container-Meta-A"] == "1"


def test_the_deletion_of_a_container_waits(cluster: Cluster) -> None:
    leave_for_a_moment(cluster, "container", BOX)
    assert cluster.ask("DELETE", BOX).status == 204
    assert cluster.ask("HEAD", BOX).status == 404


def test_a_container_that_too_few_have_is_not_called_missing() -> None:
    cluster = Cluster(devices=5)
    cluster.make_container()
    for each in cluster.primaries("container", BOX)[:2]:
        cluster.faults("container", each).down = True
    assert cluster.ask("DELETE", BOX).status == 503


def test_a_change_of_metadata_waits_for_primaries_that_missed_the_object(
    cluster: Cluster,
) -> None:
    missed, *_, last = cluster.primaries("object", PATH)
    cluster.set_down(missed)
    cluster.put(PATH, SMALL)
    cluster.set_down(missed, False)
    cluster.set_down(last)
    key, _ = cluster.placement.object("AUTH_test", "box", "o", 0)
    states = [node.objects for node in map(cluster.objects, (missed, 0, 1, 2, 3))]
    state = next(held[key] for held in states if key in held)

    def is_told() -> None:
        cluster.objects(missed).merge(key, state, SMALL).result()

    concurrency.spawn_later(SHORTLY, is_told)
    assert cluster.ask("POST", PATH, {"X-Object-Meta-A": "1"}).status == 202
    found = [
        device
        for device in cluster.primaries("object", PATH)
        if (held := cluster.objects(device).objects.get(key)) is not None
        and held.metadata == {"X-Object-Meta-A": "1"}
    ]
    assert len(found) >= 2


def test_a_listing_is_owed_the_time_of_a_change() -> None:
    made = Cluster(settings=replace(PATIENT, return_patience=0.0))
    made.make_container()
    made.put(PATH, SMALL)
    for device in made.primaries("container", BOX):
        made.faults("container", device).down = True
    changed = made.ask("POST", PATH, {"X-Object-Meta-A": "1"})
    assert (changed.status, changed.headers["X-Ringstack-Row"]) == (202, "owed")
    holders = map(made.objects, made.primaries("object", PATH))
    assert all(len(node.owed) == 1 for node in holders)
