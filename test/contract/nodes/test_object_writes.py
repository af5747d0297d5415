"""put, post, delete, lookup: newest wins, part by part, whatever the order."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.wire.nodes import BROUGHT_BYTES_MAX, INLINE_BYTES_MAX
from objectstore.wire.records import Receipt
from test.contract.nodes.samples import (
    KEY,
    changed_metadata,
    data,
    kept,
    key_of,
    tombstone,
)


def test_nobody_ever_heard_of_it(object_node: Any) -> None:
    lookup = kept(object_node.lookup(KEY, want_body=True))
    assert (lookup.state, lookup.body) == (None, None)


@pytest.mark.parametrize(
    "size", [0, 1, 4096, BROUGHT_BYTES_MAX, BROUGHT_BYTES_MAX + 1, INLINE_BYTES_MAX]
)
def test_what_is_put_is_there(object_node: Any, size: int) -> None:
    body = bytes(i % 251 for i in range(size))
    state = data(
        5,
        body,
        metadata={"X-Object-Meta-Färbe": "grün ☃", "X-Object-Meta-Long": "v" * 4000},
        system_metadata={"X-Object-Sysmeta-Ec": "1"},
        delete_at=2_000_000_000,
    )
    assert kept(object_node.put(KEY, state, body)) == Receipt(stored=True)
    lookup = kept(object_node.lookup(KEY, want_body=True))
    assert lookup.state == state
    assert lookup.body == (body if size <= BROUGHT_BYTES_MAX else None)
    assert b"".join(kept(object_node.read(KEY, 5, 0, size))) == body


def test_a_lookup_brings_the_body_only_when_asked(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    lookup = kept(object_node.lookup(KEY, want_body=False))
    assert lookup.state == data(5)
    assert lookup.body is None


def test_a_put_over_the_inline_limit_is_rejected(object_node: Any) -> None:
    body = bytes(INLINE_BYTES_MAX + 1)
    with pytest.raises(Rejected):
        kept(object_node.put(KEY, data(5, body), body))
    assert kept(object_node.lookup(KEY, want_body=False)).state is None


def test_a_put_whose_size_is_not_its_body_s_is_rejected(object_node: Any) -> None:
    with pytest.raises(Rejected) as caught:
        kept(object_node.put(KEY, data(5, b"body"), b"bod"))
    assert caught.value.status == 422
    assert kept(object_node.lookup(KEY, want_body=False)).state is None


def test_a_put_again_changes_nothing(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    assert kept(object_node.put(KEY, data(5), b"body")).stored
    assert kept(object_node.lookup(KEY, want_body=True)).state == data(5)


def test_a_newer_put_replaces_all(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5, metadata={"X-Object-Meta-A": "1"}), b"body"))
    newer = data(7, b"other", content_type="image/png")
    assert kept(object_node.put(KEY, newer, b"other")).stored
    lookup = kept(object_node.lookup(KEY, want_body=True))
    assert (lookup.state, lookup.body) == (newer, b"other")


def test_an_older_put_is_superseded(object_node: Any) -> None:
    kept(object_node.put(KEY, data(7, b"new"), b"new"))
    assert kept(object_node.put(KEY, data(5), b"body")).stored is False
    lookup = kept(object_node.lookup(KEY, want_body=True))
    assert (lookup.state, lookup.body) == (data(7, b"new"), b"new")


def test_a_put_whose_metadata_is_older_is_superseded_in_part(
    object_node: Any,
) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    kept(object_node.post(KEY, changed_metadata(8, {"X-Object-Meta-A": "8"})))
    assert kept(object_node.put(KEY, data(7, b"new"), b"new")).stored is False
    lookup = kept(object_node.lookup(KEY, want_body=True))
    assert (lookup.state.timestamp, lookup.body) == (7, b"new")
    assert lookup.state.metadata == {"X-Object-Meta-A": "8"}


def test_a_delete_leaves_a_tombstone(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    receipt = kept(object_node.delete(KEY, tombstone(6)))
    assert receipt == Receipt(stored=True, found=True)
    lookup = kept(object_node.lookup(KEY, want_body=True))
    assert lookup.body is None
    assert not lookup.state.exists
    assert lookup.state.timestamp == 0
    assert lookup.state.deleted_timestamp == 6
    assert lookup.state.metadata == {}


def test_a_delete_of_nothing_leaves_a_tombstone_too(object_node: Any) -> None:
    receipt = kept(object_node.delete(KEY, tombstone(6)))
    assert receipt == Receipt(stored=True, found=False)
    assert kept(object_node.lookup(KEY, want_body=False)).state.deleted_timestamp == 6


def test_a_delete_again_finds_nothing(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    kept(object_node.delete(KEY, tombstone(6)))
    assert kept(object_node.delete(KEY, tombstone(8))).found is False
    assert kept(object_node.lookup(KEY, want_body=False)).state.deleted_timestamp == 8


def test_a_repeated_delete_says_what_it_found(object_node: Any) -> None:
    """Calls whose answer got lost are made again."""
    kept(object_node.put(KEY, data(5), b"body"))
    for _ in range(2):
        again = kept(object_node.delete(KEY, tombstone(6)))
        assert again == Receipt(stored=True, found=True)


def test_a_put_older_than_the_tombstone_is_superseded(object_node: Any) -> None:
    kept(object_node.delete(KEY, tombstone(6)))
    assert kept(object_node.put(KEY, data(5), b"body")).stored is False
    assert not kept(object_node.lookup(KEY, want_body=True)).state.exists


def test_a_put_newer_than_the_tombstone_lives(object_node: Any) -> None:
    kept(object_node.delete(KEY, tombstone(6)))
    assert kept(object_node.put(KEY, data(7), b"body")).stored
    lookup = kept(object_node.lookup(KEY, want_body=True))
    assert lookup.state.exists
    assert lookup.body == b"body"


def test_a_delete_older_than_the_data_is_superseded(object_node: Any) -> None:
    kept(object_node.put(KEY, data(7), b"body"))
    assert kept(object_node.delete(KEY, tombstone(6))).stored is False
    lookup = kept(object_node.lookup(KEY, want_body=True))
    assert lookup.state.exists
    assert lookup.body == b"body"


def test_a_post_replaces_metadata_as_a_whole(object_node: Any) -> None:
    before = data(
        5,
        metadata={"X-Object-Meta-A": "1", "X-Object-Meta-B": "2"},
        system_metadata={"X-Object-Sysmeta-Keep": "yes"},
        delete_at=1_900_000_000,
    )
    kept(object_node.put(KEY, before, b"body"))
    change = changed_metadata(6, {"X-Object-Meta-C": "3"})
    assert kept(object_node.post(KEY, change)) == Receipt(stored=True, found=True)
    lookup = kept(object_node.lookup(KEY, want_body=True))
    assert lookup.state.metadata == {"X-Object-Meta-C": "3"}
    assert lookup.state.metadata_timestamp == 6
    assert lookup.state.delete_at == 0
    assert lookup.state.system_metadata == {"X-Object-Sysmeta-Keep": "yes"}
    assert lookup.state.content_type == "text/plain"
    assert lookup.state.timestamp == 5
    assert lookup.state.etag == before.etag
    assert lookup.body == b"body"


def test_a_post_may_change_the_content_type(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    kept(object_node.post(KEY, changed_metadata(6, {}, content_type="image/gif")))
    kept(object_node.post(KEY, changed_metadata(7, {"X-Object-Meta-A": "1"})))
    state = kept(object_node.lookup(KEY, want_body=False)).state
    assert (state.content_type, state.content_type_timestamp) == ("image/gif", 6)
    assert state.metadata == {"X-Object-Meta-A": "1"}


def test_a_post_sets_the_expiry(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    kept(object_node.post(KEY, changed_metadata(6, {}, delete_at=2_000_000_000)))
    state = kept(object_node.lookup(KEY, want_body=False)).state
    assert state.delete_at == 2_000_000_000


def test_an_older_post_is_superseded(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    kept(object_node.post(KEY, changed_metadata(8, {"X-Object-Meta-A": "8"})))
    receipt = kept(object_node.post(KEY, changed_metadata(7, {"X-Object-Meta-A": "7"})))
    assert receipt == Receipt(stored=False, found=True)
    state = kept(object_node.lookup(KEY, want_body=False)).state
    assert state.metadata == {"X-Object-Meta-A": "8"}


def test_a_post_older_than_the_data_is_superseded(object_node: Any) -> None:
    before = data(5, metadata={"X-Object-Meta-A": "5"})
    kept(object_node.put(KEY, before, b"body"))
    receipt = kept(object_node.post(KEY, changed_metadata(4, {})))
    assert receipt.stored is False
    assert kept(object_node.lookup(KEY, want_body=False)).state == before


def test_a_post_on_nothing_is_not_kept(object_node: Any) -> None:
    change = changed_metadata(6, {"X-Object-Meta-A": "1"})
    assert kept(object_node.post(KEY, change)).found is False
    assert kept(object_node.lookup(KEY, want_body=False)).state is None


def test_a_post_on_a_tombstone_is_not_kept(object_node: Any) -> None:
    kept(object_node.put(KEY, data(4), b"body"))
    kept(object_node.delete(KEY, tombstone(5)))
    assert kept(object_node.post(KEY, changed_metadata(6, {"A": "1"}))).found is False
    state = kept(object_node.lookup(KEY, want_body=False)).state
    assert (state.metadata, state.newest) == ({}, 5)


def test_a_post_survives_a_put_that_was_older(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5, b"old"), b"old"))
    kept(object_node.post(KEY, changed_metadata(9, {"X-Object-Meta-A": "9"})))
    kept(object_node.put(KEY, data(7, b"new"), b"new"))
    lookup = kept(object_node.lookup(KEY, want_body=True))
    assert lookup.body == b"new"
    assert lookup.state.metadata == {"X-Object-Meta-A": "9"}
    assert (lookup.state.timestamp, lookup.state.metadata_timestamp) == (7, 9)


def test_any_order_of_puts_and_deletes_ends_the_same(object_node: Any) -> None:
    changes = [(5, b"five"), (6, None), (7, b"seven"), (8, None), (9, b"nine")]
    for number, order in enumerate(itertools.permutations(changes)):
        key = key_of(f"order {number}")
        for timestamp, body in order:
            if body is None:
                kept(object_node.delete(key, tombstone(timestamp), row_owed=False))
            else:
                state = data(timestamp, body)
                kept(object_node.put(key, state, body, row_owed=False))
        lookup = kept(object_node.lookup(key, want_body=True))
        assert (lookup.state, lookup.body) == (data(9, b"nine"), b"nine"), order


def test_paid_never_fails(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    assert object_node.paid(KEY, 5) is None
    assert object_node.paid(key_of("unknown"), 5) is None
    assert kept(object_node.lookup(KEY, want_body=False)).state == data(5)


def test_names_of_any_script(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    name = kept(object_node.lookup(KEY, want_body=False)).state.name
    assert name == data(5).name
