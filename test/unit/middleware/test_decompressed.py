"""Compressed streams: any pieces, any sizes, several members, broken ones."""

from __future__ import annotations

import bz2
import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objectstore.middleware.bulk_operations.decompressed import Decompressed
from objectstore.middleware.iterable_input import IterableInput

COMPRESS = {"gz": gzip.compress, "bz2": bz2.compress}
kinds = st.sampled_from(["gz", "bz2"])


@settings(deadline=None)
@given(
    kinds,
    st.lists(st.binary(max_size=300), max_size=3),
    st.integers(1, 50),
    st.lists(st.integers(1, 200), min_size=1, max_size=5),
    st.integers(0, 9),
)
def test_what_went_in_comes_out(
    kind: str, members: list[bytes], step: int, sizes: list[int], padding: int
) -> None:
    raw = b"".join(COMPRESS[kind](member) for member in members)
    if members:
        raw += bytes(padding)
    pieces = [raw[at : at + step] for at in range(0, len(raw), step)]
    stream = Decompressed(IterableInput(pieces).read1, kind)
    whole = b"".join(members)
    got, turn = b"", 0
    while True:
        size = sizes[turn % len(sizes)]
        turn += 1
        piece = stream.read(size)
        assert len(piece) == min(size, len(whole) - len(got))
        if not piece:
            break
        got += piece
    assert got == whole


@pytest.mark.parametrize("kind", ["gz", "bz2"])
def test_output_is_bounded_whatever_the_ratio(kind: str) -> None:
    bomb = COMPRESS[kind](bytes(50_000_000))
    assert len(bomb) < 60_000
    stream = Decompressed(IterableInput([bomb]).read1, kind)
    assert stream.read(1000) == bytes(1000)
    assert stream.read(100_000) == bytes(100_000)


@pytest.mark.parametrize("kind", ["gz", "bz2"])
def test_broken_streams(kind: str) -> None:
    made = COMPRESS[kind](b"x" * 1000)
    stream = Decompressed(IterableInput([made[:-10]]).read1, kind)
    assert len(stream.read(2000)) < 2000
    for raw in (b"nonsense", made + b"nonsense"):
        stream = Decompressed(IterableInput([raw]).read1, kind)
        with pytest.raises((zlib.error, OSError)):
            stream.read(5000)
