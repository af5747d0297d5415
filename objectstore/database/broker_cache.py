"""The open databases of a device: a bounded number, the least used ones closed.

A database that cannot be closed just now (its rows do not fit on the full disk,
its facts are not yet safe in the journal) stays open, over the bound if need be:
closing it would forget what only memory knows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from objectstore.database.broker import Broker
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

# Each open database has three descriptors: well below the usual limit of 1,024
# even for accounts and containers of two devices in one process.
OPEN_DATABASES_MAX = 64


class BrokerCache:
    """Brokers by key, the most recently used last."""

    def __init__(self, size_max: int = OPEN_DATABASES_MAX) -> None:
        self.closes_in_background = False
        self._size_max = size_max
        self._brokers: OrderedDict[bytes, Broker] = OrderedDict()

    def __len__(self) -> int:
        return len(self._brokers)

    def __iter__(self) -> Iterator[Broker]:
        """All of them, as they are now."""
        return iter(list(self._brokers.values()))

    def get(self, key: bytes) -> Broker | None:
        """The broker if it is open; it counts as used."""
        broker = self._brokers.get(key)
        if broker is not None:
            self._brokers.move_to_end(key)
        return broker

    def peek(self, key: bytes) -> Broker | None:
        """The broker if it is open."""
        return self._brokers.get(key)

    def add(self, broker: Broker) -> None:
        """Keep it open; close others if there are too many."""
        self._brokers[broker.key] = broker
        surplus = len(self._brokers) - self._size_max
        for candidate in list(self._brokers.values())[:-1] if surplus > 0 else ():
            if _is_closable(candidate):
                self.close(candidate.key)
                surplus -= 1
                if not surplus:
                    return

    def close(self, key: bytes) -> None:
        """Close it: in the background, because SQLite syncs a file that it closes,
        or at once where nobody waits for others yet."""
        broker = self._brokers.pop(key, None)
        if broker is None:
            return
        if self.closes_in_background:
            concurrency.spawn(concurrency.offload, broker.close)
        else:
            broker.close()

    def drop(self, key: bytes) -> Broker | None:
        """Take it out; the caller closes it."""
        return self._brokers.pop(key, None)


def _is_closable(broker: Broker) -> bool:
    written = broker.facts_written
    if written is not None and (not written.done or written.error is not None):
        return False
    try:
        broker.fold()
    except Unavailable:
        return False
    return True
