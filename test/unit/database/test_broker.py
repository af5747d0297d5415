"""A database of SQLite rows answers as the pure rules do."""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objectstore.database import sqlite_file
from objectstore.database.broker import Broker
from objectstore.database.facts import Facts, created_by, deleted_by
from objectstore.database.facts_table import empty_image
from objectstore.database.merge import is_live, merge_rows
from objectstore.database.row_kinds import CONTAINER_ROWS, OBJECT_ROWS
from objectstore.database.rows import RowTable
from objectstore.database.shown_page import READERS_KEPT
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Corrupt, InsufficientStorage
from objectstore.kernel.system_disk import SystemDisk
from objectstore.wire.listing_forms import END
from objectstore.wire.records import ListingQuery, ObjectRow
from test.fakes.memory_database import normal_row
from test.unit.database.listing_model import model_listing, model_rows
from test.unit.database.rows import (
    names,
    queries,
    raw_container_rows,
    raw_object_rows,
)

OBJECTS, CONTAINERS = RowTable(OBJECT_ROWS), RowTable(CONTAINER_ROWS)
KEY = b"k" * 16
batches_of_objects = st.lists(st.lists(raw_object_rows, max_size=12), max_size=5)
batches_of_containers = st.lists(st.lists(raw_container_rows, max_size=9), max_size=4)


@contextmanager
def database(table: RowTable = OBJECTS) -> Iterator[Broker]:
    container = "c" if table is OBJECTS else ""
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory, "x.db"))
        sqlite_file.create(SystemDisk(), path, empty_image(table))
        broker = Broker(table, KEY, path, Facts("a", container, 0, 0))
        yield broker
        broker.close()


def merged(batches: list[list[Any]]) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for row in (normal_row(row) for batch in batches for row in batch):
        known = held.get(row.name)
        held[row.name] = row if known is None else merge_rows(known, row)
    return held


def all_rows(broker: Broker) -> tuple[Any, ...]:
    return broker.rows(ListingQuery()).rows


@settings(max_examples=60, deadline=None)
@given(batches_of_objects, st.lists(queries, max_size=6))
def test_container_equals_the_pure_rules(batches, questions):
    with database() as broker:
        for batch in batches:
            broker.merge(batch)
            broker.fold()
        rows = merged(batches)
        assert all_rows(broker) == tuple(
            sorted(rows.values(), key=lambda row: row.name)
        )
        live = [row for row in rows.values() if is_live(row)]
        info = broker.info()
        assert info.object_count == len(live)
        assert info.bytes_used == sum(row.size for row in live)
        for query in questions:
            assert broker.list(query) == model_listing(rows.values(), query)
            inside = model_rows(rows.values(), query)
            page = broker.rows(query)
            assert page.rows == tuple(inside[: query.limit])
            assert page.complete == (len(inside) <= query.limit)


@settings(max_examples=40, deadline=None)
@given(batches_of_containers, st.lists(queries, max_size=3))
def test_account_equals_the_pure_rules(batches, questions):
    with database(CONTAINERS) as broker:
        for batch in batches:
            broker.merge(batch)
            broker.fold()
        rows = merged(batches)
        live = [row for row in rows.values() if is_live(row)]
        info = broker.info()
        assert info.container_count == len(live)
        assert info.object_count == sum(row.object_count for row in live)
        assert info.bytes_used == sum(row.bytes_used for row in live)
        assert set(all_rows(broker)) == set(rows.values())
        for query in questions:
            assert broker.list(query) == model_listing(rows.values(), query)


@settings(max_examples=40, deadline=None)
@given(batches_of_objects, st.randoms(use_true_random=False))
def test_digests_are_equal_after_merging_in_any_order(batches, random):
    rows = [row for batch in batches for row in batch]
    with database() as one, database() as other:
        one.merge(rows)
        shuffled = rows + random.sample(rows, len(rows) // 2)
        random.shuffle(shuffled)
        for row in shuffled:
            other.merge([row])
            other.fold()
        assert one.info().row_digest == other.info().row_digest
        if rows:
            other.merge([rows[0]._replace(name="elsewhere", timestamp=99)])
            assert one.info().row_digest != other.info().row_digest


def test_it_opens_with_all_it_had():
    with database() as broker:
        broker.take_facts(created_by(broker.facts, 5, 3))
        broker.merge([row("a"), row("b", deleted=1)])
        broker.reported = (1, 2, 3)
        broker.fold()
        again = Broker(OBJECTS, KEY, broker.path, None)
        assert again.info() == broker.info()
        assert again.facts == broker.facts
        assert again.reported == (1, 2, 3)
        again.close()


def test_deletion_ends_older_rows_and_ignores_them_later():
    with database() as broker:
        broker.take_facts(created_by(broker.facts, 1, 0))
        broker.merge([row("old", 5, deleted=1), row("new", 9, deleted=1)])
        broker.fold()
        broker.merge([row("pending", 6, deleted=1)])
        broker.take_facts(deleted_by(broker.facts, 7))
        broker.merge([row("late", 7)])
        assert [row.name for row in all_rows(broker)] == ["new"]
        broker.take_facts(created_by(broker.facts, 8, 0))
        broker.merge([row("late", 7), row("fresh", 10)])
        assert [row.name for row in all_rows(broker)] == ["fresh", "new"]
        assert broker.info().object_count == 1


def test_old_tombstones_are_dropped_page_by_page():
    with database() as broker, database() as other:
        dead = [row(f"{n:03}", n, deleted=1) for n in range(1, 50)]
        broker.merge([*dead, row("live", 3)])
        name, steps = broker.drop_tombstones(20, "", 10), 1
        while name:
            name = broker.drop_tombstones(20, name, 10)
            steps += 1
        assert steps == 5
        other.merge([*dead[19:], row("live", 3)])
        assert all_rows(broker) == all_rows(other)
        assert broker.info().row_digest == other.info().row_digest


def test_a_full_disk_loses_nothing():
    with database() as broker:
        broker.merge([row("first")])
        broker.fold()
        limit = broker._connection.execute("PRAGMA page_count").fetchone()[0]
        broker._connection.execute(f"PRAGMA max_page_count={limit}")
        many = [row(f"{n:05}" * 20) for n in range(500)]
        broker.merge(many)
        with pytest.raises(InsufficientStorage):
            broker.fold()
        broker._connection.execute("PRAGMA max_page_count=100000")
        assert broker.info().object_count == 501


def test_a_broken_file_is_corrupt(tmp_path):
    path = tmp_path / "x.db"
    generator = random.Random(5)
    for content in (b"", b"no database at all" * 500, generator.randbytes(8192)):
        path.write_bytes(content)
        with pytest.raises(Corrupt):
            Broker(OBJECTS, KEY, str(path), None)


@given(st.lists(names, min_size=1, max_size=30, unique=True))
@settings(max_examples=20, deadline=None)
def test_names_of_all_of_unicode_come_back_in_byte_order(given_names):
    with database() as broker:
        broker.merge([row(name) for name in given_names])
        listed = [entry.name for entry in broker.list(ListingQuery())]
        assert listed == sorted(given_names, key=str.encode)


def row(name: str, timestamp: int = 1, deleted: int = 0) -> ObjectRow:
    return ObjectRow(name, timestamp, deleted, 1, "t", timestamp, "e", timestamp)


def open_files() -> list[str]:
    """Databases that this process has open."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.append(str(entry.readlink()))
    return [path for path in found if "x.db" in path]


def long_rows() -> list[ObjectRow]:
    return [ObjectRow(f"{n:05}", n + 1, 0, n, "a/b", 1, "e", 1) for n in range(1500)]


def test_a_special_row_keeps_other_forms_as_they_are() -> None:
    with database() as broker:
        broker.merge(long_rows())
        broker.merge([ObjectRow("a", 1, 0, 1, "t", 1, "e; slo_etag=f", 1)])
        assert broker.shown(ListingQuery(), "json") is None
        assert broker.shown(ListingQuery(), "text") is not None
        assert broker.from_rows == {"json"}
        # Fields are the columns as they are: no row keeps nodes from writing them.
        broker.merge([ObjectRow("b&c\n", 1, 0, 1, "t;swift_bytes=7", 1, "e", 1)])
        page = broker.shown(ListingQuery(limit=1), "fields")
        assert page is not None and page.body.count(END) == 1
        assert broker.from_rows == {"json"}


def test_pages_on_other_threads_are_those_of_this_one() -> None:
    before = set(open_files())
    with database() as broker:
        broker.merge(long_rows())
        query = ListingQuery(marker="00010")
        named = broker.shown(query, "json", with_last=True)
        assert named is not None and (named.rows, named.last) == (1489, "01499")
        here = broker.shown(query, "json")
        assert here == named._replace(last="")
        tasks = [
            concurrency.spawn(broker.shown_apart, query, "json")
            for _ in range(2 * READERS_KEPT)
        ]
        assert [concurrency.wait_task(task) for task in tasks] == [here] * len(tasks)
        # Readers are kept, with what they have cached, and see what comes later.
        broker.merge([ObjectRow("00500", 5000, 1, 0, "", 0, "", 5000)])
        later = broker.shown_apart(query, "json")
        assert later == broker.shown(query, "json") and later != here
    assert set(open_files()) <= before


def test_a_page_under_way_when_its_database_closes_leaves_nothing_open() -> None:
    before = set(open_files())
    with database() as broker:
        broker.merge(long_rows())
        broker.fold()
        task = concurrency.spawn(broker.shown_apart, ListingQuery(), "text")
        concurrency.sleep(0)
        broker.close()
        page = concurrency.wait_task(task)
        assert page is not None and page.rows == 1500
    assert set(open_files()) <= before
