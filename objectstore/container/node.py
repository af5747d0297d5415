"""The local container node: a device's containers by direct calls."""

from __future__ import annotations

from collections.abc import Sequence

from objectstore.container.store import ContainerStore
from objectstore.database.local_node import (
    NOT_FOUND,
    LocalDatabaseNode,
    TimedMetadata,
)
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import RingstackError
from objectstore.replication.owed import CopiesOwed
from objectstore.wire.records import ContainerName, ObjectRow, Receipt

_STORED = Receipt(stored=True)


class LocalContainerNode(LocalDatabaseNode):
    """``wire.nodes.ContainerNode`` on a device that this process owns."""

    gathers_rows = True  # its journal writes what comes together at once

    def __init__(
        self, store: ContainerStore, copies_owed: CopiesOwed | None = None
    ) -> None:
        super().__init__(store.databases, copies_owed)

    def create(
        self,
        key: bytes,
        name: ContainerName,
        timestamp: int,
        metadata: TimedMetadata,
        policy: int,
    ) -> Promise[Receipt]:
        """See ``ContainerNode``.  A live container keeps its policy: that of the
        earliest PUT of its life."""
        names = (name.account, name.container)
        return self._promise(key, self._create, key, names, timestamp, metadata, policy)

    def merge(self, key: bytes, rows: Sequence[ObjectRow]) -> Promise[Receipt]:
        """See ``ContainerNode``."""
        try:
            broker = self._live(key)
            if broker is None:
                return Promise.of(NOT_FOUND)
            return self.changes.write_rows(broker, rows, _STORED)
        except RingstackError as error:
            return Promise.failed(self._noted(key, error))
