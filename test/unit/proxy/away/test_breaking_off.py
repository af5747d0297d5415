"""Uploads and downloads of which one side breaks off, or hangs."""

from __future__ import annotations

import io

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import (
    Corrupt,
    Rejected,
    Unavailable,
)
from test.unit.proxy.away.bodies import BOX, DEVICES
from test.unit.proxy.cluster import Cluster


@pytest.mark.parametrize("pieces", [0, 1, 5])
@pytest.mark.parametrize("error", [Unavailable, Corrupt])
def test_a_replica_breaks_off(
    cluster: Cluster, pieces: int, error: type[Exception]
) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/l"
    body = bytes(index % 251 for index in range(700_000))
    cluster.put(path, body)
    one, two, _ = cluster.primaries("object", path)
    cluster.faults("object", one).fail("piece", after=pieces, error=error("bad"))
    cluster.faults("object", two).fail("piece", after=1, error=error("bad"))
    assert cluster.ask("GET", path).body == body


def test_an_upload_loses_one_replica_but_not_two(cluster: Cluster) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/l"
    body = bytes(5 * 1024 * 1024)
    one, two, _ = cluster.primaries("object", path)
    cluster.faults("object", one).fail("write", after=3)
    assert cluster.put(path, body).status == 201
    assert cluster.ask("GET", path).body == body
    cluster.faults("object", one).fail("write", after=2)
    cluster.faults("object", two).fail("write", after=4)
    assert cluster.put(f"{BOX}/m", body).status == 503
    assert cluster.ask("GET", f"{BOX}/m").status == 404
    assert cluster.ask("GET", BOX).text() == "l\n"


class _Breaking(io.BytesIO):
    """A client that is gone, or stalls, after some bytes."""

    def __init__(self, size: int, error: Exception) -> None:
        super().__init__(bytes(size))
        self._error = error

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        size = super().readinto(view)
        if not size:
            raise self._error
        return size

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if not data:
            raise self._error
        return data


@pytest.mark.parametrize("size", [100, 300_000, 3_000_000])
@pytest.mark.parametrize("status", [408, 499])
def test_a_client_that_breaks_off(cluster: Cluster, size: int, status: int) -> None:
    cluster.make_container(BOX)
    headers = {"Content-Length": str(size * 2)}
    answer = cluster.ask("PUT", f"{BOX}/o", headers, _Breaking(size, Rejected(status)))
    assert answer.status == status
    assert cluster.ask("GET", f"{BOX}/o").status == 404
    for device in DEVICES:
        calls = cluster.faults("object", device).calls
        assert calls.count("begin") == calls.count("abort")
        assert "commit" not in calls


@pytest.mark.parametrize("hung", [1, 2])
def test_an_upload_to_hung_replicas(
    cluster: Cluster, released: concurrency.Event, hung: int
) -> None:
    cluster.make_container(BOX)
    path = f"{BOX}/l"
    body = bytes(index % 251 for index in range(300_000)) * 10
    cluster.put(path, b"old")
    source = _Hanging(body, 1_500_000)
    devices = cluster.primaries("object", path)[:hung]

    def hang() -> None:
        for device in devices:
            cluster.faults("object", device).hold = released

    source.act = hang
    made = cluster.ask("PUT", path, {"Content-Length": str(len(body))}, source)
    assert made.status == (201 if hung == 1 else 503)
    for device in devices:
        cluster.faults("object", device).hold = None
    assert cluster.ask("GET", path).body == (body if hung == 1 else b"old")


class _Hanging(io.BytesIO):
    """A body that does something when half of it is read."""

    def __init__(self, data: bytes, at: int) -> None:
        super().__init__(data)
        self._at = at
        self.act = lambda: None

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        if self.tell() >= self._at:
            self.act()
        return super().readinto(view)
