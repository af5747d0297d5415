"""Where two replicas of a partition differ: pure, over streams in key order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from objectstore.kernel.concurrency import Promise

EMPTY_DIGEST = bytes(16)
_MASK = 2**64 - 1


class Replica(Protocol):
    """What every kind of node can say of its partitions."""

    def digests(self, partitions: Sequence[int], part_power: int) -> Promise[Any]:
        """One digest for each partition; zeros for an empty one."""

    def states(
        self, partition: int, part_power: int, after: bytes, limit: int
    ) -> Promise[Any]:
        """(key, digest of what is held), in key order, after ``after``."""

    def owe_copy(self, key: bytes, device_ids: Sequence[int]) -> None:
        """These devices lack what this one holds of the key."""


class Difference(NamedTuple):
    """A key that two replicas do not hold alike; None: not at all."""

    key: bytes
    mine: int | None
    theirs: int | None


def differences(
    mine: Iterable[tuple[bytes, int]], theirs: Iterable[tuple[bytes, int]]
) -> Iterator[Difference]:
    """The keys that differ.  Both sides are read once, in step."""
    ours, others = iter(mine), iter(theirs)
    one, other = next(ours, None), next(others, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None
            yield Difference(one[0], one[1], None)
            one = next(ours, None)
        elif one is None or other[0] < one[0]:
            yield Difference(other[0], None, other[1])
            other = next(others, None)
        else:
            if one[1] != other[1]:
                yield Difference(one[0], one[1], other[1])
            one, other = next(ours, None), next(others, None)


def walk(
    node: Replica,
    partition: int,
    part_power: int,
    seconds: float,
    *,
    page_keys: int,
    after: bytes = b"",
    last: bytes | None = None,
) -> Iterator[tuple[bytes, int]]:
    """The states of a partition behind ``after``, up to and with ``last``."""
    while True:
        page = node.states(partition, part_power, after, page_keys).wait(seconds)
        for key, digest in page:
            if last is not None and key > last:
                return
            yield key, digest
        if len(page) < page_keys:
            return
        after = page[-1][0]


def digest_of_all(digests: Iterable[int]) -> bytes:
    """One digest over 8-byte digests in any order: their XOR and their sum."""
    xor = total = 0
    for digest in digests:
        xor ^= digest
        total += digest
    return xor.to_bytes(8, "big") + (total & _MASK).to_bytes(8, "big")


def forgettable(
    page: Iterable[tuple[bytes, int]], confirmations: Sequence[set[bytes]]
) -> list[tuple[bytes, int]]:
    """What every primary has confirmed; nothing, when there is no primary.  Pure."""
    if not confirmations:
        return []
    return [
        (key, digest)
        for key, digest in page
        if all(key in confirmed for confirmed in confirmations)
    ]
