"""A write's row, begun as soon as the object is safe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from objectstore.kernel.concurrency import Event, promised
from test.unit.proxy.cluster import IMPATIENT, Cluster

BOX = "/AUTH_test/box"
PATH = f"{BOX}/o"
# Longer than the test waits: nobody is waited for who is known to hang.
PATIENT = replace(IMPATIENT, write_grace=60.0)
SECONDS_MAX = 5.0


@pytest.mark.parametrize(("method", "status"), [("PUT", 201), ("DELETE", 204)])
def test_containers_that_hang_hold_up_no_write(method: str, status: int) -> None:
    cluster = Cluster(settings=PATIENT)
    cluster.make_container()
    cluster.put(PATH)
    device = cluster.primaries("container", BOX)[0]
    hanging = cluster.faults("container", device)
    hanging.hold = Event()
    cluster.app._parts.rounds.suspect(cluster.directory.nodes["container", device, 0])
    try:
        written = promised(cluster.ask, method, PATH, {}, b"new").wait(SECONDS_MAX)
    finally:
        hanging.hold.set()
    assert written.status == status
    assert "X-Ringstack-Row" not in written.headers
