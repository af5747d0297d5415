"""digests, states, copies of databases: what their replication stands on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.wire.records import ContainerName, DatabaseCopy, ListingQuery, Receipt
from test.contract.nodes import implementations
from test.contract.nodes.samples import container_row, kept, object_row

EMPTY = bytes(16)
PART_POWER = 8
META = "X-Some-Meta-Color"


def key_in(partition: int, number: int) -> bytes:
    return bytes([partition]) + bytes(13) + number.to_bytes(2, "big")


KEY = key_in(3, 1)


class Subject:
    """Container or account nodes, spoken to the same way."""

    def __init__(self, make: Any, is_account: bool) -> None:
        self.make = make
        self.is_account = is_account
        self.node = make()

    def create(self, key: bytes = KEY, at: int = 5, **metadata: str) -> None:
        timed = {f"X-Some-Meta-{name}": (text, at) for name, text in metadata.items()}
        if self.is_account:
            kept(self.node.create(key, "AUTH_☃", at, timed))
        else:
            kept(self.node.create(key, ContainerName("AUTH_☃", "b"), at, timed, 0))

    def row(self, name: str, at: int = 10) -> Any:
        return container_row(name, at) if self.is_account else object_row(name, at)

    def merge(self, rows: Sequence[Any], key: bytes = KEY) -> None:
        if self.is_account:
            kept(self.node.merge(key, "AUTH_☃", rows))
        else:
            kept(self.node.merge(key, rows))

    def digest(self, partition: int = KEY[0]) -> bytes:
        (one,) = kept(self.node.digests([partition], PART_POWER))
        return bytes(one)

    def states(self, after: bytes = b"", limit: int = 100) -> list[tuple[bytes, int]]:
        return list(map(tuple, kept(self.node.states(3, PART_POWER, after, limit))))

    def copy(self, key: bytes = KEY) -> Any:
        return kept(self.node.copy_of(key))


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
    numbers = iter(range(10))
    with ExitStack() as stack:

        def make() -> Any:
            directory = tmp_path / str(next(numbers))
            return tables[kind][implementation](directory, stack)

        yield Subject(make, kind == "account")


def test_an_empty_node(subject: Subject) -> None:
    assert kept(subject.node.digests([0, 255], PART_POWER)) == [EMPTY] * 2
    assert kept(subject.node.digests([], PART_POWER)) == []
    assert subject.states() == []
    assert subject.copy() is None
    assert kept(subject.node.forget(KEY, 1)) == Receipt(stored=False, found=False)
    with pytest.raises(Rejected):
        kept(subject.node.row_digests(KEY, [("", "")]))


def test_every_change_changes_the_digest(subject: Subject) -> None:
    seen = [subject.digest()]
    changes = [
        subject.create,
        lambda: subject.create(at=6, Color="red"),
        lambda: subject.merge([subject.row("one")]),
        lambda: subject.merge([subject.row("one", 11)]),
        lambda: kept(subject.node.post(KEY, {META: ("", 20)})),
    ]
    for change in changes:
        change()
        seen.append(subject.digest())
    assert len(set(seen)) == len(seen)
    assert subject.digest(4) == EMPTY


def test_states_in_key_order_and_pages(subject: Subject) -> None:
    keys = [key_in(3, number) for number in range(5)]
    for key in reversed(keys):
        subject.create(key)
    subject.create(key_in(4, 0))
    states = subject.states()
    assert [key for key, _ in states] == keys
    assert all(digest for _, digest in states)
    assert subject.states(limit=2) == states[:2]
    assert subject.states(keys[1], 2) == states[2:4]
    assert subject.states(keys[4]) == []


def test_a_copy_makes_an_equal_database(subject: Subject) -> None:
    rows = [subject.row(f"row {number}") for number in range(7)]
    subject.create(Color="red")
    subject.merge(rows)
    copy, digest, states = subject.copy(), subject.digest(), subject.states()
    listing = kept(subject.node.list(KEY, ListingQuery()))
    assert isinstance(copy, DatabaseCopy)
    subject.node = subject.make()
    assert kept(subject.node.merge_copy(KEY, copy, rows[:3])).stored
    assert kept(subject.node.merge_copy(KEY, copy, rows[3:])).stored
    assert kept(subject.node.merge_copy(KEY, copy, rows)).stored  # repeated
    assert (subject.copy(), subject.digest()) == (copy, digest)
    assert subject.states() == states
    assert kept(subject.node.list(KEY, ListingQuery())) == listing


def test_a_deletion_travels_and_ends_rows(subject: Subject) -> None:
    subject.create()
    deleted = replace(subject.copy(), deleted_timestamp=50)
    subject.merge([subject.row("one", 20)])
    kept(subject.node.merge_copy(KEY, deleted, ()))
    assert not kept(subject.node.info(KEY)).exists
    assert kept(subject.node.rows(KEY, ListingQuery())).rows == ()
    kept(subject.node.merge_copy(KEY, deleted, [subject.row("late", 30)]))
    assert kept(subject.node.rows(KEY, ListingQuery())).rows == ()


def test_an_older_copy_changes_nothing(subject: Subject) -> None:
    subject.create(at=10, Color="red")
    now = subject.copy()
    old = replace(now, put_timestamp=5, metadata={META: ("blue", 4)})
    kept(subject.node.merge_copy(KEY, old, ()))
    assert subject.copy().put_timestamp == 10
    assert subject.copy().metadata == now.metadata


def test_digests_of_ranges_of_rows(subject: Subject) -> None:
    subject.create()
    names = ["a", "b", "b\0", "ba", "c☃", "d"]
    subject.merge([subject.row(name) for name in names])

    def digests(*ranges: tuple[str, str]) -> list[tuple[int, bytes]]:
        found = kept(subject.node.row_digests(KEY, ranges))
        return [(count, bytes(digest)) for count, digest in found]

    all_rows, upper, lower = digests(("", ""), ("b", ""), ("", "b"))
    assert (all_rows[0], upper[0], lower[0]) == (6, 4, 2)
    mixed = int.from_bytes(upper[1], "big") ^ int.from_bytes(lower[1], "big")
    assert all_rows[1] == mixed.to_bytes(16, "big")
    assert digests(("b", "b\0"))[0][0] == 1
    assert digests(("d", "")) == [(0, EMPTY)]
    assert digests() == []


def test_forget_drops_exactly_what_was_confirmed(subject: Subject) -> None:
    subject.create()
    subject.merge([subject.row("one")])
    ((_, digest),) = subject.states()
    subject.merge([subject.row("two")])
    assert kept(subject.node.forget(KEY, digest)) == Receipt(stored=False)
    ((_, digest),) = subject.states()
    assert kept(subject.node.forget(KEY, digest)).stored
    assert subject.copy() is None
    assert subject.digest() == EMPTY
    assert kept(subject.node.info(KEY)) is None
    subject.create(at=6)
    assert kept(subject.node.rows(KEY, ListingQuery())).rows == ()


def test_owing_promises_nothing(subject: Subject) -> None:
    assert subject.node.owe_copy(KEY, [1, 2]) is None
