"""What a ring promises, checked before one is handed out."""

from __future__ import annotations

from ring.balance import spans
from ring.builder import Builder
from ring.errors import Refused
from ring.resize import row_lengths


def check_promises(builder: Builder) -> None:
    """Check everything that the ring of this builder promises; raise `Refused` with the
    first failure."""
    if not builder.rows:
        raise Refused("the ring has no assignment yet; run rebalance")
    lengths = row_lengths(builder.parts, builder.replicas)
    if [len(row) for row in builder.rows] != lengths:
        raise Refused("the replica count changed; run rebalance")
    builder.ring()
    for span in spans(builder.rows):
        for partition, holders in enumerate(zip(*span, strict=True)):
            if len(set(holders)) < len(holders):
                raise Refused(
                    f"partition {partition} is on one device twice: {holders}"
                )
