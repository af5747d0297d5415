"""Framing: heads in front of bodies, and frames of an upload."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.wire import frames
from objectstore.wire.codec import Malformed
from objectstore.wire.nodes import WRITE_BYTES_MAX


@given(st.lists(st.integers(0, 9)), st.binary(max_size=50))
def test_what_is_joined_splits(head: list[int], body: bytes) -> None:
    assert frames.split(frames.join(head, body)) == (head, body)


@given(st.binary(max_size=100))
def test_garbage_does_not_split(raw: bytes) -> None:
    with contextlib.suppress(Malformed):
        frames.split(raw)


def test_a_cut_head_is_malformed() -> None:
    framed = frames.join(["x" * 50])
    with pytest.raises(Malformed):
        frames.split(framed[:-1])


def test_frame_heads() -> None:
    raw = frames.FRAME_HEAD.pack(frames.DATA, WRITE_BYTES_MAX)
    assert frames.parse_frame_head(raw) == (frames.DATA, WRITE_BYTES_MAX)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        frames.FRAME_HEAD.pack(frames.DATA, 1)[:-1],
        frames.FRAME_HEAD.pack(frames.DATA, WRITE_BYTES_MAX + 1),
        frames.FRAME_HEAD.pack(frames.COMMIT, frames.HEAD_BYTES_MAX + 1),
        frames.FRAME_HEAD.pack(9, 0),
    ],
)
def test_bad_frame_heads(raw: bytes) -> None:
    with pytest.raises(Malformed):
        frames.parse_frame_head(raw)
