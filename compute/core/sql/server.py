"""Transactions of a database server: each on a native thread, from its beginning to its
end, for every statement waits for the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa

from objectstore.kernel import concurrency

T = TypeVar("T")

# Waiting for a place costs a greenlet, not a thread.
WRITERS_MAX = READERS_MAX = 10
POOL_WAIT_SECONDS = 30.0


class SqlServer:
    """One server's connections.  ``engine``: for who waits in a thread of his own."""

    def __init__(self, url: sa.URL, *, offload: Callable[..., Any]) -> None:
        """Connects at the first use."""
        self.engine = sa.create_engine(
            url,
            isolation_level="SERIALIZABLE",
            pool_size=WRITERS_MAX + READERS_MAX,
            max_overflow=0,
            pool_timeout=POOL_WAIT_SECONDS,
            pool_pre_ping=True,
        )
        self._offload = offload
        self._writers = concurrency.Semaphore(WRITERS_MAX)
        self._readers = concurrency.Semaphore(READERS_MAX)

    def write(self, function: Callable[[sa.Connection], T]) -> T:
        """Its result, committed and on disk."""
        with self._writers:
            return self._natively(function)

    def read(self, function: Callable[[sa.Connection], T]) -> T:
        """Its result: what it has seen is one moment's."""
        with self._readers:
            return self._natively(function)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def _natively(self, function: Callable[[sa.Connection], T]) -> T:
        result: T = self._offload(self._run, function)
        return result

    def _run(self, function: Callable[[sa.Connection], T]) -> T:
        with self.engine.connect() as connection, connection.begin():
            return function(connection)
