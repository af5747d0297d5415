"""Records survive the wire unchanged; garbage is Malformed, nothing else."""

from __future__ import annotations

import contextlib

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel.errors import Rejected
from objectstore.kernel.timestamps import TIMESTAMP_MAX
from objectstore.wire import codec, row_codec
from objectstore.wire.records import (
    ContainerRow,
    DatabaseInfo,
    ListingQuery,
    ObjectName,
    ObjectRow,
    ObjectState,
    Receipt,
    RowsPage,
    Subdirectory,
)

text = st.text(st.characters(codec="utf-8"), max_size=20)
timestamps = st.integers(0, TIMESTAMP_MAX)
numbers = st.integers(0, codec.INTEGER_MAX)
items = st.dictionaries(text, text, max_size=4)
states = st.builds(
    ObjectState,
    st.builds(ObjectName, text, text, text, numbers),
    timestamps,
    numbers,
    text,
    text,
    timestamps,
    items,
    timestamps,
    items,
    numbers,
    timestamps,
)
object_rows = st.builds(
    ObjectRow,
    text,
    timestamps,
    st.sampled_from([0, 1]),
    numbers,
    text,
    timestamps,
    text,
    timestamps,
    st.integers(0, 99),
)
container_rows = st.builds(
    ContainerRow, text, timestamps, timestamps, numbers, numbers, timestamps, numbers
)
infos = st.builds(
    DatabaseInfo,
    text,
    *[timestamps] * 4,
    items,
    *[numbers] * 4,
    text,
    text,
)
queries = st.builds(
    ListingQuery,
    st.integers(0, codec.LIMIT_MAX),
    text,
    text,
    text,
    text,
    st.booleans(),
    st.booleans(),
)
json_like = st.recursive(
    st.none() | st.booleans() | numbers | st.floats() | text | st.binary(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=15)
        | st.dictionaries(text | numbers, inner, max_size=4)
    ),
    max_leaves=40,
)
DECODERS = [
    codec.decode_state,
    codec.decode_receipt,
    codec.decode_info,
    codec.decode_query,
    row_codec.decode_entries,
    row_codec.decode_object_rows,
    row_codec.decode_container_rows,
    row_codec.decode_page,
    codec.decode_timed,
    codec.metadata,
]


@given(states)
def test_states_survive(state: ObjectState) -> None:
    sent = codec.pack(codec.encode_state(state))
    assert codec.decode_state(codec.unpack(sent)) == state


@given(infos)
def test_infos_survive(info: DatabaseInfo) -> None:
    assert codec.decode_info(codec.unpack(codec.pack(codec.encode_info(info)))) == info


@given(queries)
def test_queries_survive(query: ListingQuery) -> None:
    sent = codec.pack(codec.encode_query(query))
    assert codec.decode_query(codec.unpack(sent)) == query


@given(st.lists(object_rows | container_rows), st.booleans())
def test_pages_of_rows_survive(rows: list[ObjectRow], complete: bool) -> None:
    page = RowsPage(tuple(rows), complete)
    sent = codec.pack(row_codec.encode_page(page))
    assert row_codec.decode_page(codec.unpack(sent)) == page


@given(st.lists(st.builds(Subdirectory, text) | object_rows | container_rows))
def test_listings_survive(entries: list[object]) -> None:
    sent = codec.pack(entries)
    back = row_codec.decode_entries(codec.unpack(sent))
    assert back == entries
    assert list(map(type, back)) == list(map(type, entries))


@given(st.lists(object_rows, min_size=1), st.data())
def test_one_bad_field_among_rows_is_malformed(
    rows: list[ObjectRow], data: st.DataObject
) -> None:
    raw = [list(row) for row in rows]
    row = data.draw(st.sampled_from(raw))
    index = data.draw(st.integers(0, len(row) - 1))
    bad = [-1, 2**64 - 1, None, 1.5, b"x", ["x"]] + ([] if index in (0, 4, 6) else [""])
    row[index] = data.draw(st.sampled_from(bad))
    with pytest.raises(codec.Malformed):
        row_codec.decode_entries(codec.unpack(codec.pack(raw)))


@given(st.builds(Receipt, st.booleans(), st.booleans()))
def test_receipts_survive(receipt: Receipt) -> None:
    sent = codec.pack(codec.encode_receipt(receipt))
    assert codec.decode_receipt(codec.unpack(sent)) == receipt


def test_a_boolean_tombstone_mark_arrives_as_a_number() -> None:
    row = ObjectRow("o", 1, True, 0, "t", 1, "e", 1)
    (back,) = row_codec.decode_entries(codec.unpack(codec.pack([row])))
    assert (back.deleted, type(back.deleted)) == (1, int)


@given(st.binary(max_size=200))
def test_any_bytes_are_malformed_or_a_value(raw: bytes) -> None:
    with contextlib.suppress(codec.Malformed):
        codec.unpack(raw)


@given(st.sampled_from(DECODERS), json_like)
def test_any_value_is_malformed_or_a_record(decode, value) -> None:  # type: ignore[no-untyped-def]
    with contextlib.suppress(codec.Malformed):
        decode(codec.unpack(bytes([codec.VERSION]) + msgpack.packb(value)))


@given(states, st.data())
def test_a_state_with_one_field_of_another_kind_is_malformed_or_valid(
    state: ObjectState, data: st.DataObject
) -> None:
    raw = list(codec.encode_state(state))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(json_like)
    with contextlib.suppress(codec.Malformed, Rejected):
        codec.decode_state(codec.unpack(codec.pack(raw)))


def test_another_version_is_malformed() -> None:
    message = codec.pack([1])
    with pytest.raises(codec.Malformed):
        codec.unpack(bytes([codec.VERSION + 1]) + message[1:])


@pytest.mark.parametrize("value", ["\ud800", 2**64])
def test_what_msgpack_cannot_carry_is_rejected(value: object) -> None:
    with pytest.raises(Rejected):
        codec.pack([value])
    assert codec.unpack(codec.pack([1])) == [1]


def test_deep_nesting_is_malformed() -> None:
    with pytest.raises(codec.Malformed):
        codec.unpack(bytes([codec.VERSION]) + b"\x91" * 100_000)
