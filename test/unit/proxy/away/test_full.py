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
