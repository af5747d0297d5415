"""A copy is the database at one moment, and takes its place when nobody uses it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from compute.cli.database import copy as copy_command
from compute.cli.database import restore as restore_command
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.core.sql.sqlite_copy import applied_in, copy_database, replace_database
from objectstore.kernel.errors import Unavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cloud.db"


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    """Has the database open, and what it wrote last is in the log only."""
    with closing(sqlite3.connect(path, isolation_level=None)) as opened:
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("CREATE TABLE alembic_version (version_num TEXT)")
        opened.execute("INSERT INTO alembic_version VALUES ('0001_one')")
        yield opened


def test_a_copy_has_what_is_in_the_log_and_nothing_that_came_later(
    path: Path, writer: sqlite3.Connection
) -> None:
    copy = path.with_name("copy")
    copy_database(path, copy)
    writer.execute("INSERT INTO alembic_version VALUES ('0002_two')")
    assert applied_in(copy) == {"0001_one"}
    assert copy.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in path.parent.iterdir()) == [
        "cloud.db",
        "cloud.db-shm",
        "cloud.db-wal",
        "copy",
    ]
    with pytest.raises(Unavailable, match="there already"):
        copy_database(path, copy)


def test_what_is_in_use_is_not_replaced(path: Path, writer: sqlite3.Connection) -> None:
    copy = path.with_name("copy")
    copy_database(path, copy)
    writer.execute("INSERT INTO alembic_version VALUES ('0002_two')")
    with pytest.raises(Unavailable, match="in use: stop the cloud"):
        replace_database(copy, path)
    assert not list(path.parent.glob("*.new"))
    writer.close()
    replace_database(copy, path)
    assert applied_in(path) == {"0001_one"}
    assert applied_in(path.with_name("cloud.db.before")) == {"0001_one", "0002_two"}
    assert path.stat().st_uid == os.stat(path.parent).st_uid


def test_what_is_damaged_is_replaced(path: Path, writer: sqlite3.Connection) -> None:
    copy_database(path, copy := path.with_name("copy"))
    writer.close()
    log = path.with_name("cloud.db-wal")
    path.write_bytes(b"rubbish" * 1000)
    log.write_bytes(b"its log")
    replace_database(copy, path)
    assert applied_in(path) == {"0001_one"}
    assert path.with_name("cloud.db.before").read_bytes() == b"rubbish" * 1000
    assert not log.exists()
    # A log that is left alone would be taken for the copy's.
    path.unlink()
    log.write_bytes(b"left alone")
    replace_database(copy, path)
    assert not log.exists()
    replace_database(copy, path)
    assert applied_in(path.with_name("cloud.db.before")) == {"0001_one"}
    assert not path.with_name("cloud.db.before-wal").exists()


def test_no_file_beside_is_taken_for_ours(
    path: Path, writer: sqlite3.Connection
) -> None:
    copy_database(path, copy := path.with_name("cloud.db.new"))
    writer.close()
    replace_database(copy, path)
    assert applied_in(copy) == applied_in(path) == {"0001_one"}


def test_what_is_no_copy_is_refused(path: Path, writer: sqlite3.Connection) -> None:
    copy_database(path, copy := path.with_name("copy"))
    with closing(sqlite3.connect(copy, isolation_level=None)) as opened:
        opened.execute("DROP TABLE alembic_version")
    with pytest.raises(Unavailable, match="no cloud's database"):
        applied_in(copy)
    copy.write_bytes(b"garbage" * 1000)
    with pytest.raises(Unavailable, match="no cloud's database"):
        applied_in(copy)
    with pytest.raises(Unavailable, match="there is no database"):
        copy_database(path.with_name("none"), path.with_name("other"))


def test_commands(tmp_path: Path) -> None:
    settings, copy = tmp_path / "cloud.conf", tmp_path / "copy"
    settings.write_text(f"[cloud]\nstate = {tmp_path}\n")
    path = tmp_path / "cloud.db"
    database = Database(f"sqlite:///{path}")
    upgrade(database, ["image"])

    def run(command: object, words: str, status: int = 0) -> None:
        ended = CliRunner().invoke(command, [str(settings), str(copy)])  # type: ignore[arg-type]
        assert ended.exit_code == status, ended.output
        assert words in ended.output

    run(copy_command, "bytes")
    run(copy_command, "there already", 2)
    run(restore_command, "stop the cloud", 2)
    database.close()
    run(restore_command, f"the one before is {path}.before")
    with closing(sqlite3.connect(copy, isolation_level=None)) as opened:
        opened.execute("INSERT INTO alembic_version VALUES ('9999_later')")
    run(restore_command, "of a newer release: 9999_later", 2)
    settings.write_text("[cloud]\ndatabase = postgresql+psycopg2://a@b/c\n")
    run(copy_command, "use its own tools", 2)
