"""Hypothesis throws bytes at the edge: every answer is HTTP, nothing is left over."""

from __future__ import annotations

import itertools
import logging
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from test.functional.edge.harness import IMPATIENT, Edge, running, statuses

# Each example is a connection over loopback: keep the whole run in seconds.
BOUNDED = settings(
    max_examples=150,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def echo(environ, start_response):
    body = environ["wsgi.input"].read()
    assert environ["PATH_INFO"][:1] == "/" or environ["PATH_INFO"] == "*"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


FRAGMENTS = st.sampled_from(
    [
        b"GET / HTTP/1.1\r\n",
        b"PUT /a HTTP/1.1\r\n",
        b"POST /%zz HTTP/1.0\r\n",
        b"HEAD http://h/x?y HTTP/1.1\r\n",
        b"OPTIONS * HTTP/1.1\r\n",
        b"Host: a\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 0\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: , chunked\r\n",
        b"Connection: close\r\n",
        b"Connection: keep-alive, upgrade\r\n",
        b"Upgrade: websocket\r\n",
        b"Expect: 100-continue\r\n",
        b" folded\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b"hello",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"ffffffffffffffff\r\n",
        b";x\r\n",
    ]
)
MESSAGES = st.lists(st.one_of(FRAGMENTS, st.binary(max_size=8)), max_size=12)


def check(edge: Edge, pieces: list[bytes]) -> bytes:
    client = edge.connect()
    for piece in pieces:
        client.send(piece)
    with suppress(OSError):  # the edge may have closed it already
        client.end()
    reply = client.read_all()
    client.close()
    assert reply == b"" or reply.startswith(b"HTTP/1.1 "), reply
    assert all(100 <= status <= 505 for status in statuses(reply))
    assert 500 not in statuses(reply), reply
    return reply


def test_any_bytes(caplog):
    with running(echo, IMPATIENT) as edge, caplog.at_level(logging.WARNING):

        @BOUNDED
        @given(st.lists(st.binary(max_size=40), max_size=5))
        def any_bytes(pieces):
            check(edge, pieces)

        any_bytes()
    assert not caplog.records


def test_shuffled_fragments(caplog):
    with running(echo, IMPATIENT) as edge, caplog.at_level(logging.WARNING):

        @BOUNDED
        @given(MESSAGES)
        def shuffled(pieces):
            check(edge, pieces)

        shuffled()
    assert not caplog.records


CHUNKS = st.lists(st.binary(min_size=1, max_size=300), max_size=6)


def test_any_body_cut_anywhere_arrives_whole():
    """Chunked or not, however the packets fall, the same bytes come back, and
    the request behind the body is understood."""
    with running(echo) as edge:

        @BOUNDED
        @given(chunks=CHUNKS, chunked=st.booleans(), data=st.data())
        def any_body(chunks, chunked, data):
            body = b"".join(chunks)
            sent = b"PUT /o HTTP/1.1\r\nHost: a\r\n"
            if chunked:
                sent += b"Transfer-Encoding: chunked\r\n\r\n"
                sent += b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks)
                sent += b"0\r\n\r\n"
            else:
                sent += b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            sent += b"GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            cuts = data.draw(st.lists(st.integers(0, len(sent)), max_size=4))
            edges = [0, *sorted(cuts), len(sent)]
            pieces = [sent[a:b] for a, b in itertools.pairwise(edges)]
            reply = check(edge, pieces)
            head = b"Content-Length: %d\r\n" % len(body)
            assert head in reply
            assert b"\r\n\r\n" + body + b"HTTP/1.1 200 OK" in reply

        any_body()
