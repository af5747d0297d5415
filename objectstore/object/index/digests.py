"""Partition digests that cost nothing to ask for.

For each of 4,096 buckets (the first 12 bits of the key) there is the XOR and the sum
of the 8-byte digests of all states in it.  Both are independent of order and can be
taken back, so a change costs four additions.  A partition of up to 12 bits is a run
of buckets; a smaller one is counted from the index by key range.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from objectstore.kernel.errors import Corrupt

BUCKET_POWER = 12
# 17 bytes: more than any key, which has 16.
AFTER_ALL_KEYS = b"\xff" * 17
BUCKETS = 1 << BUCKET_POWER
_SHIFT = 16 - BUCKET_POWER
_MASK = 2**64 - 1


class Digests:
    """XOR and sum of state digests, by bucket."""

    def __init__(self) -> None:
        self._xor = array("Q", bytes(8 * BUCKETS))
        self._sum = array("Q", bytes(8 * BUCKETS))

    def change(self, key: bytes, old: int, new: int) -> None:
        """The state of ``key`` had digest ``old`` (0: none) and now has ``new``."""
        bucket = ((key[0] << 8) | key[1]) >> _SHIFT
        self._xor[bucket] ^= old ^ new
        self._sum[bucket] = (self._sum[bucket] + new - old) & _MASK

    def partition(self, partition: int, part_power: int) -> bytes:
        """The digest of a partition of at most ``BUCKET_POWER`` bits."""
        assert part_power <= BUCKET_POWER
        width = 1 << (BUCKET_POWER - part_power)
        first = partition * width
        xor = total = 0
        for bucket in range(first, first + width):
            xor ^= self._xor[bucket]
            total += self._sum[bucket]
        return _join(xor, total)

    def to_bytes(self) -> bytes:
        """All of them, as the index keeps them."""
        return self._xor.tobytes() + self._sum.tobytes()

    def load(self, kept: bytes) -> None:
        """Take over what ``to_bytes`` gave."""
        if len(kept) != 16 * BUCKETS:
            raise Corrupt("digests of another size")
        self._xor = array("Q", kept[: 8 * BUCKETS])
        self._sum = array("Q", kept[8 * BUCKETS :])


def digest_of_states(digests: Iterable[int]) -> bytes:
    """What ``Digests.partition`` says of states with these digests."""
    xor = total = 0
    for digest in digests:
        xor ^= digest
        total += digest
    return _join(xor, total)


def _join(xor: int, total: int) -> bytes:
    return xor.to_bytes(8, "big") + (total & _MASK).to_bytes(8, "big")


def partition_range(partition: int, part_power: int) -> tuple[bytes, bytes]:
    """(first key, first key after it); for the last partition ``AFTER_ALL_KEYS``."""
    shift = 32 - part_power
    first = (partition << shift).to_bytes(4, "big") + bytes(12)
    if partition + 1 == 1 << part_power:
        return first, AFTER_ALL_KEYS
    return first, ((partition + 1) << shift).to_bytes(4, "big") + bytes(12)
