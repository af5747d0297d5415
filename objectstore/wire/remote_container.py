"""A ``ContainerNode`` in another process."""

from __future__ import annotations

from collections.abc import Sequence

from objectstore.kernel.concurrency import Promise
from objectstore.wire import codec, paths
from objectstore.wire.codec import Timed
from objectstore.wire.peer import Peer
from objectstore.wire.records import ContainerName, ObjectRow, Receipt
from objectstore.wire.remote_database import RemoteDatabaseNode


class RemoteContainerNode(RemoteDatabaseNode):
    """One device's containers, behind ``peer``."""

    gathers_rows = False  # a call is a request

    def __init__(self, peer: Peer, device: str) -> None:
        super().__init__(peer, paths.container_prefix(device))

    def create(
        self,
        key: bytes,
        name: ContainerName,
        timestamp: int,
        metadata: Timed,
        policy: int,
    ) -> Promise[Receipt]:
        """See ``ContainerNode``."""
        items = codec.encode_timed(metadata)
        value = (name.account, name.container, timestamp, items, policy)
        return self._change("PUT", key, "", value)

    def merge(self, key: bytes, rows: Sequence[ObjectRow]) -> Promise[Receipt]:
        """See ``ContainerNode``."""
        return self._change("POST", key, "/merge", tuple(rows))
