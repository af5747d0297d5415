"""A store with an erasure-coded policy: 4 + 2 fragments on some seven devices."""

from __future__ import annotations

from pathlib import Path

from objectstore.cli.layout import NodePlan
from ring.cli import main as ring_builder
from ring.file import load_ring
from test.functional.harness.ports import free_ports
from test.functional.harness.store import Store

POLICY = """
[storage-policy:1]
name = coded
type = erasure
data = 4
parity = 2
segment = 256 KiB
"""
# Rounds follow each other closely, so that healing is seen soon.
EAGER = """
[replication]
interval = 0.3
node_timeout = 2

[daemons]
fragment_delay = 1
"""
FRAGMENTS = 6


def build(builder: str, *steps: list[str]) -> None:
    for step in steps:
        try:
            ring_builder([builder, *step])
        except SystemExit as ended:
            # 1: done, with something to say of it.
            assert ended.code in (0, 1, None), step


def coded_store(directory: Path, devices: int = 7, nodes: int = 1) -> Store:
    """Laid out, not started."""
    ports = free_ports(2 * nodes)
    names = [f"d{number + 1}" for number in range(devices)]
    plans = [
        NodePlan(
            f"node{number + 1}",
            ports[2 * number],
            ports[2 * number + 1],
            tuple(names[number::nodes]),
        )
        for number in range(nodes)
    ]
    store = Store(directory, plans, "coded")
    settings = store.place.settings_directory
    steps = [["create", "5", str(FRAGMENTS), "0"]]
    zone = 0
    for plan in plans:
        for device in plan.devices:
            zone += 1
            address = f"r1z{zone}-127.0.0.1:{plan.node_port}/{device}"
            steps.append(["add", address, "1"])
    build(str(settings / "object-1.builder"), *steps, ["rebalance", "--seed", "1"])
    with (settings / "cluster.conf").open("a") as file:
        file.write(POLICY)
    for plan in plans:
        with store.place.settings_file(plan.name).open("a") as file:
            file.write(EAGER)
    return store


def primaries(store: Store, key: bytes) -> list[str]:
    """The devices of a key's fragments, by index."""
    ring = load_ring(store.place.settings_directory / "object-1.ring.gz")
    return [device.device for device in ring.primaries(ring.partition(key))]
