"""Replies: framing, promises of length, files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from test.functional.edge.applications import GET, body_of, fixed
from test.functional.edge.harness import (
    running,
    statuses,
)


def test_length_is_found_for_a_list():
    with running(fixed(pieces=[b"ab", b"", b"c"])) as edge:
        reply = edge.talk(GET)
        assert b"Content-Length: 3\r\n" in reply
        assert body_of(reply) == b"abc"


def test_chunked_when_the_length_is_unknown():
    with running(fixed(pieces=lambda: iter([b"ab", b"", b"c" * 20]))) as edge:
        reply = edge.talk(GET + GET)
        assert body_of(reply).startswith(b"2\r\nab\r\n14\r\n" + b"c" * 20)
        assert reply.count(b"\r\n0\r\n\r\n") == 2


def test_http_10_gets_an_end_instead_of_chunks():
    with running(fixed(pieces=lambda: iter([b"ab", b"c"]))) as edge:
        reply = edge.talk(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert b"Transfer-Encoding" not in reply
        assert body_of(reply) == b"abc"


@pytest.mark.parametrize("pieces", [[b"body"], lambda: iter([b"body"])])
@pytest.mark.parametrize("length", [[], [("Content-Length", "4")]])
def test_head_has_the_head_only(pieces, length):
    with running(fixed(headers=length, pieces=pieces)) as edge:
        reply = edge.talk(GET.replace(b"GET", b"HEAD"))
        assert body_of(reply) == b""
        assert (b"Content-Length: 4" in reply) == bool(length)
        assert b"Transfer-Encoding" not in reply


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
@pytest.mark.parametrize("pieces", [[b"body"], [], lambda: iter([b"body"])])
def test_no_body_with_204_and_304(status, pieces):
    with running(fixed(status, pieces=pieces)) as edge:
        reply = edge.talk(GET + GET)
        assert statuses(reply) == [int(status[:3])] * 2
        assert b"body" not in reply
        assert b"Transfer-Encoding" not in reply


def test_never_more_than_promised(caplog):
    with running(fixed(headers=[("Content-Length", "2")], pieces=[b"abcd"])) as edge:
        reply = edge.talk(GET + GET)
        assert statuses(reply) == [200, 200]
        assert b"abc" not in reply
    assert "more than its Content-Length" in caplog.text


@pytest.mark.parametrize("pieces", [[b"ab"], lambda: iter([b"ab"]), []])
def test_less_than_promised_ends_the_connection(pieces, caplog):
    with running(fixed(headers=[("Content-Length", "9")], pieces=pieces)) as edge:
        assert statuses(edge.talk(GET + GET)) == [200]
    assert "less than its Content-Length" in caplog.text


def test_the_old_write_callable():
    def application(environ, start_response):
        write = start_response("200 OK", [("Content-Length", "4")])
        write(b"ab")
        write(b"c")
        return [b"d"]

    with running(application) as edge:
        assert body_of(edge.talk(GET)) == b"abcd"


class FileSpans:
    """A body that lies in a file."""

    def __init__(self, path: Path, spans):
        self.file = path.open("rb")
        self._spans = spans
        self.closed = 0

    def __iter__(self):
        raise AssertionError("sendfile was wanted")

    def spans(self):
        for offset, length in self._spans:
            yield self.file.fileno(), offset, length

    def close(self):
        self.closed += 1
        self.file.close()


@pytest.mark.parametrize("known", [True, False])
def test_spans_are_sent_from_the_file(tmp_path, known):
    data = os.urandom(3_000_000)
    (tmp_path / "body").write_bytes(data)
    bodies = []

    def application(environ, start_response):
        headers = [("Content-Length", "2000010")] if known else []
        spans = [(0, 10), (1_000_000, 2_000_000)]
        bodies.append(FileSpans(tmp_path / "body", spans))
        start_response("200 OK", headers)
        return bodies[-1]

    with running(application) as edge:
        reply = edge.talk(GET)
        got = body_of(reply)
        if not known:
            assert got.startswith(b"a\r\n") and got.endswith(b"\r\n0\r\n\r\n")
            got = got.replace(b"a\r\n", b"", 1)
            got = got.replace(b"\r\n1e8480\r\n", b"", 1)[: -len(b"\r\n0\r\n\r\n")]
        assert got == data[:10] + data[1_000_000:]
    assert bodies[0].closed == 1


def test_empty_spans(tmp_path):
    (tmp_path / "body").write_bytes(b"")

    def application(environ, start_response):
        start_response("200 OK", [("Content-Length", "0")])
        return FileSpans(tmp_path / "body", [])

    with running(application) as edge:
        assert statuses(edge.talk(GET + GET)) == [200, 200]


def test_a_short_file_ends_the_connection(tmp_path, caplog):
    (tmp_path / "body").write_bytes(b"short")

    def application(environ, start_response):
        start_response("200 OK", [("Content-Length", "100")])
        return FileSpans(tmp_path / "body", [(0, 100)])

    with running(application) as edge:
        assert statuses(edge.talk(GET + GET)) == [200]
