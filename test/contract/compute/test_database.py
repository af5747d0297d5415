"""Transactions: all or nothing, serialisable, translated errors."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from compute.core.api.pagination import paginate
from compute.core.errors import BadRequest, Stale
from compute.core.sql.database import Connection, Database, Duplicate, Id, Name, table
from compute.core.sql.revisions import update_revision
from objectstore.kernel import concurrency

metadata = sa.MetaData()
things = table(
    "things",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", Name()),
    sa.Column("size", sa.Integer()),
    sa.Column("revision", sa.Integer(), nullable=False, default=0),
)


@pytest.fixture(autouse=True)
def tables(database: Database) -> None:
    with database.engine.begin() as connection:
        metadata.create_all(connection)


def _add(database: Database, **values: Any) -> None:
    database.run(lambda connection: connection.execute(things.insert().values(values)))


def _all(database: Database) -> list[Any]:
    statement = things.select().order_by(things.c.id)
    return database.read(lambda connection: list(connection.execute(statement)))


def test_what_is_written_is_read(database: Database) -> None:
    _add(database, id="1", name="Zürich 😀")
    assert _all(database) == [("1", "Zürich 😀", None, 0)]


def test_an_error_writes_nothing(database: Database) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(things.insert().values(id="1"))
        raise BadRequest("no")

    with pytest.raises(BadRequest):
        database.run(fail)
    assert _all(database) == []


def test_the_same_key_twice_is_a_conflict(database: Database) -> None:
    _add(database, id="1")
    with pytest.raises(Duplicate) as caught:
        _add(database, id="1")
    assert caught.value.status == 409


def test_texts_differ_by_case(database: Database) -> None:
    _add(database, id="a")
    _add(database, id="A")
    assert len(_all(database)) == 2


def test_no_increment_is_lost(database: Database) -> None:
    """Thirty writers read, wait for nothing, and write what they read plus one."""
    _add(database, id="1", size=0)

    def increment(connection: Connection) -> None:
        size = connection.execute(sa.select(things.c.size)).scalar_one()
        connection.execute(sa.update(things).values(size=size + 1))

    tasks = [concurrency.spawn(database.run, increment) for _ in range(30)]
    for task in tasks:
        concurrency.wait_task(task)
    assert _all(database)[0].size == 30


def test_compare_and_swap(database: Database) -> None:
    _add(database, id="1", name="old")

    def rename(connection: Connection) -> int:
        return update_revision(connection, things, {"id": "1"}, 0, {"name": "new"})

    assert database.run(rename) == 1
    with pytest.raises(Stale):
        database.run(rename)
    assert _all(database) == [("1", "new", None, 1)]


@pytest.mark.parametrize("descending", [False, True])
def test_pages_hold_everything_once(database: Database, descending: bool) -> None:
    sizes = [3, None, 1, 1, None, 2, 3]
    for number, size in enumerate(sizes):
        _add(database, id=str(number), size=size)
    order = [(things.c.size, descending), (things.c.id, False)]
    seen: list[tuple[Any, str]] = []
    after = None
    while True:
        page = paginate(sa.select(things), order, after, 2)
        rows = database.read(
            lambda connection, page=page: list(connection.execute(page))
        )
        if not rows:
            break
        seen += [(row.size, row.id) for row in rows]
        after = (rows[-1].size, rows[-1].id)
    ascending = sorted(
        ((size, str(number)) for number, size in enumerate(sizes)),
        key=lambda pair: (pair[0] is not None, pair[0] or 0, pair[1]),
    )
    if descending:
        ascending.sort(key=lambda pair: (pair[0] is None, -(pair[0] or 0), pair[1]))
    assert seen == ascending
