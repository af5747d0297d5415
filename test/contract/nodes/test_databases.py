"""What accounts and containers have in common: life, metadata, deletion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.wire.records import (
    ContainerName,
    ContainerRow,
    ListingQuery,
    ObjectRow,
    Receipt,
)
from test.contract.nodes import implementations
from test.contract.nodes.samples import container_row, kept, key_of, object_row

KEY = key_of("a database")
ALL = ListingQuery()
META = "X-Some-Meta-Color"


class Subject:
    """A container or an account node, spoken to the same way."""

    def __init__(self, node: Any, is_account: bool) -> None:
        self.node = node
        self.is_account = is_account

    def create(
        self, timestamp: int, metadata: Mapping[str, tuple[str, int]] | None = None
    ) -> Receipt:
        if self.is_account:
            return kept(self.node.create(KEY, "AUTH_☃", timestamp, metadata or {}))
        name = ContainerName("AUTH_☃", "bücher")
        return kept(self.node.create(KEY, name, timestamp, metadata or {}, 1))

    def merge(self, *rows: ObjectRow | ContainerRow) -> Receipt:
        if self.is_account:
            return kept(self.node.merge(KEY, "AUTH_☃", rows))
        return kept(self.node.merge(KEY, rows))

    def row(self, name: str, timestamp: int = 10) -> ObjectRow | ContainerRow:
        make = container_row if self.is_account else object_row
        return make(name, timestamp)

    def gone(self, name: str, timestamp: int) -> ObjectRow | ContainerRow:
        if self.is_account:
            created = min(10, timestamp - 1)
            return container_row(name, created, deleted_timestamp=timestamp)
        return object_row(name, timestamp, deleted=1)

    @property
    def info(self) -> Any:
        return kept(self.node.info(KEY))


SUBJECTS = [("container", each) for each in sorted(implementations.CONTAINER)] + [
    ("account", each) for each in sorted(implementations.ACCOUNT)
]


@pytest.fixture(params=SUBJECTS, ids="-".join)
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    kind, implementation = request.param
    tables = {
        "container": implementations.CONTAINER,
        "account": implementations.ACCOUNT,
    }
    with ExitStack() as stack:
        node = tables[kind][implementation](tmp_path, stack)
        yield Subject(node, kind == "account")


def test_never_heard_of(subject: Subject) -> None:
    assert subject.info is None
    with pytest.raises(Rejected) as caught:
        kept(subject.node.list(KEY, ALL))
    assert caught.value.status == 404
    assert kept(subject.node.post(KEY, {META: ("red", 5)})).found is False
    assert kept(subject.node.delete(KEY, 5)).found is False


def test_created(subject: Subject) -> None:
    assert subject.create(5) == Receipt(stored=True, found=False)
    info = subject.info
    assert info.exists
    assert info.name == ("AUTH_☃" if subject.is_account else "bücher")
    assert (info.created, info.put_timestamp, info.deleted_timestamp) == (5, 5, 0)
    assert (info.object_count, info.bytes_used, info.container_count) == (0, 0, 0)
    assert info.metadata == {}
    assert info.policy == (0 if subject.is_account else 1)
    assert info.database_id
    assert kept(subject.node.list(KEY, ALL)) == []


def test_created_again(subject: Subject) -> None:
    subject.create(5)
    before = subject.info
    assert subject.create(5) == Receipt(stored=True, found=True)
    assert subject.info == before
    assert subject.create(8) == Receipt(stored=True, found=True)
    assert (subject.info.created, subject.info.put_timestamp) == (5, 8)


def test_created_with_metadata(subject: Subject) -> None:
    subject.create(5, {META: ("röt ☃", 5)})
    assert subject.info.metadata == {META: "röt ☃"}
    subject.create(6, {META: ("blue", 6), "X-Other": ("1", 6)})
    assert subject.info.metadata == {META: "blue", "X-Other": "1"}


def test_posted_metadata_merges_item_by_item(subject: Subject) -> None:
    subject.create(5, {META: ("red", 5), "X-Kept": ("yes", 5)})
    receipt = kept(subject.node.post(KEY, {META: ("blue", 7)}))
    assert receipt == Receipt(stored=True, found=True)
    assert subject.info.metadata == {META: "blue", "X-Kept": "yes"}
    assert kept(subject.node.post(KEY, {META: ("blue", 7)})).found
    assert kept(subject.node.post(KEY, {META: ("green", 6)})).stored is False
    assert subject.info.metadata[META] == "blue"


def test_an_empty_value_removes(subject: Subject) -> None:
    subject.create(5, {META: ("red", 5)})
    kept(subject.node.post(KEY, {META: ("", 7)}))
    assert subject.info.metadata == {}
    kept(subject.node.post(KEY, {META: ("late", 6)}))
    assert subject.info.metadata == {}, "what was removed later stays removed"
    kept(subject.node.post(KEY, {META: ("again", 8)}))
    assert subject.info.metadata == {META: "again"}


def test_deleted(subject: Subject) -> None:
    subject.create(5, {META: ("red", 5)})
    assert kept(subject.node.delete(KEY, 9)) == Receipt(stored=True, found=True)
    info = subject.info
    assert not info.exists
    assert (info.put_timestamp, info.deleted_timestamp) == (5, 9)
    assert info.metadata == {}
    with pytest.raises(Rejected) as caught:
        kept(subject.node.list(KEY, ALL))
    assert caught.value.status == 404
    assert kept(subject.node.post(KEY, {META: ("blue", 10)})).found is False
    assert kept(subject.node.delete(KEY, 11)).found is False


def test_a_repeated_delete_says_what_it_found(subject: Subject) -> None:
    assert kept(subject.node.delete(KEY, 4)).found is False
    assert kept(subject.node.delete(KEY, 4)).found is False
    subject.create(5)
    for _ in range(2):
        receipt = kept(subject.node.delete(KEY, 9))
        assert receipt == Receipt(stored=True, found=True)


def test_deleted_and_created_again_starts_clean(subject: Subject) -> None:
    subject.create(5, {META: ("red", 5)})
    subject.merge(subject.row("x", 6))
    subject.merge(subject.gone("x", 7))
    kept(subject.node.delete(KEY, 9))
    assert subject.create(8).stored is False
    assert not subject.info.exists
    assert subject.create(10) == Receipt(stored=True, found=False)
    info = subject.info
    assert info.exists
    assert (info.created, info.put_timestamp, info.metadata) == (10, 10, {})
    assert kept(subject.node.list(KEY, ALL)) == []


def test_a_delete_older_than_the_put_is_superseded(subject: Subject) -> None:
    subject.create(5)
    subject.create(9)
    assert kept(subject.node.delete(KEY, 7)).stored is False
    assert subject.info.exists


def test_a_delete_of_one_with_rows_is_a_conflict(subject: Subject) -> None:
    subject.create(5)
    subject.merge(subject.row("x", 6))
    with pytest.raises(Rejected) as caught:
        kept(subject.node.delete(KEY, 9))
    assert caught.value.status == 409
    assert subject.info.exists
    assert len(kept(subject.node.list(KEY, ALL))) == 1
    subject.merge(subject.gone("x", 8))
    assert kept(subject.node.delete(KEY, 9)).stored


def test_rows_show_at_once(subject: Subject) -> None:
    subject.create(5)
    assert subject.merge(subject.row("b"), subject.row("a")).found
    assert [row.name for row in kept(subject.node.list(KEY, ALL))] == ["a", "b"]
    subject.merge(subject.gone("a", 11))
    assert [row.name for row in kept(subject.node.list(KEY, ALL))] == ["b"]


def test_merging_no_rows(subject: Subject) -> None:
    subject.create(5)
    assert subject.merge().found
    assert kept(subject.node.list(KEY, ALL)) == []


def test_raw_rows_hold_tombstones(subject: Subject) -> None:
    subject.create(5)
    subject.merge(*[subject.row(name) for name in "abcde"])
    subject.merge(subject.gone("b", 12))
    page = kept(subject.node.rows(KEY, ALL))
    assert [row.name for row in page.rows] == list("abcde")
    assert page.complete
    assert page.rows[1] == subject.gone("b", 12)


def test_raw_rows_by_pages(subject: Subject) -> None:
    subject.create(5)
    names = [f"n{number:03}" for number in range(25)]
    subject.merge(*[subject.row(name) for name in names])
    for reverse in (False, True):
        seen: list[str] = []
        while True:
            query = ListingQuery(
                limit=10, marker=seen[-1] if seen else "", reverse=reverse
            )
            page = kept(subject.node.rows(KEY, query))
            seen += [row.name for row in page.rows]
            if page.complete:
                break
            assert page.rows
        assert seen == (names[::-1] if reverse else names)


def test_raw_rows_within_bounds(subject: Subject) -> None:
    subject.create(5)
    subject.merge(*[subject.row(name) for name in ["a", "b/1", "b/2", "b/3", "c"]])

    def names(query: ListingQuery) -> list[str]:
        return [row.name for row in kept(subject.node.rows(KEY, query)).rows]

    assert names(ListingQuery(prefix="b/")) == ["b/1", "b/2", "b/3"]
    assert names(ListingQuery(prefix="b/", marker="b/1")) == ["b/2", "b/3"]
    assert names(ListingQuery(prefix="b/", end_marker="b/2")) == ["b/1"]
    assert names(ListingQuery(delimiter="/", end_marker="c")) == [
        "a",
        "b/1",
        "b/2",
        "b/3",
    ]
    assert names(ListingQuery(marker="c", end_marker="a", reverse=True)) == [
        "b/3",
        "b/2",
        "b/1",
    ]


def test_equal_digests_iff_equal_rows(subject: Subject) -> None:
    subject.create(5)
    empty = subject.info.row_digest
    subject.merge(subject.row("a"))
    one = subject.info.row_digest
    subject.merge(subject.row("b"))
    two = subject.info.row_digest
    subject.merge(subject.row("b"), subject.row("a"))
    assert subject.info.row_digest == two
    subject.merge(subject.gone("b", 11))
    tombstone = subject.info.row_digest
    assert len({empty, one, two, tombstone}) == 4
    subject.merge(subject.row("b"))
    assert subject.info.row_digest == tombstone


def test_many_rows_at_once(subject: Subject) -> None:
    subject.create(5)
    names = sorted(f"{number:05}-{'ñ' * 40}" for number in range(3000))
    subject.merge(*[subject.row(name) for name in names])
    assert [row.name for row in kept(subject.node.list(KEY, ALL))] == names
