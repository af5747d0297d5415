"""SQLite's transactions: their statements where the hub runs, their syncs apart, and
one sync for all that are asked for meanwhile.

A statement of ours takes some ten microseconds and waits for no other machine.  On a
native thread it would give the interpreter's lock away and take it back several times,
each time against the hub that is busy: more work than the statement itself.  So only
what waits for the disk, a commit of something written, goes to a native thread.

*Group commit*: writers queue; one greenlet takes the lock of the file, lets them write
one after the other (a savepoint each: who fails takes only his own back), commits and
tells them.  Who comes during a commit is of the next group.  They see one another's
writes, as they would had each committed, and nobody is told before the disk has all.

Another process may hold the file's one write lock: who meets it tries again after a
pause, in which other greenlets run.  Nobody waits longer than ``BUSY_SECONDS`` from
when he asked, however many stand before him: all whose time is up are told together.
"""

from __future__ import annotations

import functools
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import Unavailable

T = TypeVar("T")

# Other processes' writers may hold a SQLite file this long before who waits gives up.
BUSY_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 0.001
PAUSE_SECONDS_MAX = 0.05
# So many writers share a commit: the first has to wait for the last.
GROUP_MAX = 16
# A writer and a reader, and who is told to stop in the middle of something.
CONNECTIONS_MAX = 4
# Every commit on disk before it is told; OFF only where a crash may lose all.
SYNCHRONOUS = "FULL"

# On a connection that is going to write: SQLite must take its lock at once, for
# a reader that turns writer half way cannot wait.
WRITES = "ringstack_writes"


Function = Callable[[sa.Connection], Any]

_log = logging.getLogger("compute.database")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody wants written, and until when (monotonic) he waits for the lock."""

    function: Function
    promise: concurrency.Promise[Any]
    until: float


class SqliteFile:
    """One file's connections.  ``engine``: for those who wait in a thread of theirs."""

    def __init__(
        self,
        url: sa.URL,
        *,
        offload: Callable[..., Any],
        synchronous: str = SYNCHRONOUS,
        busy_seconds: float = BUSY_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        """Connects at the first use.  ``offload`` runs commits off the hub's thread."""
        self._busy_seconds = busy_seconds
        self._clock = clock or SystemClock()
        self.engine = _engine(url, synchronous, busy_seconds)
        self._here = _engine(url, synchronous, 0.0)
        self._offload = offload
        self._asked: deque[_Asked] = deque()
        self._writer: concurrency.Task | None = None

    def write(self, function: Callable[[sa.Connection], T]) -> T:
        """Its result, committed and on disk.  ``Unavailable`` when another process
        keeps the file's lock."""
        if self._writer is not None and concurrency.current_task() is self._writer:
            # It would wait for itself for ever, and everybody after it.
            raise AssertionError("a transaction begins within a transaction")
        promise: concurrency.Promise[T] = concurrency.Promise()
        until = self._clock.monotonic() + self._busy_seconds
        self._asked.append(_Asked(function, promise, until))
        if self._writer is None:
            # Not the caller: he may be told to wait no longer, in the middle of it.
            self._writer = concurrency.spawn(self._write_all)
        return promise.wait()

    def read(self, function: Callable[[sa.Connection], T]) -> T:
        """Its result: what it has seen is one moment's."""
        with self._here.connect() as connection, connection.begin():
            return function(connection)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()
        self._here.dispose()

    def _write_all(self) -> None:
        try:
            while self._asked:
                self._write_group()
        finally:
            self._writer = None

    def _write_group(self) -> None:
        """Every promise of the group is kept or broken in the end, in their order:
        who failed may have failed for what another has written here."""
        group: list[concurrency.Promise[Any]] = []
        ends: list[Callable[[], None]] = []
        try:
            with self._here.connect() as plain:
                connection = plain.execution_options(**{WRITES: True})
                file: Any = connection.connection.dbapi_connection
                changes = file.total_changes
                transaction = self._begun(connection)
                if transaction is None:
                    return
                with transaction:
                    while self._asked and len(group) < GROUP_MAX:
                        asked = self._asked.popleft()
                        group.append(asked.promise)
                        ends.append(_alone(connection, file, asked))
                        # Others may run, and ask.
                        concurrency.sleep(0)
                    if file.total_changes != changes:
                        self._commit(file)
        except Exception as error:  # noqa: BLE001  (that of all who wait)
            if not group:
                group.append(self._asked.popleft().promise)
            ends = [functools.partial(promise.fail, error) for promise in group]
        for end in ends:
            end()

    def _begun(self, connection: sa.Connection) -> sa.RootTransaction | None:
        """A transaction, as soon as no other process has the file's lock; None when
        nobody waits for it any more."""
        pause = FIRST_PAUSE_SECONDS
        while self._asked:
            try:
                return connection.begin()
            except OperationalError as error:
                if "is locked" not in str(error.orig):
                    raise
            self._let_go()
            concurrency.sleep(pause)
            pause = min(2 * pause, PAUSE_SECONDS_MAX)
        return None

    def _let_go(self) -> None:
        """Tell those who have waited long enough."""
        now, count = self._clock.monotonic(), 0
        while self._asked and self._asked[0].until <= now:
            error = Unavailable("another process keeps the database locked")
            self._asked.popleft().promise.fail(error)
            count += 1
        if count:
            _log.error(
                "another process keeps the database locked: %d writers gave up", count
            )

    def _commit(self, file: Any) -> None:
        """SQLAlchemy's own commit finds nothing left to do."""
        try:
            self._offload(file.commit)
        except sqlite3.Error as error:
            raise DBAPIError.instance(
                "COMMIT", (), error, sqlite3.Error, dialect=self._here.dialect
            ) from error


def _alone(connection: sa.Connection, file: Any, asked: _Asked) -> Callable[[], None]:
    """Run it; how its promise ends.  When it fails, nothing of it is left in the
    transaction; raises when nothing is left of the others either."""
    file.execute("SAVEPOINT one")
    try:
        result = asked.function(connection)
    except Exception as error:
        if not file.in_transaction:
            raise  # SQLite took everything back (a full disk)
        file.execute("ROLLBACK TO one")
        file.execute("RELEASE one")
        return functools.partial(asked.promise.fail, error)
    file.execute("RELEASE one")
    return functools.partial(asked.promise.resolve, result)


def _engine(url: sa.URL, synchronous: str, busy_seconds: float) -> sa.Engine:
    """WAL, by default every commit synced.  The file is private: it holds hashes of
    tokens and keys."""
    path = Path(url.database or "")
    if not url.database or url.database == ":memory:":
        raise ValueError("an SQLite database needs a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    engine = sa.create_engine(
        url,
        # One writes, one reads: the greenlets' functions run without a switch.
        pool_size=CONNECTIONS_MAX,
        max_overflow=0,
        connect_args={
            "timeout": BUSY_SECONDS,
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
            # The last: those before it may have to wait for others.
            f"busy_timeout = {int(busy_seconds * 1000)}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
