"""digests, states, merge, forget: what replication stands on."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.wire.nodes import INLINE_BYTES_MAX
from objectstore.wire.records import Receipt
from test.contract.nodes.samples import (
    KEY,
    changed_metadata,
    data,
    kept,
    tombstone,
)
from test.contract.nodes.test_object_uploads import content, send
from test.fakes.nodes import MemoryObjectNode

EMPTY = bytes(16)
PART_POWER = 8


def key_in(partition: int, number: int) -> bytes:
    """A key of that partition at PART_POWER."""
    return bytes([partition]) + bytes(13) + number.to_bytes(2, "big")


def digest(node: Any, partition: int = KEY[0]) -> bytes:
    (one,) = kept(node.digests([partition], PART_POWER))
    return one


def fill(node: Any, partition: int, count: int) -> list[bytes]:
    keys = [key_in(partition, number) for number in range(count)]
    for key in reversed(keys):
        kept(node.put(key, data(5), b"body", row_owed=False))
    return keys


def test_an_empty_node(object_node: Any) -> None:
    assert kept(object_node.digests([0, 1, 255], PART_POWER)) == [EMPTY] * 3
    assert kept(object_node.states(0, PART_POWER, b"", 10)) == []
    assert kept(object_node.digests([], PART_POWER)) == []


def test_a_state_shows_in_its_partition_only(object_node: Any) -> None:
    kept(object_node.put(key_in(3, 1), data(5), b"body"))
    before, there, after = kept(object_node.digests([2, 3, 4], PART_POWER))
    assert (before, after) == (EMPTY, EMPTY)
    assert len(there) == 16
    assert there != EMPTY


def test_a_tombstone_has_a_digest(object_node: Any) -> None:
    kept(object_node.delete(KEY, tombstone(5)))
    assert digest(object_node) != EMPTY
    assert len(kept(object_node.states(KEY[0], PART_POWER, b"", 10))) == 1


def test_every_change_changes_the_digest(object_node: Any) -> None:
    seen = {EMPTY}

    def changed() -> bool:
        now = digest(object_node)
        is_new = now not in seen
        seen.add(now)
        return is_new

    kept(object_node.put(KEY, data(5), b"body"))
    assert changed()
    kept(object_node.put(KEY, data(5), b"body"))
    assert not changed()
    kept(object_node.post(KEY, changed_metadata(6, {"X-Object-Meta-A": "1"})))
    assert changed()
    kept(object_node.post(KEY, changed_metadata(7, {}, content_type="a/b")))
    assert changed()
    kept(object_node.put(KEY, data(8), b"body"))
    assert changed()
    kept(object_node.put(KEY, data(4), b"body"))
    assert not changed()
    kept(object_node.delete(KEY, tombstone(9)))
    assert changed()
    kept(object_node.put(KEY, data(10), b"body"))
    assert changed()


def test_paying_a_row_does_not_change_the_digest(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    before = digest(object_node)
    object_node.paid(KEY, 5)
    assert digest(object_node) == before


def test_equal_states_by_different_ways_have_equal_digests(object_node: Any) -> None:
    first, second = key_in(1, 7), key_in(1, 8)
    for key in (first, second):
        kept(object_node.put(key, data(5), b"body", row_owed=False))
    whole = digest(object_node, 1)
    kept(object_node.forget(first, 5))
    kept(object_node.forget(second, 5))
    assert digest(object_node, 1) == EMPTY
    kept(object_node.merge(second, data(5), b"body"))
    kept(object_node.put(first, data(3, b"older"), b"older"))
    kept(object_node.merge(first, data(5), b"body"))
    assert digest(object_node, 1) == whole


def test_digests_are_those_of_any_other_node(object_node: Any) -> None:
    other = MemoryObjectNode()
    keys = fill(object_node, 9, 5)
    kept(object_node.delete(keys[0], tombstone(7)))
    kept(object_node.post(keys[1], changed_metadata(8, {"X-Object-Meta-A": "1"})))
    for key in keys:
        state = kept(object_node.lookup(key, want_body=False)).state
        kept(other.merge(key, state, b"body" if state.exists else None))
    assert digest(object_node, 9) == digest(other, 9)
    assert kept(object_node.states(9, PART_POWER, b"", 10)) == kept(
        other.states(9, PART_POWER, b"", 10)
    )


def test_states_page_in_key_order(object_node: Any) -> None:
    keys = fill(object_node, 9, 25)
    fill(object_node, 10, 3)
    after, seen = b"", []
    while True:
        page = kept(object_node.states(9, PART_POWER, after, 10))
        assert len(page) <= 10
        seen += page
        if len(page) < 10:
            break
        after = page[-1][0]
    assert [key for key, _ in seen] == keys
    assert all(0 <= each < 2**64 for _, each in seen)
    assert len({each for _, each in seen}) == len(seen), "the key is in the digest"


def test_states_at_another_part_power(object_node: Any) -> None:
    keys = fill(object_node, 0x41, 3)
    assert [
        key for key, _ in kept(object_node.states(0x4, PART_POWER - 4, b"", 10))
    ] == keys
    assert kept(object_node.states(0x5, PART_POWER - 4, b"", 10)) == []
    at_all = kept(object_node.digests([0], 0))
    assert at_all == kept(object_node.digests([0x4], PART_POWER - 4))


def test_merge_takes_over_data(object_node: Any) -> None:
    state = data(5, metadata={"X-Object-Meta-A": "1"})
    assert kept(object_node.merge(KEY, state, b"body")) == Receipt(stored=True)
    assert kept(object_node.merge(KEY, state, b"body")).stored
    lookup = kept(object_node.lookup(KEY, want_body=True))
    assert (lookup.state, lookup.body) == (state, b"body")


def test_merge_takes_over_a_tombstone(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    assert kept(object_node.merge(KEY, tombstone(6), None)).stored
    assert not kept(object_node.lookup(KEY, want_body=False)).state.exists


def test_merge_takes_the_newest_of_each_part(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5, b"old"), b"old"))
    kept(object_node.post(KEY, changed_metadata(9, {"X-Object-Meta-A": "9"})))
    other = data(7, b"new")._replace(content_type="b/c", content_type_timestamp=8)
    kept(object_node.merge(KEY, other, b"new"))
    lookup = kept(object_node.lookup(KEY, want_body=True))
    assert lookup.body == b"new"
    assert lookup.state == other._replace(
        metadata={"X-Object-Meta-A": "9"}, metadata_timestamp=9
    )


def test_merge_brings_newer_metadata_to_data_that_is_here(object_node: Any) -> None:
    body = content(INLINE_BYTES_MAX + 1)
    upload = kept(object_node.begin(KEY, len(body)))
    send(upload, body)
    kept(upload.commit(data(5, body)))
    newer = data(5, body)._replace(
        metadata={"X-Object-Meta-A": "6"}, metadata_timestamp=6
    )
    assert kept(object_node.merge(KEY, newer, None)).stored
    assert kept(object_node.lookup(KEY, want_body=False)).state == newer
    assert b"".join(kept(object_node.read(KEY, 5, 0, len(body)))) == body


def test_merge_of_something_older_is_superseded(object_node: Any) -> None:
    kept(object_node.put(KEY, data(7), b"body"))
    assert kept(object_node.merge(KEY, data(5, b"old"), b"old")).stored is False
    assert kept(object_node.merge(KEY, tombstone(6), None)).stored is False
    lookup = kept(object_node.lookup(KEY, want_body=True))
    assert lookup.body == b"body"
    assert lookup.state.timestamp == 7


def test_merge_of_data_without_its_body_is_rejected(object_node: Any) -> None:
    with pytest.raises(Rejected):
        kept(object_node.merge(KEY, data(5), None))
    assert kept(object_node.lookup(KEY, want_body=False)).state is None


def test_forget_drops_what_is_exactly_as_new(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body", row_owed=False))
    kept(object_node.merge(KEY, changed_metadata(6, {}), None))
    assert kept(object_node.forget(KEY, 5)).stored is False
    assert kept(object_node.forget(KEY, 7)).stored is False
    assert kept(object_node.lookup(KEY, want_body=False)).state is not None
    assert kept(object_node.forget(KEY, 6)).stored is True
    assert kept(object_node.lookup(KEY, want_body=True)).state is None
    assert digest(object_node) == EMPTY
    assert kept(object_node.states(KEY[0], PART_POWER, b"", 10)) == []


def test_what_owes_its_row_is_not_forgotten(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body"))
    assert kept(object_node.forget(KEY, 5)).stored is False
    assert kept(object_node.lookup(KEY, want_body=True)).body == b"body"


def test_neither_is_what_owes_the_row_of_a_post(object_node: Any) -> None:
    kept(object_node.put(KEY, data(5), b"body", row_owed=False))
    kept(object_node.post(KEY, changed_metadata(6, {})))
    assert kept(object_node.forget(KEY, 6)).stored is False


def test_forget_of_nothing(object_node: Any) -> None:
    assert kept(object_node.forget(KEY, 5)).stored is False


def test_forget_of_a_tombstone_lets_an_older_put_in(object_node: Any) -> None:
    kept(object_node.delete(KEY, tombstone(6), row_owed=False))
    kept(object_node.forget(KEY, 6))
    assert kept(object_node.put(KEY, data(5), b"body")).stored


def test_owing_promises_nothing(object_node: Any) -> None:
    assert object_node.owe_copy(KEY, [1, 2]) is None
