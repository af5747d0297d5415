"""Partition digests: kept by bucket or counted by range, they say the same."""

from __future__ import annotations

from random import Random

import pytest

from objectstore.kernel.errors import Corrupt
from objectstore.object.index.digests import (
    BUCKET_POWER,
    Digests,
    digest_of_states,
    partition_range,
)
from test.unit.object.bench import StoreBench, key_of


def test_changes_can_be_taken_back() -> None:
    random = Random(4)
    digests = Digests()
    empty = digests.to_bytes()
    keys = {random.randbytes(16): random.randrange(1, 2**64) for _ in range(50)}
    for key, digest in keys.items():
        digests.change(key, 0, digest)
    other = Digests()
    other.load(digests.to_bytes())
    for power in (0, 3, BUCKET_POWER):
        for partition in (0, (1 << power) - 1):
            first, stop = partition_range(partition, power)
            inside = [digest for key, digest in keys.items() if first <= key < stop]
            assert other.partition(partition, power) == digest_of_states(inside)
    for key, digest in keys.items():
        digests.change(key, digest, 0)
    assert digests.to_bytes() == empty
    with pytest.raises(Corrupt):
        digests.load(b"short")


def test_small_partitions_are_counted_from_their_rows() -> None:
    bench = StoreBench()
    for n in range(40):
        bench.put(f"{n}", 10, b"x")
    power = BUCKET_POWER + 4
    for n in range(40):
        partition = int.from_bytes(key_of(f"{n}")[:4], "big") >> (32 - power)
        states = bench.node.states(partition, power, b"", 100).wait(10)
        assert key_of(f"{n}") in dict(states)
        (digest,) = bench.node.digests([partition], power).wait(10)
        assert digest == digest_of_states(dict(states).values())
    everything = bench.node.states(0, 0, b"", 1000).wait(10)
    assert [key for key, _ in everything] == sorted(key_of(f"{n}") for n in range(40))
    page = bench.node.states(0, 0, everything[9][0], 5).wait(10)
    assert page == everything[10:15]
    bench.store.close()
