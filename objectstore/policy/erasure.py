"""How an erasure-coded policy cuts objects up: pure.

An object's bytes are cut into *segments*; each is encoded into ``data`` + ``parity``
fragments, any ``data`` of which give it back.  The policy's ring has a replica for
each.
"""

from __future__ import annotations

from dataclasses import dataclass

DATA_MIN = 2  # with one, fragments would be copies: that is what replication is for
# The libraries know no more than 32 fragments; rings beyond that help nobody.
FRAGMENTS_MAX = 32
KIB = 1024
SEGMENT_BYTES_MIN = 64 * KIB
# A fragment travels as one piece (``wire.nodes.WRITE_BYTES_MAX``), and readers hold
# some segments in memory.
SEGMENT_BYTES_MAX = 1024 * KIB
SEGMENT_BYTES = 1024 * KIB
# Bodies of so much are kept whole, in the object's record on each device: a second
# record for a fragment would take as much space (decision 108).
WHOLE_BYTES_MAX = 1 * KIB

# Policies have at most three digits, so nothing else has such a number.
FRAGMENT_SPACES = 1000


@dataclass(frozen=True, slots=True)
class Erasure:
    """The numbers of one policy."""

    data: int
    parity: int
    segment_bytes: int = SEGMENT_BYTES

    @property
    def fragments(self) -> int:
        """Of each object; as many replicas has the ring."""
        return self.data + self.parity

    def mistakes(self) -> list[str]:
        """What is wrong with them."""
        found = []
        if self.data < DATA_MIN:
            found.append(f"data: {DATA_MIN} at least")
        if self.parity < 1:
            found.append("parity: 1 at least")
        if self.parity > self.data:
            # The state of an object is on a majority: more losses would take it along.
            found.append("parity: no more than data")
        if self.fragments > FRAGMENTS_MAX:
            found.append(f"data and parity: {FRAGMENTS_MAX} together at most")
        if not SEGMENT_BYTES_MIN <= self.segment_bytes <= SEGMENT_BYTES_MAX:
            smallest, largest = SEGMENT_BYTES_MIN // KIB, SEGMENT_BYTES_MAX // KIB
            found.append(f"segment: {smallest} to {largest} KiB")
        return found


def fragments_needed(data: int, parity: int) -> int:
    """On how many devices fragments must be synced before an object is acknowledged.

    One more than reading takes at least, and half of the parity: what is acknowledged
    survives the next failure also where several devices were away just then.
    """
    return data + max(1, parity // 2)


def fragment_space(policy: int) -> int:
    """The number under which nodes keep a policy's fragments, beside its objects."""
    return FRAGMENT_SPACES + policy


def policy_of_space(number: int) -> int | None:
    """The policy whose fragments have that number; None: it is a policy's own."""
    return number - FRAGMENT_SPACES if number >= FRAGMENT_SPACES else None
