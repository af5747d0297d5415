"""Segments, pieces and fragments: the arithmetic, and the codes that it is about."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.erasure.candidates import at_home, elsewhere
from objectstore.erasure.codes import CODES, best_code, codec
from objectstore.kernel.errors import Corrupt, Unavailable
from objectstore.policy.erasure import (
    FRAGMENTS_MAX,
    SEGMENT_BYTES_MAX,
    Erasure,
    fragments_needed,
)
from objectstore.wire.layouts import (
    HEADER_BYTES,
    Layout,
    folded,
    fragment_key,
    fragment_name,
    fragment_state,
    layout_of,
    parse_layout,
    segment_bytes,
    unfolded,
)
from objectstore.wire.nodes import WRITE_BYTES_MAX
from objectstore.wire.records import ObjectName, ObjectState
from objectstore.wire.rows import row_of

NAME = ObjectName("a", "c", "o", 1)
KEY = bytes(range(16))


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    data = draw(st.integers(2, 12))
    parity = draw(st.integers(1, data))
    segment = segment_bytes(draw(st.integers(1, 5000)), data)
    size = draw(st.integers(1, 20000))
    sums = tuple(f"{number:016x}" for number in range(data + parity))
    return Layout("a_code", data, parity, segment, size, "token-1", sums)


@given(layouts())
def test_text_and_back(layout: Layout) -> None:
    assert parse_layout(layout.to_text()) == layout


@given(layouts(), st.data())
def test_segments_cover_the_object_and_pieces_the_fragment(
    layout: Layout, data: st.DataObject
) -> None:
    lengths = [layout.segment_length(each) for each in range(layout.segments)]
    assert sum(lengths) == layout.size and min(lengths) > 0
    at = 0
    for segment in range(layout.segments):
        first, stop = layout.fragment_range(segment, segment + 1)
        assert first == at
        at += layout.piece_length(segment)
        assert stop == at
    assert at == layout.fragment_size
    start = data.draw(st.integers(0, layout.size - 1))
    end = data.draw(st.integers(start + 1, layout.size))
    first, stop = layout.segments_of(start, end)
    assert first * layout.segment <= start < (first + 1) * layout.segment
    assert (stop - 1) * layout.segment < end <= stop * layout.segment


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(("data", "parity"), [(2, 1), (3, 3), (4, 2), (10, 4)])
def test_any_data_pieces_give_the_segment_back(
    code: str, data: int, parity: int
) -> None:
    coder = codec(code, data, parity)
    rng = random.Random(data)
    sets = list(itertools.combinations(range(data + parity), data))
    for length in (1, 15, 16 * data, 16 * data + 1, 4001):
        segment = rng.randbytes(length)
        layout = Layout(code, data, parity, 16 * data * 200, length, "t", ())
        pieces = coder.encode(segment)
        assert {len(piece) for piece in pieces} == {layout.piece_length(0)}
        own = b"".join(piece[HEADER_BYTES:] for piece in pieces[:data])
        assert own[:length] == segment
        for chosen in rng.sample(sets, min(len(sets), 12)):
            left = [pieces[index] for index in chosen]
            assert coder.decode(left, length) == segment
            lost = next(each for each in range(data + parity) if each not in chosen)
            assert coder.rebuild(left, lost) == pieces[lost]


def test_too_few_or_foreign_pieces_are_corrupt() -> None:
    coder = codec(best_code(), 4, 2)
    pieces = coder.encode(b"x" * 1000)
    with pytest.raises(Corrupt):
        coder.decode(pieces[:3], 1000)
    with pytest.raises(Corrupt):
        coder.decode([b"rubbish" * 50] * 4, 1000)
    with pytest.raises(Unavailable):
        codec("no_such_code", 4, 2)


@given(layouts())
def test_a_record_is_that_of_an_empty_object_and_tells_of_the_whole(
    layout: Layout,
) -> None:
    system = {"X-Object-Sysmeta-A": "1"}
    state = ObjectState(
        NAME, 7, layout.size, "e", "t/p", 7, {}, 7, system_metadata=system
    )
    record = folded(state, layout)
    assert record.size == 0
    assert layout_of(record) == layout
    assert unfolded(record, layout) == state
    assert row_of(record) == row_of(state)
    assert layout_of(state) is None and layout_of(None) is None
    assert layout_of(ObjectState(NAME, deleted_timestamp=9)) is None


@given(layouts())
def test_fragments_say_what_they_are_and_lie_in_their_objects_partition(
    layout: Layout,
) -> None:
    state = ObjectState(NAME, 7, layout.size, "e")
    keys = set()
    for index in range(layout.fragments):
        key = fragment_key(KEY, layout.token, index)
        assert key[:4] == KEY[:4] and len(key) == 16
        keys.add(key)
        record = fragment_state(state, KEY, layout, index)
        name = fragment_name(record)
        assert (name.key, name.token, name.index) == (KEY, layout.token, index)
        assert parse_layout(name.layout) == layout
        assert record.size == layout.fragment_size
        assert record.etag == layout.checksums[index]
    assert len(keys) == layout.fragments
    assert fragment_key(KEY, "other", 0) not in keys


@pytest.mark.parametrize(
    "text", ["", "1", "2 c 2 1 32 5 t a,b,c", "1 c 2 1 32 5 t a,b", "1 c 0 1 3 5 t a"]
)
def test_what_is_no_layout_is_corrupt(text: str) -> None:
    with pytest.raises(Corrupt):
        parse_layout(text)
    with pytest.raises(Corrupt):
        fragment_name(ObjectState(NAME, 1))


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 1 << 22))
def test_what_numbers_are_refused(data: int, parity: int, segment: int) -> None:
    erasure = Erasure(data, parity, segment)
    if erasure.mistakes():
        return
    assert 1 <= parity <= data and erasure.fragments <= FRAGMENTS_MAX
    needed = fragments_needed(data, parity)
    # One more may be lost, and one device be away all the same where there are two.
    assert data < needed <= data + parity
    # All that are needed have a record's majority among them, or as many.
    assert needed >= (data + parity) // 2 + 1
    layout = Layout("c", data, parity, segment_bytes(segment, data), 1 << 30, "t", ())
    assert layout.piece_length(0) <= WRITE_BYTES_MAX


def test_the_largest_segments_fit_one_piece_of_an_upload() -> None:
    layout = Layout("c", 2, 1, SEGMENT_BYTES_MAX, 1 << 30, "t", ())
    assert layout.piece_length(0) <= WRITE_BYTES_MAX


def test_where_to_look() -> None:
    nodes = ["a", "b", "c"]
    assert at_home(nodes, lambda node: node == "a") == [(1, "b"), (2, "c"), (0, "a")]
    assert at_home(nodes, lambda node: False, 1) == [(0, "a"), (2, "c")]
    others = elsewhere(nodes, ["h"], 0)
    assert others[:2] == [(1, "h"), (2, "h")]
    assert set(others) == {
        (1, "h"),
        (2, "h"),
        *[(1, n) for n in "ac"],
        (2, "a"),
        (2, "b"),
    }
