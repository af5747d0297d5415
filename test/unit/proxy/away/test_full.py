"""Uploads that full devices refuse: what was kept of them goes."""

from __future__ import annotations

import pytest

from objectstore.kernel.errors import (
    InsufficientStorage,
)
from test.unit.proxy.away.bodies import BOX, DEVICES, LARGE, UPLOADS
from test.unit.proxy.cluster import Cluster


def test_full_devices(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    for method, body in (("put", b"x"), ("begin", LARGE), ("commit", LARGE)):
        for device in DEVICES:
            error = InsufficientStorage("full")
            cluster.faults("object", device).fail(method, error=error)
        assert cluster.put(f"{BOX}/o", body).status == 507, method
        assert cluster.ask("GET", f"{BOX}/o").status == 404


def all_but_one_are_full(cluster: Cluster, device: int, method: str) -> None:
    for other in DEVICES:
        if other != device:
            error = InsufficientStorage("full")
            cluster.faults("object", other).fail(method, error=error)


@pytest.mark.parametrize(("method", "body", "headers"), UPLOADS)
@pytest.mark.parametrize("device", DEVICES)
def test_what_one_device_kept_of_a_refused_upload_goes(
    cluster: Cluster, device: int, method: str, body: bytes, headers: dict[str, str]
) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/o"
    all_but_one_are_full(cluster, device, method)
    assert cluster.put(path, body, **headers).status == 507
    # Whoever reads, and whatever that device tells others later: it is gone.
    for other in DEVICES:
        held = cluster.objects(other).objects.values()
        assert not any(state.exists for state in held)
    assert cluster.ask("GET", path).status == 404
    # What comes later is newer than what was refused.
    assert cluster.put(path, b"again").status == 201
    assert cluster.ask("GET", path).body == b"again"


def test_a_refused_upload_kills_nothing_that_was_there(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/o"
    for device in DEVICES:
        cluster.put(path, b"old")
        all_but_one_are_full(cluster, device, "put")
        assert cluster.put(path, b"new").status == 507
        assert cluster.ask("GET", path).body in (b"old", b"new")


def test_nor_what_only_those_hold_who_are_away(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/o"
    one, two, three = cluster.primaries("object", path)
    (handoff,) = set(DEVICES) - {one, two, three}
    for away in ((two, three), (one, handoff)):
        for device in away:
            cluster.faults("object", device).down = True
        if two in away:
            assert cluster.put(path, b"old").status == 201
        else:
            error = InsufficientStorage("full")
            cluster.faults("object", three).fail("commit", error=error)
            assert cluster.put(path, LARGE).status == 507
        for device in away:
            cluster.faults("object", device).down = False
    found = cluster.ask("GET", path, {"X-Newest": "true"})
    assert found.body in (b"old", LARGE)


@pytest.mark.parametrize(("method", "body"), [("put", b"x"), ("begin", LARGE)])
def test_what_most_primaries_have_no_room_for_is_not_taken(
    cluster: Cluster, method: str, body: bytes
) -> None:
    """They answer readers with what they had before, and nobody else is asked."""
    cluster.make_container(BOX)
    path = f"{BOX}/o"
    assert cluster.put(path, b"old").status == 201
    primaries = cluster.primaries("object", path)
    for one in primaries:
        full = [device for device in primaries if device != one]
        for device in full:
            cluster.faults("object", device).fail(method, error=InsufficientStorage())
        assert cluster.put(path, body).status == 507
    for device in primaries[:2]:
        cluster.faults("object", device).fail("delete", error=InsufficientStorage())
    assert cluster.ask("DELETE", path).status == 507


def test_devices_that_are_not_there_are_stood_in_for(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/o"
    for device in cluster.primaries("object", path)[:2]:
        faults = cluster.faults("object", device)
        faults.fail("put", error=InsufficientStorage("not mounted"))
        faults.fail("lookup", error=InsufficientStorage("not mounted"))
    assert cluster.put(path, b"new").status == 201


@pytest.mark.parametrize("method", ["write", "commit"])
def test_primaries_that_fill_up_during_an_upload(cluster: Cluster, method: str) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/o"
    one, two, _ = cluster.primaries("object", path)
    cluster.faults("object", one).fail("begin", error=InsufficientStorage())
    cluster.faults("object", two).fail(method, error=InsufficientStorage())
    assert cluster.put(path, LARGE).status == 507
    assert cluster.ask("GET", path).status == 404
