"""The local account node: a device's accounts by direct calls."""

from __future__ import annotations

from collections.abc import Sequence

from objectstore.account.store import AccountStore
from objectstore.database.local_node import (
    NOT_FOUND,
    LocalDatabaseNode,
    TimedMetadata,
)
from objectstore.kernel.concurrency import Promise
from objectstore.replication.owed import CopiesOwed
from objectstore.wire.records import ContainerRow, Receipt


class LocalAccountNode(LocalDatabaseNode):
    """``wire.nodes.AccountNode`` on a device that this process owns."""

    def __init__(
        self, store: AccountStore, copies_owed: CopiesOwed | None = None
    ) -> None:
        super().__init__(store.databases, copies_owed)

    def create(
        self, key: bytes, account: str, timestamp: int, metadata: TimedMetadata
    ) -> Promise[Receipt]:
        """See ``AccountNode``."""
        return self._promise(
            key, self._create, key, (account, ""), timestamp, metadata, 0
        )

    def merge(
        self, key: bytes, account: str, rows: Sequence[ContainerRow]
    ) -> Promise[Receipt]:
        """See ``AccountNode``.  ``found``: the account was live before."""
        return self._promise(key, self._merge, key, account, rows)

    def _merge(
        self, key: bytes, account: str, rows: Sequence[ContainerRow]
    ) -> Promise[Receipt]:
        found = self._live(key) is not None
        if not found and rows:
            # A container can only have been made while the account was there:
            # the account is at least as old as the newest of these.
            newest = max(max(row.timestamp, row.deleted_timestamp) for row in rows)
            self._create(key, (account, ""), newest, {}, 0)
        broker = self._live(key)
        if broker is None:
            return Promise.of(NOT_FOUND)
        return self.changes.write_rows(broker, rows, Receipt(True, found))
