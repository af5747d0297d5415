"""SQLite's commits are shared, and still each transaction stands for itself."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from compute.core.errors import BadRequest
from compute.core.sql.database import Connection, Database, Duplicate, Id, table
from objectstore.kernel import concurrency
from objectstore.kernel.errors import DeadlineExceeded, Unavailable

metadata = sa.MetaData()
things = table("things", metadata, sa.Column("id", Id(), primary_key=True))


class Gate:
    """Commits go through one by one, when they are let; ``passed`` counts them."""

    def __init__(self) -> None:
        self.open = concurrency.Event()
        self.open.set()
        self.passed = 0

    def offload(self, function: Callable[..., Any], *arguments: Any) -> Any:
        self.open.wait()
        self.passed += 1
        return concurrency.offload(function, *arguments)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def database(tmp_path: Path, gate: Gate) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path}/cloud.sqlite", offload=gate.offload)
    with found.engine.begin() as connection:
        metadata.create_all(connection)
    yield found
    found.close()


def insert(name: str) -> Callable[[Connection], str]:
    def function(connection: Connection) -> str:
        connection.execute(things.insert().values(id=name))
        return name

    return function


def names(database: Database) -> list[str]:
    statement = sa.select(things.c.id).order_by(things.c.id)
    return database.read(lambda connection: list(connection.scalars(statement)))


def outcome(database: Database, function: Callable[[Connection], Any]) -> Any:
    try:
        return database.run(function)
    except Exception as error:
        return type(error)


def all_at_once(database: Database, *functions: Callable[[Connection], Any]) -> Any:
    tasks = [concurrency.spawn(outcome, database, each) for each in functions]
    return [concurrency.wait_task(task) for task in tasks]


def test_many_writers_share_a_commit(database: Database, gate: Gate) -> None:
    wanted = [f"{number:02}" for number in range(16)]
    assert all_at_once(database, *map(insert, wanted)) == wanted
    assert names(database) == wanted
    assert gate.passed == 1


def test_who_fails_takes_back_only_his_own(database: Database) -> None:
    def fail(connection: Connection) -> None:
        insert("lost")(connection)
        raise BadRequest("no")

    assert all_at_once(database, insert("a"), fail, insert("a"), insert("b")) == [
        "a",
        BadRequest,
        # He sees what the first of the group wrote.
        Duplicate,
        "b",
    ]
    assert names(database) == ["a", "b"]


def test_nobody_is_told_before_the_commit(database: Database, gate: Gate) -> None:
    gate.open.clear()
    told: list[str] = []
    tasks = [
        concurrency.spawn(lambda name=name: told.append(database.run(insert(name))))
        for name in ("a", "b")
    ]
    concurrency.sleep(0.02)
    assert (told, names(database)) == ([], [])
    gate.open.set()
    for task in tasks:
        concurrency.wait_task(task)
    assert (told, names(database)) == (["a", "b"], ["a", "b"])


def test_who_fails_for_what_another_wrote_is_told_after_him(
    database: Database, gate: Gate
) -> None:
    gate.open.clear()
    told: list[Any] = []

    def tell(name: str) -> None:
        told.append(outcome(database, insert(name)))

    tasks = [concurrency.spawn(tell, "a") for _ in range(2)]
    concurrency.sleep(0.02)
    assert told == []
    gate.open.set()
    for task in tasks:
        concurrency.wait_task(task)
    assert told == ["a", Duplicate]


def test_who_does_not_wait_leaves_the_others_alone(
    database: Database, gate: Gate
) -> None:
    gate.open.clear()
    other = concurrency.spawn(database.run, insert("b"))
    with pytest.raises(DeadlineExceeded), concurrency.deadline(0.02):
        database.run(insert("a"))
    gate.open.set()
    assert concurrency.wait_task(other) == "b"
    assert database.run(insert("c")) == "c"
    assert names(database) == ["a", "b", "c"]


def test_a_full_disk_fails_them_all(database: Database) -> None:
    def fill(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        for number in range(10_000):
            insert(f"{number:064}")(connection)

    got = all_at_once(database, insert("a"), fill)
    assert set(got) == {Unavailable}
    assert names(database) == []


def test_nothing_written_nothing_to_wait_for(database: Database, gate: Gate) -> None:
    assert database.run(lambda connection: 1) == 1
    assert gate.passed == 0


def test_a_transaction_within_a_transaction_is_told_so(database: Database) -> None:
    """Instead of waiting for itself, and all others for it."""
    with concurrency.deadline(5.0), pytest.raises(AssertionError, match="within"):
        database.run(lambda connection: database.run(insert("a")))
    assert database.run(insert("b")) == "b"
    assert names(database) == ["b"]


def test_another_process_writes(database: Database, tmp_path: Path) -> None:
    """Its lock is waited for, and the other greenlets run on."""
    other = sqlite3.connect(tmp_path / "cloud.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO things VALUES ('theirs')")
    task = concurrency.spawn(database.run, insert("ours"))
    for _ in range(3):
        concurrency.sleep(0.01)
        assert names(database) == []
    other.execute("COMMIT")
    other.close()
    assert concurrency.wait_task(task) == "ours"
    assert names(database) == ["ours", "theirs"]


@pytest.mark.parametrize("writers", [1, 40])
def test_a_lock_that_is_kept_is_told_to_all_in_time(
    tmp_path: Path, writers: int
) -> None:
    """However many wait: each within one time-out of his own."""
    busy = 0.5
    database = Database(f"sqlite:///{tmp_path}/cloud.sqlite", sqlite_busy_seconds=busy)
    with database.engine.begin() as connection:
        metadata.create_all(connection)
    other = sqlite3.connect(tmp_path / "cloud.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waited: list[float] = []

    def wait(number: int) -> Any:
        concurrency.sleep(number * busy / writers)
        began = time.monotonic()
        try:
            return outcome(database, insert(f"{number:02}"))
        finally:
            waited.append(time.monotonic() - began)

    tasks = [concurrency.spawn(wait, number) for number in range(writers)]
    assert {concurrency.wait_task(task) for task in tasks} == {Unavailable}
    assert len(waited) == writers
    assert busy <= min(waited) <= max(waited) < 2 * busy
    # Who asks when the lock is given back has it.
    late = concurrency.spawn(database.run, insert("late"))
    concurrency.sleep(busy / 5)
    other.execute("ROLLBACK")
    other.close()
    assert concurrency.wait_task(late) == "late"
    assert names(database) == ["late"]
    database.close()
