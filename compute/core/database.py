"""The control plane's SQL database: transactions, and nothing of green threads in them.

``Database.run(function)`` calls ``function(connection)`` inside one serialisable
transaction on a native thread; only the calling greenlet waits.  Serialisable is
what lets rooms be written plainly: what a function has read is still so when its
writes commit, or everything is done once more from the start.  So a function may
run several times: it touches nothing but the connection and what it returns.

Tables belong to one room each, made with ``table`` on the room's own metadata.
Moments are seconds since the epoch (``Instant``), ids are texts (``Id``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from compute.core.errors import Conflict
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
# Other processes' writers may hold a SQLite file this long before we give up.
SQLITE_BUSY_SECONDS = 10.0
# Every commit on disk before it is told; OFF only where a crash may lose all.
SQLITE_SYNCHRONOUS = "FULL"
POOL_SIZE = 10
POOL_WAIT_SECONDS = 30.0

# serialization_failure, deadlock_detected (PostgreSQL); deadlock, lock wait (MySQL)
RETRIED_STATES = frozenset({"40001", "40P01"})
RETRIED_NUMBERS = frozenset({1205, 1213, 1020})

# On a connection that is going to write: SQLite must take its lock at once, for
# a reader that turns writer half way cannot wait.
WRITES = "ringstack_writes"

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
        sqlite_synchronous: str = SQLITE_SYNCHRONOUS,
    ) -> None:
        """Connects at the first use.  ``offload`` runs a transaction off the hub's
        thread; who has no other greenlets to serve may call it where it stands."""
        self._offload = offload
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # SQLite has one writer: waiting here costs a greenlet, not a thread.
        self._writers = concurrency.Semaphore(1 if self.is_sqlite else POOL_SIZE)
        self._readers = concurrency.Semaphore(POOL_SIZE)
        # What lost once is done again one by one: our own losers, all at it at once,
        # would only go on losing against each other.
        self._again = concurrency.Semaphore(1)
        self._random = Random()
        if self.is_sqlite:
            self.engine = _sqlite_engine(self.url, sqlite_synchronous)
        else:
            self.engine = sa.create_engine(
                self.url,
                isolation_level="SERIALIZABLE",
                pool_size=2 * POOL_SIZE,
                max_overflow=0,
                pool_timeout=POOL_WAIT_SECONDS,
                pool_pre_ping=True,
            )

    def run(self, function: Transaction[T]) -> T:
        """The function's result, its writes committed and on disk.

        Raises what the function raises (nothing is written then), ``Duplicate`` when
        a constraint is violated, ``Unavailable`` when the database is away or the
        transaction lost too often.
        """
        with self._writers:
            return self._repeat(function, self._write_once)

    def read(self, function: Transaction[T]) -> T:
        """Like ``run``, for functions that only read: they see one moment."""
        with self._readers:
            return self._repeat(function, self._read_once)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

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
            return (self._offload(once, function),)
        except IntegrityError as error:
            raise Duplicate(_constraint_text(error)) from error
        except DBAPIError as error:
            if not is_lost_race(error):
                raise _translated(error) from error
            return None

    def _write_once(self, function: Transaction[T]) -> T:
        with self.engine.connect() as connection:
            writing = connection.execution_options(**{WRITES: True})
            with writing.begin():
                return function(writing)

    def _read_once(self, function: Transaction[T]) -> T:
        with self.engine.connect() as connection, connection.begin():
            return function(connection)


def _sqlite_engine(url: sa.URL, synchronous: str) -> sa.Engine:
    """WAL, by default every commit synced.  The file is private: it holds hashes of
    tokens and keys."""
    path = Path(url.database or "")
    if not url.database or url.database == ":memory:":
        raise ValueError("an SQLite database needs a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    engine = sa.create_engine(
        url,
        pool_size=2 * POOL_SIZE,
        max_overflow=0,
        connect_args={
            "timeout": SQLITE_BUSY_SECONDS,
            "check_same_thread": False,
            # Transactions begin where we say, not where the driver guesses.
            "isolation_level": None,
        },
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        for pragma in (
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


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
