"""Range headers: laws, and the table of odd ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel.byte_ranges import (
    DESCENDING_MAX,
    RANGES_MAX,
    Multipart,
    parse_range,
    resolve,
)

numbers = st.integers(0, 60)


@st.composite
def specs(draw: st.DrawFn) -> tuple[int | None, int | None]:
    first = draw(st.none() | numbers)
    if first is None:
        return None, draw(numbers)
    return first, draw(st.none() | st.integers(first, 90))


def written(spec: tuple[int | None, int | None]) -> str:
    return "-".join("" if number is None else str(number) for number in spec)


@given(st.lists(specs(), min_size=1, max_size=3), numbers)
def test_slices_are_what_python_slices_are(
    wanted: list[tuple[int | None, int | None]], size: int
) -> None:
    parsed = parse_range("bytes=" + ", ".join(map(written, wanted)))
    assert parsed == wanted
    body = bytes(range(size))
    expected = []
    for first, last in wanted:
        if first is None:
            piece = body[-last:] if last else b""
        else:
            piece = body[first:] if last is None else body[first : last + 1]
        if piece:
            expected.append(piece)
    found = [body[start:stop] for start, stop in resolve(parsed, size)]
    assert found in (expected, [])
    if len(wanted) < 3:
        assert found == expected


@given(st.text(max_size=40))
def test_nonsense_never_raises(text: str) -> None:
    for header in (text, "bytes=" + text):
        parsed = parse_range(header)
        if parsed is not None:
            for start, stop in resolve(parsed, 100):
                assert 0 <= start < stop <= 100


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=3-2",
        "bytes=a-b",
        "bytes=1-2,",
        "bytes=--5",
        "bytes=+1-2",
        "items=0-5",
        "bytes=²-3",
    ],
)
def test_malformed(header: str) -> None:
    assert parse_range(header) is None


def test_abuse_is_not_satisfiable() -> None:
    assert resolve([(0, 0)] * 2, 10) == [(0, 1), (0, 1)]
    assert resolve([(0, 5)] * 4, 10) == []
    ascending = [(number, number) for number in range(RANGES_MAX)]
    assert len(resolve(ascending, 1000)) == RANGES_MAX
    assert resolve([*ascending, (100, 100)], 1000) == []
    descending = ascending[DESCENDING_MAX + 2 :: -1]
    assert resolve(descending, 1000) == []


def test_multipart_knows_its_length() -> None:
    multipart = Multipart([(0, 2), (5, 9)], 10, "text/plain", "limit")
    body = b"0123456789"
    pieces = [
        head + body[start:stop] + b"\r\n"
        for head, (start, stop) in zip(multipart.heads, multipart.slices, strict=True)
    ]
    whole = b"".join(pieces) + multipart.tail
    assert len(whole) == multipart.length
    assert whole == (
        b"--limit\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n"
        b"01\r\n"
        b"--limit\r\nContent-Type: text/plain\r\nContent-Range: bytes 5-8/10\r\n\r\n"
        b"5678\r\n--limit--"
    )


def test_numbers_beyond_any_object_are_still_numbers() -> None:
    far = "9" * 8000
    for header, expected in [
        (f"bytes={far}-", []),
        (f"bytes=2-{far}", [(2, 10)]),
        (f"bytes=-{far}", [(0, 10)]),
        (f"bytes={'0' * 30}1-2", [(1, 3)]),
    ]:
        specs = parse_range(header)
        assert specs is not None
        assert resolve(specs, 10) == expected
