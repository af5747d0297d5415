"""What was flushed is durable after a checkpoint, whoever reads meanwhile."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from objectstore.object.index.database import open_database
from objectstore.object.index.index import Index
from objectstore.object.records.record import NEVER
from objectstore.object.records.state import Body, Place, coming_of
from objectstore.object.store.view import View
from test.unit.object.bench import key_of, put_state


def flush_one(index: Index, number: int) -> None:
    key, place = key_of(str(number)), Place(1, number, 100)
    coming = coming_of(key, put_state(key.hex(), number, b""))
    View(index).change(key, coming, place, Body(place, 0, 0, 0), False, NEVER)
    index.flush()


def was_synced_by_a_commit(path: str) -> bool:
    with closing(open_database(path)) as connection:
        text = "SELECT count(*) FROM facts WHERE name = 'synced'"
        return bool(connection.execute(text).fetchone()[0])


@pytest.mark.parametrize("is_read", [False, True])
def test_a_reader_of_old_pages_does_not_keep_new_ones_from_the_disk(
    tmp_path: Path, is_read: bool
) -> None:
    path = str(tmp_path / "index.db")
    index = Index(path, open_database)
    flush_one(index, 1)
    with closing(open_database(path)) as reader:
        if is_read:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM objects").fetchone()
        for number in (2, 3):
            flush_one(index, number)
            index.checkpoint()
    assert was_synced_by_a_commit(path) is is_read
    index.close()
