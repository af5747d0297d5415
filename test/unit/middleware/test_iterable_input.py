"""Pieces of bytes as the body of a request."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from objectstore.middleware.iterable_input import IterableInput


@given(st.lists(st.binary(max_size=9)), st.lists(st.integers(0, 12), max_size=20))
def test_input_gives_every_byte_once(pieces: list[bytes], sizes: list[int]) -> None:
    whole = b"".join(pieces)
    stream = IterableInput(pieces)
    got = b""
    for index, size in enumerate(sizes):
        if index % 3 == 0:
            piece = stream.read(size)
        elif index % 3 == 1:
            view = bytearray(size)
            piece = bytes(view[: stream.readinto(memoryview(view))])
        else:
            piece = stream.read1(size)
        full = min(size, len(whole) - len(got))
        assert len(piece) == full or (index % 3 == 2 and len(piece) <= full)
        got += piece
    assert got + stream.read() == whole
    assert stream.read() == stream.read(5) == b""
