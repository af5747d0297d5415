"""Copies of a SQLite database, and putting one in its place.

The file alone is not the database: what was committed last is in the log beside it
(``-wal``), and a log that is left beside another file ruins that.  So a copy is made by
SQLite, as the database is at one moment while others write on; and is put back only
when nobody has the database open.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from objectstore.kernel.errors import Unavailable

# Of a database that is replaced: kept until somebody removes it.
BEFORE = ".before"
# What SQLite keeps beside a database.
_BESIDE = ("-wal", "-shm", "-journal")
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def copy_database(source: Path, target: Path) -> None:
    """Write a copy, whole or not at all, for our eyes only.  ``Unavailable``."""
    if target.exists():
        raise Unavailable(f"{target} is there already")
    if not source.exists():
        raise Unavailable(f"{source}: there is no database")
    with _fresh(target) as fresh:
        _write(source, fresh)
        os.rename(fresh, target)
        _sync(target.parent)


def replace_database(copy: Path, target: Path) -> None:
    """Put the copy in the place of a database that nobody uses, which is kept beside it
    (``BEFORE``), damaged as it may be.  ``Unavailable``."""
    with _fresh(target) as fresh:
        _write(copy, fresh)
        # Whoever calls may be root, and the cloud is not.
        owner = target.parent.stat()
        # And whoever owns the directory could put a link there.
        os.chown(fresh, owner.st_uid, owner.st_gid, follow_symlinks=False)
        _put_aside(target)
        os.rename(fresh, target)
        _sync(target.parent)


def applied_in(copy: Path) -> set[str]:
    """Which migrations a copy has been through.  ``Unavailable`` when it is no sound
    copy of a cloud's database."""
    try:
        with contextlib.closing(_open(copy, "ro")) as opened:
            (said,) = opened.execute("PRAGMA integrity_check(1)").fetchone()
            if said != "ok":
                raise Unavailable(f"{copy} is damaged: {said}")
            found = opened.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error as error:
        raise Unavailable(f"{copy} is no cloud's database: {error}") from None
    return {str(row[0]) for row in found}


@contextlib.contextmanager
def _fresh(target: Path) -> Iterator[Path]:
    """Where it is written, a name that nothing has; nothing of it stays when that
    fails."""
    fresh = target.with_name(f"{target.name}.{secrets.token_hex(4)}.new")
    try:
        yield fresh
    except (OSError, sqlite3.Error) as error:
        said = getattr(error, "strerror", None) or error
        raise Unavailable(f"{target}: {said}") from None
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink()


def _write(source: Path, fresh: Path) -> None:
    os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        contextlib.closing(_open(source, "rw")) as reading,
        contextlib.closing(_open(fresh, "rw")) as writing,
    ):
        reading.backup(writing)
        # One file, without a log beside it.
        writing.execute("PRAGMA journal_mode = DELETE")
    _sync(fresh)


def _put_aside(target: Path) -> None:
    """The database and, where it could not be brought home, its log.  A log without its
    database is nobody's."""
    before = f"{target}{BEFORE}"
    is_there = target.exists()
    if is_there:
        _end_log(target)
        os.replace(target, before)
        for end in _BESIDE:
            Path(f"{before}{end}").unlink(missing_ok=True)
    for end in _BESIDE:
        log = Path(f"{target}{end}")
        if is_there and log.exists():
            log.replace(f"{before}{end}")
        log.unlink(missing_ok=True)


def _end_log(target: Path) -> None:
    """Bring the log home and take it away, which only who is alone can."""
    try:
        with contextlib.closing(_open(target, "rw")) as opened:
            opened.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        code = error.sqlite_errorcode & 0xFF
        if code in _HELD:
            raise Unavailable(f"{target} is in use: stop the cloud first") from None
        # Damaged, which may be why somebody wants the copy.
        if code not in _DAMAGED:
            raise


def _open(path: Path, mode: str) -> sqlite3.Connection:
    where = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(where, uri=True, isolation_level=None)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
