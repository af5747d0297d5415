"""The control plane's SQL database: transactions, and nothing of green threads in them.

``Database.run(function)`` calls ``function(connection)`` inside one serialisable
transaction; only the calling greenlet waits.  With a database server the whole of it
is on a native thread, with SQLite only what waits for the disk (``core/sqlite.py``).
Serialisable is what lets rooms be written plainly: what a function has read is still
so when its writes commit, or everything is done once more from the start.  So a
function may run several times: it touches nothing but the connection and what it
returns, and waits for nothing.

Tables belong to one room each, made with ``table`` on the room's own metadata.
Moments are seconds since the epoch (``Instant``), ids are texts (``Id``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from compute.core.errors import Conflict
from compute.core.sql.server import SqlServer
from compute.core.sql.sqlite import BUSY_SECONDS, SYNCHRONOUS, SqliteFile
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

T = TypeVar("T")
Connection = sa.Connection
Transaction = Callable[[Connection], T]

# How often a transaction that lost against another is done again, and about how long
# it waits before (doubled each time, to a bound): some seconds in all, for processes
# that create servers on the same few hosts as fast as they can.
TRIES_MAX = 40
FIRST_PAUSE_SECONDS = 0.004
PAUSE_SECONDS_MAX = 0.128

# serialization_failure, deadlock_detected (PostgreSQL); deadlock, lock wait (MySQL)
RETRIED_STATES = frozenset({"40001", "40P01"})
RETRIED_NUMBERS = frozenset({1205, 1213, 1020})

Instant = sa.Double
_log = logging.getLogger("compute.database")


def Id() -> sa.String:
    """A uuid or another key of ours."""
    return sa.String(64)


def Name() -> sa.String:
    """A text of a person's choice: 255 characters, as the APIs allow."""
    return sa.String(255)


def table(name: str, metadata: sa.MetaData, *columns: Any) -> sa.Table:
    """A table; texts compare byte by byte on every database."""
    return sa.Table(
        name,
        metadata,
        *columns,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


class Duplicate(Conflict):
    """A row with that key is there already (or one that it needs is not)."""

    kind_default = "Duplicate"


class Database:
    """One database by its URL: ``sqlite:////path``, ``postgresql+psycopg2://...``,
    ``mysql+pymysql://...``."""

    def __init__(
        self,
        url: str,
        *,
        offload: Callable[..., Any] = concurrency.offload,
        sqlite_synchronous: str = SYNCHRONOUS,
        sqlite_busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        """Connects at the first use.  ``offload`` runs what waits off the hub's
        thread; who has no other greenlets to serve may call it where it stands."""
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # What lost once is done again one by one: our own losers, all at it at once,
        # would only go on losing against each other.
        self._again = concurrency.Semaphore(1)
        self._random = Random()
        self._backend: SqliteFile | SqlServer = (
            SqliteFile(
                self.url,
                offload=offload,
                synchronous=sqlite_synchronous,
                busy_seconds=sqlite_busy_seconds,
            )
            if self.is_sqlite
            else SqlServer(self.url, offload=offload)
        )
        # For who waits in a thread of his own.
        self.engine = self._backend.engine

    def run(self, function: Transaction[T]) -> T:
        """The function's result, its writes committed and on disk.

        Raises what the function raises (nothing is written then), ``Duplicate`` when
        a constraint is violated, ``Unavailable`` when the database is away or the
        transaction lost too often.
        """
        return self._repeat(function, self._backend.write)

    def read(self, function: Transaction[T]) -> T:
        """Like ``run``, for functions that only read: they see one moment."""
        return self._repeat(function, self._backend.read)

    def close(self) -> None:
        """Close the connections."""
        self._backend.close()

    def _repeat(
        self, function: Transaction[T], once: Callable[[Transaction[T]], T]
    ) -> T:
        result = self._try(function, once)
        if result is not None:
            return result[0]
        with self._again:
            pause = FIRST_PAUSE_SECONDS
            for _ in range(TRIES_MAX):
                # Never in step with other processes.
                concurrency.sleep(pause * self._random.uniform(0.5, 1.0))
                pause = min(2 * pause, PAUSE_SECONDS_MAX)
                result = self._try(function, once)
                if result is not None:
                    return result[0]
        raise Unavailable("a transaction lost too often")

    def _try(
        self, function: Transaction[T], once: Callable[[Transaction[T]], T]
    ) -> tuple[T] | None:
        """What it returned, in a tuple; None when it lost and may be done again."""
        try:
            return (once(function),)
        except IntegrityError as error:
            raise Duplicate(_constraint_text(error)) from error
        except DBAPIError as error:
            if not is_lost_race(error):
                raise _translated(error) from error
            return None


def is_lost_race(error: DBAPIError) -> bool:
    """Whether the transaction only met another one and may be done again."""
    original = error.orig
    state = getattr(original, "pgcode", None) or getattr(original, "sqlstate", None)
    if state in RETRIED_STATES:
        return True
    arguments: Sequence[Any] = getattr(original, "args", ())
    if arguments and arguments[0] in RETRIED_NUMBERS:
        return True
    return isinstance(error, OperationalError) and "is locked" in str(original)


def _translated(error: DBAPIError) -> Exception:
    """Away: ``Unavailable``.  Wrong SQL is a bug of ours, and stays what it is."""
    if isinstance(error, OperationalError) or error.connection_invalidated:
        _log.error("the database does not answer: %s", error.orig)
        return Unavailable("the database does not answer")
    return error


def _constraint_text(error: IntegrityError) -> str:
    return f"it exists already, or what it refers to does not ({error.orig})"
