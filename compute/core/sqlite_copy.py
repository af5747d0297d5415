"""Copies of a SQLite database, and putting one in its place.

The file alone is not the database: what was committed last is in the log beside it
(``-wal``), and a log that is left beside another file ruins that.  So a copy is made by
SQLite, as the database is at one moment while others write on; and is put back only
when nobody has the database open.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from objectstore.kernel.errors import Unavailable

# Of a database that is replaced: kept until somebody removes it.
BEFORE = ".before"


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
    (``BEFORE``).  ``Unavailable``."""
    before = target.with_name(f"{target.name}{BEFORE}")
    with _fresh(target) as fresh:
        _write(copy, fresh)
        # Whoever calls may be root, and the cloud is not.
        owner = target.parent.stat()
        os.chown(fresh, owner.st_uid, owner.st_gid)
        if target.exists():
            _end_log(target)
            os.replace(target, before)
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
    """Where it is written; nothing of it stays when that fails."""
    fresh = target.with_name(f"{target.name}.new")
    try:
        yield fresh
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"{target}: {error}") from None
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink()


def _write(source: Path, fresh: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        contextlib.closing(_open(source, "rw")) as reading,
        contextlib.closing(_open(fresh, "rw")) as writing,
    ):
        reading.backup(writing)
        # One file, without a log beside it.
        writing.execute("PRAGMA journal_mode = DELETE")
    _sync(fresh)


def _end_log(target: Path) -> None:
    """Bring the log home and take it away, which only who is alone can."""
    with contextlib.closing(_open(target, "rw")) as opened:
        try:
            opened.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError:
            raise Unavailable(f"{target} is in use: stop the cloud first") from None


def _open(path: Path, mode: str) -> sqlite3.Connection:
    where = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(where, uri=True, isolation_level=None)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
