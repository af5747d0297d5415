"""What breaks the rules gets its 4xx, 5xx or a close, never a traceback."""

from __future__ import annotations

import logging

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Rejected
from objectstore.kernel.wsgi import EdgeSettings
from test.functional.edge.harness import IMPATIENT, running, statuses

HOST = b"Host: a\r\n"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
PUT = b"PUT /o HTTP/1.1\r\nHost: a\r\n"


def echo(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("X-Path", environ["PATH_INFO"])])
    return [b"<", body, b">"]


BAD_HEADS = {
    "two equal lengths": (PUT + b"Content-Length: 3\r\nContent-Length: 3\r\n", 400),
    "two lengths": (PUT + b"Content-Length: 3\r\nContent-Length: 4\r\n", 400),
    "list of lengths": (PUT + b"Content-Length: 3, 3\r\n", 400),
    "length and encoding": (
        PUT + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        400,
    ),
    "encoding and length": (
        PUT + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        400,
    ),
    "chunked twice": (
        PUT + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        400,
    ),
    "chunked, chunked": (PUT + b"Transfer-Encoding: chunked, chunked\r\n", 400),
    "gzip": (PUT + b"Transfer-Encoding: gzip\r\n", 501),
    "gzip, chunked": (PUT + b"Transfer-Encoding: gzip, chunked\r\n", 501),
    "chunked, gzip": (PUT + b"Transfer-Encoding: chunked, gzip\r\n", 400),
    "identity": (PUT + b"Transfer-Encoding: identity\r\n", 501),
    "xchunked": (PUT + b"Transfer-Encoding: xchunked\r\n", 501),
    "vertical tab chunked": (PUT + b"Transfer-Encoding: \x0bchunked\r\n", 400),
    "chunked in 1.0": (
        b"PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n",
        400,
    ),
    "plus length": (PUT + b"Content-Length: +5\r\n", 400),
    "negative length": (PUT + b"Content-Length: -1\r\n", 400),
    "hex length": (PUT + b"Content-Length: 0x5\r\n", 400),
    "underscore length": (PUT + b"Content-Length: 1_0\r\n", 400),
    "empty length": (PUT + b"Content-Length: \r\n", 400),
    "huge length": (PUT + b"Content-Length: " + b"9" * 40 + b"\r\n", 400),
    "length over 64 bits": (PUT + b"Content-Length: 18446744073709551615\r\n", 400),
    "folded line": (GET + b"A: b\r\n c\r\n", 400),
    "folded first line": (b"GET / HTTP/1.1\r\n Host: a\r\n", 400),
    "space before colon": (GET + b"Content-Length : 3\r\n", 400),
    "tab before colon": (GET + b"Content-Length\t: 3\r\n", 400),
    "no colon": (GET + b"Nonsense\r\n", 400),
    "empty name": (GET + b": x\r\n", 400),
    "NUL in value": (GET + b"A: b\0c\r\n", 400),
    "NUL in name": (GET + b"A\0: b\r\n", 400),
    "control in value": (GET + b"A: b\x01c\r\n", 400),
    "bare CR in value": (GET + b"A: b\rc\r\n", 400),
    "non-ASCII name": (GET + b"\xc3\xa9: b\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\nA: b\r\n", 400),
    "two hosts": (GET + HOST, 400),
    "bad host": (b"GET / HTTP/1.1\r\nHost: a b\r\n", 400),
    "host with path": (b"GET / HTTP/1.1\r\nHost: a/b\r\n", 400),
    "space in target": (b"GET /a b HTTP/1.1\r\n" + HOST, 400),
    "relative target": (b"GET a HTTP/1.1\r\n" + HOST, 400),
    "fragment": (b"GET /a#b HTTP/1.1\r\n" + HOST, 400),
    "star without OPTIONS": (b"GET * HTTP/1.1\r\n" + HOST, 400),
    "foreign scheme": (b"GET ftp://a/b HTTP/1.1\r\n" + HOST, 400),
    "no authority": (b"GET http:///b HTTP/1.1\r\n" + HOST, 400),
    "DEL in target": (b"GET /\x7f HTTP/1.1\r\n" + HOST, 400),
    "HTTP/0.9": (b"GET /\r\n", 505),
    "HTTP/2.0": (b"GET / HTTP/2.0\r\n" + HOST, 505),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\n" + HOST, 400),
    "HTTP/1.10": (b"GET / HTTP/1.10\r\n" + HOST, 400),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n", 505),
    "lower-case method": (b"get / HTTP/1.1\r\n" + HOST, 400),
    "unknown method": (b"FROB / HTTP/1.1\r\n" + HOST, 501),
    "CONNECT": (b"CONNECT a:80 HTTP/1.1\r\n" + HOST, 501),
    "other expectation": (PUT + b"Expect: tea\r\nContent-Length: 1\r\n", 417),
    "long request line": (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n" + HOST, 414),
    "long header line": (GET + b"A: " + b"x" * 20_000 + b"\r\n", 431),
    "too many headers": (GET + b"A: b\r\n" * 300, 431),
    "large head": (GET + (b"A: " + b"x" * 8000 + b"\r\n") * 20, 431),
}


@pytest.mark.parametrize("name", BAD_HEADS)
def test_bad_head_is_refused_and_closed(name, caplog):
    head, status = BAD_HEADS[name]
    with running(echo) as edge, caplog.at_level(logging.WARNING):
        # What follows must never be taken for a request of its own.
        reply = edge.talk(head + b"\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        assert statuses(reply) == [status], reply
        assert b"Connection: close" in reply
        assert b"smuggled" not in reply
        assert [line[2] for line in edge.access.wait_for(1)] == [status]
    assert not caplog.records


BAD_BEGINNINGS = {
    "TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "binary": b"\x00\x01\x02",
    "bare LF heads": b"GET / HTTP/1.1\nHost: a\n\n",
    "bare LF line": b"GET / HTTP/1.1\r\nHost: a\nA: b\r\n",
    "digits": b"12345",
}


@pytest.mark.parametrize("name", BAD_BEGINNINGS)
def test_nonsense_is_answered_without_waiting_for_the_end_of_its_head(name):
    with running(echo) as edge:
        client = edge.connect()
        client.send(BAD_BEGINNINGS[name])
        assert statuses(client.read_all()) == [400]


@pytest.mark.parametrize(
    ("sent", "status"),
    [(b"GET /" + b"x" * 40_000, 414), (GET + b"A: b\r\n" * 40_000, 431)],
)
def test_an_endless_head_is_cut_off(sent, status):
    with running(echo) as edge:
        client = edge.connect()
        client.send(sent)
        assert statuses(client.read_all()) == [status]


CHUNKED = PUT + b"Transfer-Encoding: chunked\r\n\r\n"
BAD_CHUNKS = {
    "no digits": b"\r\n\r\n",
    "not hex": b"xyz\r\nabc\r\n0\r\n\r\n",
    "negative": b"-3\r\nabc\r\n0\r\n\r\n",
    "plus": b"+3\r\nabc\r\n0\r\n\r\n",
    "0x": b"0x3\r\nabc\r\n0\r\n\r\n",
    "space before": b" 3\r\nabc\r\n0\r\n\r\n",
    "space after": b"3 \r\nabc\r\n0\r\n\r\n",
    "underscore": b"1_0\r\nabc\r\n0\r\n\r\n",
    "too many digits": b"0" * 17 + b"3\r\nabc\r\n0\r\n\r\n",
    "bare LF after size": b"3\nabc\r\n0\r\n\r\n",
    "bare LF after data": b"3\r\nabc\n0\r\n\r\n",
    "longer than said": b"3\r\nabcd\r\n0\r\n\r\n",
    "CR in extension": b"3;a\rb\r\nabc\r\n0\r\n\r\n",
    "long extension": b"3;" + b"x" * 5000 + b"\r\nabc\r\n0\r\n\r\n",
    "long trailer": b"0\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
    "bare LF trailer": b"0\r\nA: b\n\r\n",
}


@pytest.mark.parametrize("name", BAD_CHUNKS)
def test_bad_chunks_are_refused_and_closed(name, caplog):
    with running(echo) as edge, caplog.at_level(logging.WARNING):
        reply = edge.talk(
            CHUNKED + BAD_CHUNKS[name] + b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        assert statuses(reply) == [400], reply
        assert b"smuggled" not in reply
    assert not caplog.records


def catching(environ, start_response):
    """An application that answers refusals itself, as filters do."""
    try:
        return echo(environ, start_response)
    except Rejected as error:
        start_response(f"{error.status} Refused", [])
        return [b"caught"]


@pytest.mark.parametrize(
    ("body", "status"), [(b"zz\r\n", 400), (b"5\r\nab", 408), (b"", 408)]
)
def test_a_refusal_that_the_application_answers_ends_the_connection(body, status):
    with running(catching, IMPATIENT) as edge:
        client = edge.connect()
        client.send(CHUNKED + body)
        reply = client.read_all()
        assert statuses(reply) == [status]
        assert b"Connection: close" in reply


def test_bad_chunks_met_while_draining_close_the_connection():
    def ignoring(environ, start_response):
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    with running(ignoring) as edge:
        reply = edge.talk(CHUNKED + b"zz\r\n\r\n0\r\n\r\n" + GET + b"\r\n")
        assert statuses(reply) == [200]


GOOD_CHUNKS = {
    "plain": b"3\r\nabc\r\n0\r\n\r\n",
    "upper and lower hex": b"A\r\nabcdefghij\r\nb\r\nabcdefghijk\r\n0\r\n\r\n",
    "zeros": b"0003\r\nabc\r\n0000\r\n\r\n",
    "extension": b"3;name=value\r\nabc\r\n0;last\r\n\r\n",
    "trailer": b"3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
}


@pytest.mark.parametrize("name", GOOD_CHUNKS)
@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_good_chunks_arrive_however_they_are_cut(name, size):
    data = CHUNKED + GOOD_CHUNKS[name] + GET.replace(b"/ ", b"/next ") + b"\r\n"
    with running(echo) as edge:
        client = edge.connect()
        for start in range(0, len(data), size):
            client.send(data[start : start + size])
        client.end()
        reply = client.read_all()
        assert statuses(reply) == [200, 200]
        assert b"X-Path: /next" in reply
        assert b"<abc" in reply


def test_utf8_target_sent_raw_is_understood():
    with running(echo) as edge:
        reply = edge.talk("GET /é?q HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert statuses(reply) == [200]
        assert "X-Path: /é".encode() in reply


def test_stalled_head_gets_408():
    with running(echo, IMPATIENT) as edge:
        client = edge.connect()
        client.send(b"GET / HT")
        assert statuses(client.read_all()) == [408]


def test_dripping_head_gets_408():
    """One byte now and then does not keep the connection: the whole head counts."""
    settings = EdgeSettings(head_timeout=0.2, drain_timeout=0.1)
    with running(echo, settings) as edge:
        client = edge.connect()
        client.socket.settimeout(0.05)
        client.send(b"GET / HTTP/1.1\r\nA: ")
        reply = b""
        for _ in range(100):
            client.send(b"x")
            try:
                reply = client.socket.recv(1000)
                break
            except TimeoutError:
                continue
        assert statuses(reply) == [408]


@pytest.mark.parametrize(
    "framing",
    [b"Content-Length: 10\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3"],
)
def test_stalled_body_gets_408(framing):
    with running(echo, IMPATIENT) as edge:
        client = edge.connect()
        client.send(PUT + framing)
        assert statuses(client.read_all()) == [408]
        assert edge.access.wait_for(1)[0][2] == 408


def test_a_body_that_trickles_gets_408():
    settings = EdgeSettings(stall_timeout=0.5, rate_min=1000, drain_timeout=0.2)
    with running(echo, settings) as edge:
        client = edge.connect()
        client.send(PUT + b"Content-Length: 1000\r\n\r\n")
        answer: list[bytes] = []
        reading = concurrency.spawn(lambda: answer.append(client.read_all()))
        pieces = 0
        while not answer and pieces < 100:  # each comes in time, all of them do not
            client.send(b"x")
            pieces += 1
            concurrency.sleep(0.05)
        concurrency.wait_task(reading)
        assert pieces < 100
        assert statuses(answer[0]) == [408]


def test_idle_connection_is_closed_silently():
    with running(echo, IMPATIENT) as edge:
        client = edge.connect()
        client.send(GET + b"\r\n")
        assert statuses(client.read_until(b"<>")) == [200]
        assert client.read_all() == b""
        assert len(edge.access.lines) == 1


def test_silent_connection_is_closed():
    with running(echo, IMPATIENT) as edge:
        assert edge.connect().read_all() == b""
        assert edge.access.lines == []


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET",
        GET,
        GET + b"\r",
        PUT + b"Content-Length: 10\r\n\r\n",
        PUT + b"Content-Length: 10\r\n\r\nabc",
        CHUNKED,
        CHUNKED + b"3\r\nab",
        CHUNKED + b"3\r\nabc\r\n",
        CHUNKED + b"3\r\nabc\r\n0\r\n",
    ],
)
def test_early_close_gets_no_success(sent):
    with running(echo) as edge:
        assert edge.talk(sent) == b""
        assert all(line[2] == 499 for line in edge.access.lines)


def test_too_many_connections_are_told_503():
    with running(echo, EdgeSettings(connections_max=1)) as edge:
        first = edge.connect()
        first.send(GET + b"\r\n")
        first.read_until(b"<>")
        assert statuses(edge.connect().read_all()) == [503]
        first.send(GET + b"\r\n")
        assert statuses(first.read_until(b"<>")) == [200]
