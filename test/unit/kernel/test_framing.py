"""Where a message ends, from its head alone; what a reply's head looks like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel.http.framing import (
    CHUNKED,
    UNTIL_CLOSE,
    Malformed,
    parse_chunk_line,
    parse_length,
    request_length,
    response_length,
)
from objectstore.kernel.http.reply_head import (
    BadReply,
    DateLine,
    encode_head,
    read_head,
)


@pytest.mark.parametrize(
    ("lengths", "encodings", "length"),
    [
        ([], [], 0),
        ([b"0"], [], 0),
        ([b"17"], [], 17),
        ([], [b"chunked"], CHUNKED),
        ([], [b"Chunked"], CHUNKED),
    ],
)
def test_a_request_has_one_length(lengths, encodings, length):
    assert request_length(lengths, encodings, is_http_11=True) == length


@pytest.mark.parametrize(
    ("lengths", "encodings", "is_http_11", "status"),
    [
        ([b"1", b"1"], [], True, 400),
        ([b"1"], [b"chunked"], True, 400),
        ([], [b"chunked"], False, 400),
        ([], [b"chunked", b"chunked"], True, 400),
        ([], [b"gzip"], True, 501),
        ([], [b""], True, 501),
        ([b""], [], True, 400),
        ([b"1" * 19], [], True, 400),
    ],
)
def test_or_none_at_all(lengths, encodings, is_http_11, status):
    with pytest.raises(Malformed) as caught:
        request_length(lengths, encodings, is_http_11=is_http_11)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("method", "status", "lengths", "encodings", "length"),
    [
        ("GET", 200, [b"5"], [], 5),
        ("GET", 200, [], [], UNTIL_CLOSE),
        ("GET", 200, [], [b"chunked"], CHUNKED),
        ("HEAD", 200, [b"5"], [], 0),
        ("GET", 204, [b"5"], [], 0),
        ("GET", 304, [b"5"], [b"chunked"], 0),
        ("GET", 100, [], [], 0),
    ],
)
def test_a_reply_depends_on_method_and_status(
    method, status, lengths, encodings, length
):
    found = response_length(lengths, encodings, method=method, status=status)
    assert found == length


@given(st.integers(0, 2**60))
def test_chunk_lines(size):
    assert parse_chunk_line(b"%x" % size) == size
    assert parse_chunk_line(b"%X ;a=b" % size) == size
    with pytest.raises(Malformed):
        parse_chunk_line(b" %x" % size)


@given(st.binary(max_size=20))
def test_no_bytes_make_a_length_that_python_alone_would_read(raw):
    """int() accepts signs, spaces, underscores and foreign digits."""
    try:
        length = parse_length(raw)
    except Malformed:
        return
    assert raw.isdigit()
    assert length == int(raw)


def test_a_head_is_read_and_encoded():
    facts = read_head("200 OK", [("ETag", "x"), ("content-length", "3")])
    assert (facts.length, facts.has_date, facts.closes) == (3, False, False)
    assert encode_head(facts.lines) == b"HTTP/1.1 200 OK\r\nETag: x\r\n\r\n"
    facts = read_head("200 OK", [("Date", "today"), ("Connection", "Close")])
    assert (facts.length, facts.has_date, facts.closes) == (None, True, True)


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_header_splits_the_head(name, value):
    try:
        head = encode_head(read_head("200 OK", [(name, value)]).lines)
    except BadReply:
        return
    assert head.count(b"\r\n") <= 3
    assert head.replace(b"\r\n", b"").count(b"\n") == 0


def test_the_date_changes_with_the_second():
    dates = DateLine()
    assert dates.at(784111777.9) == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    assert dates.at(784111778.0) == "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n"
