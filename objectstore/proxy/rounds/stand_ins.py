"""Who stands in for a partition's primaries: pure.

What a new ring moves lies where it was until it has been copied, so those that had the
partition come first, whoever the ring itself would choose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ring.device import Device
from ring.ring import Ring

# Rings that are remembered; an operator waits between two until all is copied.
FORMER_RINGS_MAX = 3


def stand_ins(ring: Ring, former: Sequence[Ring], partition: int) -> Iterator[Device]:
    """Every other device once; ``former``: the rings before this one, newest first."""
    taken = {device.id for device in ring.primaries(partition)}
    for old in former:
        for before in old.primaries(partition):
            if before.id in taken or before.id >= len(ring.devices):
                continue
            device = ring.devices[before.id]
            # An id may have gone to another device since.
            if device is not None and device.device == before.device:
                taken.add(device.id)
                yield device
    for device in ring.handoffs(partition):
        if device.id not in taken:
            yield device
