"""Transaction ids: one for each request, in the form Swift's tools know.

``tx`` + 21 hex digits + ``-`` + the time in 10 hex digits.  The digits are the
process's own random ones and a counter: unique without asking the system for
randomness at every request.
"""

from __future__ import annotations

from contextvars import ContextVar
from random import Random

from objectstore.kernel.clock import Clock
from objectstore.kernel.request import Context

TRANSACTION: ContextVar[str] = ContextVar("transaction", default="")
"""The transaction id of the request that this greenlet serves: for log lines, and
for calls that leave for another process.  Each greenlet has its own."""

NO_TRANSACTION = "-"
# Ours are 34 characters; a stranger's id must not fill the log.
TRANSACTION_CHARACTERS_MAX = 64
COUNTER_DIGITS = 9
PROCESS_DIGITS = 21 - COUNTER_DIGITS


def set_transaction(transaction_id: str) -> None:
    """From here on this greenlet works for that request."""
    TRANSACTION.set(transaction_id)


def current_transaction() -> str:
    """The id of the request that this greenlet works for, or ``-``."""
    return TRANSACTION.get() or NO_TRANSACTION


class TransactionIds:
    """Makes the ids of one process."""

    __slots__ = ("_clock", "_count", "_prefix")

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._count = 0
        self._prefix = f"tx{random.getrandbits(4 * PROCESS_DIGITS):0{PROCESS_DIGITS}x}"

    def next(self) -> str:
        """A new id."""
        self._count += 1
        return f"{self._prefix}{self._count:09x}-{int(self._clock.time()):010x}"

    def new_context(self) -> Context:
        """A request's context with a new id."""
        return Context(self.next())
