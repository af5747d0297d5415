"""Rows, names and queries as hypothesis makes them up."""

from __future__ import annotations

from hypothesis import strategies as st

from objectstore.database.merge import normal_container_row, normal_object_row
from objectstore.wire.records import ContainerRow, ListingQuery, ObjectRow

# Few names and letters, so that names collide, nest and sort closely; some at
# the edges of UTF-8 and UTF-16.
LETTERS = "ab/-\0é\ud7ff\ue000\uffff\U00010000\U0010ffff"
short_text = st.text(LETTERS, max_size=4)
names = st.text(LETTERS, min_size=1, max_size=5)
timestamps = st.integers(0, 6)

raw_object_rows = st.builds(
    ObjectRow,
    names,
    timestamps,
    st.integers(0, 1),
    st.integers(0, 3),
    st.sampled_from(["", "text/plain", "image/png"]),
    timestamps,
    st.sampled_from(["", "a1", "b2"]),
    timestamps,
    st.integers(0, 1),
)
raw_container_rows = st.builds(
    ContainerRow,
    names,
    timestamps,
    timestamps,
    st.integers(0, 3),
    st.integers(0, 3),
    timestamps,
    st.integers(0, 1),
)
object_rows = raw_object_rows.map(normal_object_row)
container_rows = raw_container_rows.map(normal_container_row)

queries = st.builds(
    ListingQuery,
    limit=st.integers(0, 8),
    marker=short_text,
    end_marker=short_text,
    prefix=st.text(LETTERS, max_size=2),
    delimiter=st.sampled_from(["", "/", "-", "a", "//", "ab", "é", "\U0010ffff"]),
    reverse=st.booleans(),
    include_prefix_itself=st.booleans(),
)
