"""What every node in another process has in common: partitions, and copies owed."""

from __future__ import annotations

from collections.abc import Sequence

from objectstore.kernel.concurrency import Promise
from objectstore.wire import codec, paths
from objectstore.wire.partition_codec import decode_digests, decode_states
from objectstore.wire.peer import Peer
from objectstore.wire.remote_owed import OwedMarks


class RemoteNode:
    """One device's node of one kind, behind ``peer``; ``prefix`` begins its targets."""

    def __init__(self, peer: Peer, prefix: str) -> None:
        self._peer = peer
        self._prefix = prefix
        self._owed = OwedMarks(peer, prefix)

    def digests(
        self, partitions: Sequence[int], part_power: int
    ) -> Promise[Sequence[bytes]]:
        """See ``wire.nodes``."""
        return self._peer.call(
            "POST",
            f"{self._prefix}{paths.NO_KEY}/digests",
            lambda: codec.pack((tuple(partitions), part_power)),
            lambda reply: decode_digests(reply, len(partitions)),
        )

    def states(
        self, partition: int, part_power: int, after: bytes, limit: int
    ) -> Promise[Sequence[tuple[bytes, int]]]:
        """See ``wire.nodes``."""
        return self._peer.call(
            "POST",
            f"{self._prefix}{paths.NO_KEY}/states",
            lambda: codec.pack((partition, part_power, after, limit)),
            decode_states,
        )

    def owe_copy(self, key: bytes, device_ids: Sequence[int]) -> None:
        """See ``wire.nodes``."""
        self._owed.add(key, device_ids)
