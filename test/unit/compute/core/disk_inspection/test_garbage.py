"""Whatever comes: a verdict or ``ImageRefused``, in bounded memory."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from compute.core.disks.inspection.fields import ImageRefused
from compute.core.disks.inspection.stream import DISK_FORMATS, Inspection
from test.unit.compute.core.disk_inspection.headers import WHOLE

FORMATS = st.sampled_from(DISK_FORMATS)


def verdict(declared: str, pieces: list[bytes]) -> str:
    inspection = Inspection(declared)
    try:
        for piece in pieces:
            inspection.feed(piece)
        return repr(inspection.finish())
    except ImageRefused as refused:
        return refused.text


@settings(max_examples=200, deadline=None)
@given(FORMATS, st.lists(st.binary(max_size=2000), max_size=5))
def test_garbage(declared: str, pieces: list[bytes]) -> None:
    assert verdict(declared, pieces)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.integers(0, 300_000))
def test_cut_short(name: str, length: int) -> None:
    assert verdict(name, [WHOLE[name][:length]])


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(WHOLE)),
    FORMATS,
    st.lists(st.tuples(st.integers(0, 1200), st.binary(min_size=1, max_size=8))),
)
def test_damaged(name: str, declared: str, changes: list[tuple[int, bytes]]) -> None:
    image = bytearray(WHOLE[name][:400_000])
    for at, data in changes:
        image[at : at + len(data)] = data
    assert verdict(declared, [bytes(image)])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.lists(st.integers(1, 2_000_000), max_size=6))
def test_pieces_do_not_matter(name: str, cuts: list[int]) -> None:
    whole = WHOLE[name]
    places = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    pieces = [whole[a:b] for a, b in pairwise(places)]
    assert verdict(name, pieces) == verdict(name, [whole])


def test_memory_is_bounded() -> None:
    inspection = Inspection("raw")
    for _ in range(64):
        inspection.feed(bytes(2**20))
    kept = inspection._head, inspection._tail, inspection._region
    assert sum(map(len, kept)) < 2**20
    assert inspection.finish().virtual_bytes == 64 * 2**20
