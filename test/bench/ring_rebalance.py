"""How long a large ring takes: part power 18, 3 replicas, 200 devices.

Run from a checkout: `python test/bench/ring_rebalance.py [part_power]`. Prints seconds
for the first rebalance and for those after a change, with the moves and the quality,
then load time and lookup cost.
"""

from __future__ import annotations

import itertools
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ring.builder import Builder
from ring.device import Device
from ring.file import load_builder, load_ring, save_builder, save_ring
from ring.promises import check_promises
from ring.ring import Ring

PART_POWER = 18
DEVICES = 200
ZONES = 5
SERVERS_PER_ZONE = 8
LOOKUPS = 100_000


def device(number: int) -> Device:
    zone = number % ZONES
    server = number // ZONES % SERVERS_PER_ZONE
    weight = 4000.0 if number % 3 else 6000.0
    return Device(
        -1, 1, zone, f"10.0.{zone}.{server}", 6200, f"sd{number}", weight=weight
    )


def rebalance(builder: Builder, title: str) -> None:
    builder.pretend_min_part_hours_passed()
    started = time.perf_counter()
    result = builder.rebalance(random.Random(1), int(time.time()))
    seconds = time.perf_counter() - started
    started = time.perf_counter()
    check_promises(builder)
    checked = time.perf_counter() - started
    print(
        f"{title:34} {seconds:6.2f} s  moved {result.moved:7d}  balance "
        f"{result.balance:5.2f} %  dispersion {result.dispersion:.3f} %  "
        f"(validate {checked:.2f} s)"
    )


def lookups(ring: Ring) -> None:
    partitions = random.Random(2).sample(range(ring.partition_count), 50_000)
    for title in ("primaries, unseen", "primaries, seen"):
        started = time.perf_counter()
        for partition in partitions:
            ring.primaries(partition)
        each = (time.perf_counter() - started) / len(partitions)
        print(f"{title:34} {each * 1e6:6.2f} us")
    next(ring.handoffs(0))
    for title, count in (
        ("first handoff", 1),
        ("three handoffs", 3),
        ("all handoffs", 0),
    ):
        some = partitions[:2000]
        started = time.perf_counter()
        for partition in some:
            for _ in itertools.islice(ring.handoffs(partition), count or None):
                pass
        each = (time.perf_counter() - started) / len(some)
        print(f"{title:34} {each * 1e6:6.2f} us")


def main() -> None:
    part_power = int(sys.argv[1]) if len(sys.argv) > 1 else PART_POWER
    builder = Builder(part_power, 3, 1)
    for number in range(DEVICES):
        builder.add(device(number))
    rebalance(builder, "first rebalance")
    builder.add(device(DEVICES))
    rebalance(builder, "after adding a device")
    builder.remove(7)
    rebalance(builder, "after removing a device")
    builder.set_weight(11, 8000.0)
    rebalance(builder, "after doubling a weight")
    builder.set_replicas(3.25)
    rebalance(builder, "after 3.25 replicas")
    builder.set_replicas(3)
    rebalance(builder, "after 3 replicas again")
    for number in range(40):
        builder.add(
            Device(-1, 1, ZONES, f"10.0.9.{number % 8}", 6200, f"n{number}", 4000.0)
        )
    rebalance(builder, "after adding a zone of 40")
    with tempfile.TemporaryDirectory() as directory:
        for version in (1, 2):
            path = Path(directory) / f"v{version}.ring.gz"
            started = time.perf_counter()
            save_ring(builder.ring(), path, format_version=version)
            saved = time.perf_counter()
            ring = load_ring(path)
            loaded = time.perf_counter()
            print(
                f"ring format {version}: save {saved - started:.3f} s, "
                f"load {loaded - saved:.3f} s, {path.stat().st_size} bytes"
            )
        path = Path(directory) / "b.builder"
        started = time.perf_counter()
        save_builder(builder, path)
        saved = time.perf_counter()
        load_builder(path)
        print(
            f"builder: save {saved - started:.3f} s, "
            f"load {time.perf_counter() - saved:.3f} s, {path.stat().st_size} bytes"
        )
        lookups(ring)


if __name__ == "__main__":
    main()
