"""What an operator can set of replication: the [replication] section."""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.kernel.option_types import Seconds, Size
from objectstore.kernel.settings import option


@dataclass(frozen=True, slots=True)
class ReplicationSettings:
    """How eagerly devices level with their peers."""

    interval: Seconds = option(
        30.0, "Rest between two rounds over all partitions", minimum=0.1
    )
    concurrency: int = option(
        4, "Keys that one device levels at once", minimum=1, maximum=64
    )
    bandwidth: Size = option(
        64 * 2**20,
        "Bytes a second that one device sends and fetches at most for repair; "
        "0: no limit",
        minimum=0,
    )
    node_timeout: Seconds = option(
        10.0, "A device that takes longer to answer is left for the next round"
    )
