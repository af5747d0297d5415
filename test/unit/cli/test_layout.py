"""Rings of a store that is laid out on one machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from objectstore.cli.layout import RING_NAMES, NodePlan, lay_out
from ring.file import load_ring


@pytest.mark.parametrize("name", RING_NAMES)
def test_no_node_has_two_replicas_where_its_devices_are_a_zone(
    tmp_path: Path, name: str
) -> None:
    plans = [
        NodePlan(f"node{n}", 8000 + n, 9000 + n, (f"d{n}a", f"d{n}b"), zone=n)
        for n in (1, 2, 3)
    ]
    place = lay_out(tmp_path, plans)
    ring = load_ring(place.settings_directory / f"{name}.ring.gz")
    for partition in range(ring.partition_count):
        ports = {device.port for device in ring.primaries(partition)}
        assert ports == {9001, 9002, 9003}


def test_devices_are_zones_of_their_own_unless_told_otherwise(tmp_path: Path) -> None:
    place = lay_out(tmp_path, [NodePlan("store", 8000, 9000, ("d1", "d2", "d3"))])
    ring = load_ring(place.settings_directory / "object.ring.gz")
    assert [device.zone for device in ring.devices if device is not None] == [1, 2, 3]
