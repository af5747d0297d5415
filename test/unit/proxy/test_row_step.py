"""A write's row, begun as soon as the object is safe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from objectstore.kernel.concurrency import Event, promised
from objectstore.proxy.objects.row_step import RowOutcome, RowStep
from objectstore.wire.records import ObjectRow
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


def test_a_container_that_begins_to_hang_costs_the_grace_once() -> None:
    """It was waited for with those that keep the object."""
    cluster = Cluster(settings=PATIENT)
    cluster.make_container()
    parts = cluster.app._parts
    container = parts.facts.known_container("AUTH_test", "box")
    assert container is not None
    device = cluster.primaries("container", BOX)[0]
    hanging = cluster.faults("container", device)
    hanging.hold = Event()
    row = ObjectRow("o", 7, 0, 3, "text/plain", 7, "etag", 7)
    step = RowStep(parts, container, row)
    try:
        assert len(step.begin(())) == 3
        cluster.clock.ahead += PATIENT.write_grace
        recorded = promised(step.record, b"key", ()).wait(SECONDS_MAX)
    finally:
        hanging.hold.set()
    assert recorded is RowOutcome.RECORDED
    rounds = parts.rounds
    assert rounds.is_suspect(cluster.directory.nodes["container", device, 0])
