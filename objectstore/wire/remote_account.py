"""An ``AccountNode`` in another process."""

from __future__ import annotations

from collections.abc import Sequence

from objectstore.kernel.concurrency import Promise
from objectstore.wire import codec, paths
from objectstore.wire.codec import Timed
from objectstore.wire.peer import Peer
from objectstore.wire.records import ContainerRow, Receipt
from objectstore.wire.remote_database import RemoteDatabaseNode


class RemoteAccountNode(RemoteDatabaseNode):
    """One device's accounts, behind ``peer``."""

    def __init__(self, peer: Peer, device: str) -> None:
        super().__init__(peer, paths.account_prefix(device))

    def create(
        self, key: bytes, account: str, timestamp: int, metadata: Timed
    ) -> Promise[Receipt]:
        """See ``AccountNode``."""
        value = (account, timestamp, codec.encode_timed(metadata))
        return self._change("PUT", key, "", value)

    def merge(
        self, key: bytes, account: str, rows: Sequence[ContainerRow]
    ) -> Promise[Receipt]:
        """See ``AccountNode``."""
        return self._change("POST", key, "/merge", (account, tuple(rows)))
