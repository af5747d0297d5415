"""Ranges of names follow the order of UTF-8 bytes, over all of Unicode."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from objectstore.database.names import after_prefix, below, range_of
from objectstore.wire.records import ListingQuery
from test.unit.database.rows import LETTERS, queries

texts = st.text(st.sampled_from(LETTERS) | st.characters(exclude_categories=["Cs"]))


@given(texts, texts)
def test_python_compares_text_as_utf8_bytes_do(one: str, other: str):
    assert (one < other) == (one.encode() < other.encode())


@given(texts, texts)
@example("\ud7ff", "\ud7ffa")
@example("a\U0010ffff", "a\U0010ffff\U0010ffff")
@example("\U0010ffff", "b")
def test_after_prefix_bounds_exactly_the_names_with_it(prefix: str, name: str):
    end = after_prefix(prefix)
    for candidate in (name, prefix + name):
        within = candidate >= prefix and (end is None or candidate < end)
        assert within == candidate.startswith(prefix)
    if end is not None:
        end.encode()


@given(texts)
def test_below_is_less_and_encodes(name: str):
    below(name).encode()
    assert below(name) < name or name == ""


@given(queries, texts)
def test_range_of_holds_what_markers_and_prefix_leave(query: ListingQuery, name: str):
    name = query.prefix + name
    low, high = query.marker, query.end_marker
    if query.reverse:
        low, high = high, low
    wanted = name > low if low else True
    wanted = wanted and (not high or name < high)
    if name == query.prefix and not query.include_prefix_itself and name:
        wanted = False
    assert (name in range_of(query)) == wanted
