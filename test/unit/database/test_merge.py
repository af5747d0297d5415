"""Merging is commutative, associative, idempotent: replicas agree."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from objectstore.database.merge import (
    is_live,
    merge_container_rows,
    merge_metadata,
    merge_object_rows,
    normal_container_row,
    normal_object_row,
)
from objectstore.wire.merge import merge_states
from objectstore.wire.records import ContainerRow, ObjectName, ObjectRow, ObjectState
from objectstore.wire.rows import LISTED_ETAG, LISTED_SIZE, row_of
from test.unit.database.rows import container_rows, object_rows, timestamps

same_object = object_rows.map(lambda row: row._replace(name="a"))
same_container = container_rows.map(lambda row: row._replace(name="a"))
# Writes at few moments: some have the same.  Sealed ones are listed with another ETag
# than that of their stored bytes, and manifests with another size.
states = st.builds(
    lambda at, size, listed: ObjectState(
        ObjectName("a", "c", "o"),
        timestamp=at,
        size=size,
        etag=hashlib.md5(bytes([size])).hexdigest(),
        content_type_timestamp=at,
        metadata_timestamp=at,
        system_metadata=listed,
    ),
    st.integers(1, 2),
    st.integers(0, 9),
    st.fixed_dictionaries(
        {},
        optional={
            LISTED_ETAG: st.sampled_from(["0", "f"]),
            LISTED_SIZE: st.sampled_from(["1", "2"]),
        },
    ),
)
items = st.dictionaries(
    st.sampled_from("xyz"), st.tuples(st.sampled_from(["", "1", "2"]), timestamps)
)


@given(same_object, same_object, same_object)
def test_object_rows_merge_in_any_order(a: ObjectRow, b: ObjectRow, c: ObjectRow):
    ab = merge_object_rows(a, b)
    assert ab == merge_object_rows(b, a)
    assert merge_object_rows(ab, a) == ab
    assert normal_object_row(ab) == ab
    assert merge_object_rows(ab, c) == merge_object_rows(a, merge_object_rows(b, c))


@given(same_container, same_container, same_container)
def test_container_rows_merge_in_any_order(
    a: ContainerRow, b: ContainerRow, c: ContainerRow
):
    ab = merge_container_rows(a, b)
    assert ab == merge_container_rows(b, a)
    assert merge_container_rows(ab, a) == ab
    assert normal_container_row(ab) == ab
    assert merge_container_rows(ab, c) == merge_container_rows(
        a, merge_container_rows(b, c)
    )


@given(items, items, items)
def test_metadata_merges_in_any_order(a, b, c):
    ab = merge_metadata(a, b)
    assert ab == merge_metadata(b, a)
    assert merge_metadata(ab, a) == ab
    assert merge_metadata(ab, c) == merge_metadata(a, merge_metadata(b, c))


@given(states, states)
def test_a_row_is_of_the_data_that_wins(one: ObjectState, other: ObjectState):
    listed = row_of(merge_states(one, other))
    row = merge_object_rows(*(normal_object_row(row_of(each)) for each in (one, other)))
    assert (row.timestamp, row.etag, row.size) == (
        listed.timestamp,
        listed.etag,
        listed.size,
    )


def put(timestamp: int, **parts: object) -> ObjectRow:
    row = ObjectRow("a", timestamp, 0, 5, "text/plain", timestamp, "e", timestamp)
    return normal_object_row(row._replace(**parts))


def tombstone(timestamp: int) -> ObjectRow:
    return normal_object_row(ObjectRow("a", timestamp, 1, 0, "", 0, "", 0))


def test_a_tombstone_wins_a_tie_and_loses_to_newer_data():
    assert merge_object_rows(put(5), tombstone(5)).deleted
    assert merge_object_rows(tombstone(5), put(6)) == put(6)


def test_a_post_changes_the_content_type_and_survives_an_older_put():
    posted = put(5, content_type="image/png", content_type_timestamp=8, modified=8)
    merged = merge_object_rows(posted, put(7, size=9))
    assert (merged.timestamp, merged.size) == (7, 9)
    assert (merged.content_type, merged.modified) == ("image/png", 8)
    assert merge_object_rows(posted, put(9)) == put(9)


def test_a_container_lives_by_its_newest_put_and_delete():
    row = ContainerRow("c", 5, 0, 3, 30, 6)
    gone = ContainerRow("c", 0, 7, 0, 0, 0)
    merged = merge_container_rows(row, gone)
    assert not is_live(merged)
    assert (merged.object_count, merged.bytes_used) == (0, 0)
    again = merge_container_rows(merged, ContainerRow("c", 8, 0, 0, 0, 0))
    assert is_live(again)
