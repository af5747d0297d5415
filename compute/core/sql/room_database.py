"""What every room's parts do alike: transactions, and looking at the clock."""

from __future__ import annotations

from typing import TypeVar

from compute.core.sql.database import Database, Transaction
from objectstore.kernel.clock import Clock

T = TypeVar("T")


class RoomDatabase:
    """For records that have a ``database`` and a ``clock``."""

    __slots__ = ()

    database: Database
    clock: Clock

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.clock.time()

    def run(self, function: Transaction[T]) -> T:
        """One transaction: see ``Database.run``."""
        return self.database.run(function)

    def read(self, function: Transaction[T]) -> T:
        """One that only reads: see ``Database.read``."""
        return self.database.read(function)
