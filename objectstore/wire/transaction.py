"""Which request the running greenlet works for: its transaction id, for logs.

Set by whoever begins a request, read where a call leaves for another process.
The node interface does not carry it, because nothing but log lines depends on
it.  A greenlet has a context of its own, so requests do not mix.
"""

from __future__ import annotations

from contextvars import ContextVar

NO_TRANSACTION = "-"
# Ours are 34 characters; a stranger's id must not fill the log.
TRANSACTION_CHARACTERS_MAX = 64

_current: ContextVar[str] = ContextVar("transaction_id", default=NO_TRANSACTION)


def set_transaction(transaction_id: str) -> None:
    """From here on this greenlet works for that request."""
    _current.set(transaction_id)


def current_transaction() -> str:
    """The id of the request that this greenlet works for, or ``-``."""
    return _current.get()
