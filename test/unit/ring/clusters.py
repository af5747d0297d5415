"""Rings to test with: a few by hand, any number by hypothesis."""

from __future__ import annotations

import math
import random
from array import array

from hypothesis import strategies

from ring.balance import spans
from ring.builder import Builder
from ring.device import Device
from ring.rules import Rules

NOW = 1_700_000_000
HOUR = 3600


def device(number: int, zone: int, weight: float = 100, region: int = 1) -> Device:
    """A device on its own server, unless two are given the same number."""
    address = f"10.{region}.{zone}.{number % 250}"
    return Device(-1, region, zone, address, 6200, f"sd{number}", weight)


def builder(
    zones: int = 4, per_zone: int = 3, part_power: int = 7, replicas: float = 3
) -> Builder:
    built = Builder(part_power, replicas, min_part_hours=1)
    for number in range(zones * per_zone):
        built.add(device(number, number % zones))
    return built


def rebalanced(built: Builder, seed: int = 1, now: int = NOW) -> Builder:
    built.rebalance(random.Random(seed), now)
    return built


def copy_rows(built: Builder) -> list[array[int]]:
    return [array("I", row) for row in built.rows]


def holders(rows: list[array[int]], partition: int) -> list[int]:
    return [row[partition] for row in rows if partition < len(row)]


def crowded_count(built: Builder) -> int:
    """How many partitions exceed what the plan allows in some failure domain."""
    rules = Rules(built.plan(), built.known_devices(), len(built.devices))
    return sum(
        rules.crowded(column)
        for span in spans(built.rows)
        for column in zip(*span, strict=True)
    )


@strategies.composite
def builders(draw: strategies.DrawFn) -> Builder:
    """Small clusters of any shape: few or many domains, uneven weights."""
    replicas = draw(strategies.sampled_from([1, 2, 3, 3, 3, 4, 2.5, 3.25]))
    built = Builder(draw(strategies.integers(3, 7)), replicas, min_part_hours=1)
    built.set_overload(draw(strategies.sampled_from([0.0, 0.1, 1.0, 100.0])))
    count = draw(strategies.integers(math.ceil(replicas), 16))
    regions = draw(strategies.integers(1, 3))
    zones = draw(strategies.integers(1, 4))
    weights = strategies.sampled_from([50, 100, 100, 200, 400])
    for number in range(count):
        region = draw(strategies.integers(1, regions))
        zone = draw(strategies.integers(1, zones))
        server = draw(strategies.integers(0, 2))
        built.add(
            Device(
                -1,
                region,
                zone,
                f"10.{region}.{zone}.{server}",
                6200,
                f"sd{number}",
                draw(weights),
            )
        )
    return built


seeds = strategies.integers(0, 1 << 32)
