"""The edge as clients and applications know it: framing, keep-alive, endings."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from pathlib import Path
from wsgiref.validate import validator

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Rejected
from objectstore.kernel.http.environ import RAW_FIELDS_KEY
from objectstore.kernel.wsgi import EdgeSettings, Server, listen
from test.functional.edge.harness import (
    IMPATIENT,
    PATIENCE_SECONDS,
    RawClient,
    running,
    statuses,
)

GET = b"GET /o HTTP/1.1\r\nHost: a\r\n\r\n"


def put(body: bytes, extra: bytes = b"") -> bytes:
    return b"PUT /o HTTP/1.1\r\nHost: a\r\n%sContent-Length: %d\r\n\r\n%s" % (
        extra,
        len(body),
        body,
    )


def fixed(status="200 OK", headers=(), pieces=(b"ok",)):
    def application(environ, start_response):
        start_response(status, list(headers))
        return pieces() if callable(pieces) else list(pieces)

    return application


def echo(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class Closing:
    """An iterable that counts how often it was closed."""

    def __init__(self, pieces, fails=False):
        self.pieces, self.fails, self.closed = pieces, fails, 0

    def __iter__(self):
        yield from self.pieces
        if self.fails:
            raise RuntimeError("the body broke")

    def close(self):
        self.closed += 1


# ---- keep-alive and pipelining -----------------------------------------------


def test_pipelined_requests_are_answered_in_order():
    def path(environ, start_response):
        start_response("200 OK", [])
        return [f"[{environ['PATH_INFO']}]".encode()]

    many = b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(100))
    with running(path) as edge:
        reply = edge.talk(many)
        assert statuses(reply) == [200] * 100
        places = [reply.index(b"[/%d]" % n) for n in range(100)]
        assert places == sorted(places)


def test_pipelined_bodies_are_kept_apart():
    with running(echo) as edge:
        reply = edge.talk(put(b"first") + GET + put(b"x" * 100_000) + put(b"last"))
        assert statuses(reply) == [200] * 4
        assert reply.endswith(b"last")
        assert [line[3] for line in edge.access.lines] == [5, 0, 100_000, 4]


def test_unread_body_is_read_over():
    with running(fixed()) as edge:
        reply = edge.talk(put(b"x" * 5000) + GET)
        assert statuses(reply) == [200, 200]


def test_large_unread_body_ends_the_connection():
    settings = EdgeSettings(drain_bytes_max=1000)
    with running(fixed("413 Too Large"), settings) as edge:
        reply = edge.talk(put(b"x" * 5000) + GET)
        assert statuses(reply) == [413]
        assert b"Connection: close" in reply


@pytest.mark.parametrize(
    ("request_head", "kept"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", True),
    ],
)
def test_who_ends_the_connection(request_head, kept):
    with running(fixed()) as edge:
        assert len(statuses(edge.talk(request_head * 2))) == (2 if kept else 1)


def test_an_upgrade_is_declined():
    upgrade = (
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    )
    with running(fixed()) as edge:
        assert statuses(edge.talk(upgrade + GET)) == [200, 200]


# ---- Expect: 100-continue ------------------------------------------------------


def test_continue_is_said_when_the_body_is_asked_for():
    with running(echo) as edge:
        client = edge.connect()
        client.send(put(b"", b"Expect: 100-continue\r\n").replace(b": 0", b": 3"))
        assert client.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"abc")
        assert client.read_until(b"abc").startswith(b"HTTP/1.1 200 OK")


def test_no_continue_for_a_client_that_does_not_wait():
    with running(echo) as edge:
        reply = edge.talk(put(b"abc", b"Expect: 100-continue\r\n"))
        assert statuses(reply) == [200]


def test_no_continue_within_a_reply():
    def application(environ, start_response):
        start_response("200 OK", [])
        yield b"begun "
        yield environ["wsgi.input"].read()

    with running(application) as edge:
        client = edge.connect()
        client.send(put(b"", b"Expect: 100-continue\r\n").replace(b": 0", b": 3"))
        reply = client.read_until(b"begun")
        client.send(b"abc")
        reply += client.read_all()
        assert statuses(reply) == [200]
        assert b"3\r\nabc\r\n0\r\n" in reply


def test_a_refusal_without_reading_ends_the_connection():
    with running(fixed("401 Unauthorized")) as edge:
        client = edge.connect()
        client.send(put(b"", b"Expect: 100-continue\r\n").replace(b": 0", b": 3"))
        reply = client.read_all()
        assert statuses(reply) == [401]
        assert b"Connection: close" in reply


# ---- replies -------------------------------------------------------------------


def body_of(reply: bytes) -> bytes:
    return reply.partition(b"\r\n\r\n")[2]


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


# ---- failures --------------------------------------------------------------------


def test_a_failing_application_gives_500_and_the_connection_goes_on(caplog):
    def application(environ, start_response):
        if environ["PATH_INFO"] == "/boom":
            raise ValueError("secret detail")
        start_response("200 OK", [])
        return [b"ok"]

    with running(application) as edge:
        reply = edge.talk(b"GET /boom HTTP/1.1\r\nHost: a\r\n\r\n" + GET)
        assert statuses(reply) == [500, 200]
        assert b"X-Trans-Id: tx" in reply
        assert b"secret detail" not in reply
    assert "secret detail" in caplog.text


def test_a_refusal_let_through_is_answered():
    def application(environ, start_response):
        raise Rejected(418, "I am a teapot", (("X-Pot", "tea"),))

    with running(application) as edge:
        reply = edge.talk(GET + GET)
        assert statuses(reply) == [418, 418]
        assert b"X-Pot: tea" in reply
        assert reply.endswith(b"I am a teapot")


BAD_REPLIES = {
    "no start_response": lambda start: [b"x"],
    "line end in value": lambda start: start("200 OK", [("A", "b\r\nC: d")]) and [],
    "line feed in value": lambda start: start("200 OK", [("A", "b\nC: d")]) and [],
    "line end in name": lambda start: start("200 OK", [("A\r\nB", "c")]) and [],
    "line end in status": lambda start: start("200 OK\r\nA: b", []) and [],
    "NUL in value": lambda start: start("200 OK", [("A", "b\0")]) and [],
    "space in name": lambda start: start("200 OK", [("A B", "c")]) and [],
    "not latin-1": lambda start: start("200 OK", [("A", "\u20ac")]) and [],
    "bad length": lambda start: start("200 OK", [("Content-Length", "-1")]) and [],
    "two lengths": lambda start: (
        start("200 OK", [("Content-Length", "1"), ("Content-Length", "1")]) and []
    ),
    "twice": lambda start: start("200 OK", []) and start("200 OK", []) and [],
    "status no number": lambda start: start("fine", []) and [],
}


@pytest.mark.parametrize("name", BAD_REPLIES)
def test_a_bad_reply_becomes_500(name, caplog):
    def application(environ, start_response):
        BAD_REPLIES[name](start_response)
        return [b"x"]

    with running(application) as edge:
        assert statuses(edge.talk(GET + GET)) == [500, 500]


def test_exc_info_replaces_a_reply_not_sent_yet():
    def application(environ, start_response):
        start_response("200 OK", [])
        try:
            raise ValueError("late")
        except ValueError:
            import sys

            start_response("503 Away", [], sys.exc_info())
        return [b"sorry"]

    with running(application) as edge:
        assert statuses(edge.talk(GET)) == [503]


@pytest.mark.parametrize("length", [[], [("Content-Length", "6")]])
def test_a_body_that_breaks_ends_the_connection(length, caplog):
    bodies = []

    def application(environ, start_response):
        bodies.append(Closing([b"abc"], fails=True))
        start_response("200 OK", length)
        return bodies[-1]

    with running(application) as edge:
        reply = edge.talk(GET + GET)
        assert statuses(reply) == [200]
        assert not reply.endswith(b"0\r\n\r\n")
    assert [body.closed for body in bodies] == [1]
    assert "the body broke" in caplog.text


def test_a_client_that_leaves_while_it_is_sent_to(caplog):
    bodies = []

    def application(environ, start_response):
        bodies.append(Closing([bytes(1_000_000)] * 100))
        start_response("200 OK", [("Content-Length", "100000000")])
        return bodies[-1]

    with running(application) as edge:
        client = edge.connect()
        client.send(GET)
        client.read_until(b"\r\n\r\n")
        client.close()
        assert edge.access.wait_for(1)[0][2] == 499
    assert [body.closed for body in bodies] == [1]
    assert not caplog.records


def test_a_client_that_takes_nothing_is_let_go():
    with running(fixed(pieces=[bytes(50_000_000)]), IMPATIENT) as edge:
        client = edge.connect()
        client.send(GET)
        assert edge.access.wait_for(1)[0][2] == 408
        assert len(client.read_all()) < 50_000_000


def test_large_bodies_both_ways():
    body = os.urandom(4_000_000)
    with running(echo) as edge:
        client = edge.connect()
        sender = concurrency.spawn(client.send, put(body))
        reply = client.read_until(body[-100:])
        concurrency.wait_task(sender)
        assert body_of(reply) == body


# ---- what the application sees -----------------------------------------------------


def seen_by_application(sent: bytes):
    seen = {}

    def application(environ, start_response):
        seen.update(environ)
        seen["body"] = environ["wsgi.input"].read()
        start_response("200 OK", [])
        return []

    with running(application) as edge:
        assert statuses(edge.talk(sent)) == [200]
    return seen


def test_the_environ():
    environ = seen_by_application(
        b"PUT /v1/a%20b/%00%C3%A9?x=%41&y HTTP/1.1\r\nHost: h:1\r\nX-Two: a\r\n"
        b"x-two: b \t\r\nContent-Type: t/x\r\nX-Bin: \xff\r\n"
        b"Content-Length: 2\r\n\r\nhi"
    )
    assert environ["REQUEST_METHOD"] == "PUT"
    assert environ["PATH_INFO"] == "/v1/a b/\0\xc3\xa9"
    assert environ["RAW_PATH_INFO"] == "/v1/a%20b/%00%C3%A9"
    assert environ["QUERY_STRING"] == "x=%41&y"
    assert environ["CONTENT_LENGTH"] == "2"
    assert environ["CONTENT_TYPE"] == "t/x"
    assert environ["HTTP_HOST"] == "h:1"
    assert environ["HTTP_X_TWO"] == "a,b"
    assert environ["HTTP_X_BIN"] == "\xff"
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["body"] == b"hi"
    assert (b"X-Two", b"a") in environ[RAW_FIELDS_KEY]


def test_absolute_form_replaces_the_host():
    environ = seen_by_application(
        b"GET http://other:8080/p?q=1 HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    assert environ["HTTP_HOST"] == "other:8080"
    assert environ["PATH_INFO"] == "/p"
    assert environ["QUERY_STRING"] == "q=1"


def test_the_dashed_name_wins_over_its_underscored_twin():
    environ = seen_by_application(
        b"GET / HTTP/1.1\r\nHost: a\r\nX_Token: bad\r\nX-Token: good\r\n"
        b"Content_Length: 5\r\nX-Meta_Color: red\r\n\r\n"
    )
    assert environ["HTTP_X_TOKEN"] == "good"
    assert environ["HTTP_X_META_COLOR"] == "red"
    assert "CONTENT_LENGTH" not in environ


def test_options_star():
    environ = seen_by_application(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
    assert environ["PATH_INFO"] == "*"


READERS = {
    "read": lambda body: body.read(),
    "read some": lambda body: b"".join(iter(lambda: body.read(7), b"")),
    "read1": lambda body: b"".join(iter(lambda: body.read1(7), b"")),
    "lines": b"".join,
    "readlines": lambda body: b"".join(body.readlines()),
    "short lines": lambda body: b"".join(iter(lambda: body.readline(3), b"")),
    "into": lambda body: read_into(body, 5),
    "into large": lambda body: read_into(body, 100_000),
    "mixed": lambda body: body.readline() + body.read(4) + read_into(body, 3),
}


def read_into(body, size):
    result = b""
    view = memoryview(bytearray(size))
    while count := body.readinto(view):
        result += view[:count]
    return result


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("chunked", [False, True])
def test_ways_to_read_a_body(name, chunked):
    data = b"line one\nline two\n\nthe end" * 300

    def application(environ, start_response):
        body = READERS[name](environ["wsgi.input"])
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    if chunked:
        head = b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        pieces = [data[at : at + 11] for at in range(0, len(data), 11)]
        sent = head + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces)
        sent += b"0\r\n\r\n"
    else:
        sent = put(data)
    with running(application) as edge:
        reply = edge.talk(sent + GET)
        assert statuses(reply) == [200, 200]
        assert body_of(reply).startswith(data + b"HTTP/1.1")
        assert edge.access.lines[0][3] == len(data)


def test_the_pep_3333_validator_is_content():
    def application(environ, start_response):
        body = environ["wsgi.input"].read(100)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [body]

    with running(validator(application)) as edge:
        assert statuses(edge.talk(put(b"abc") + put(b""))) == [200, 200]


# ---- addresses, drain ---------------------------------------------------------------


def test_ipv6_and_unix_sockets():
    # Unix socket paths are short; pytest's directories are not.
    with tempfile.TemporaryDirectory(prefix="edge") as directory:
        path = Path(directory) / "s"
        listeners = [listen("::1"), listen(path)]
        six = listeners[0].getsockname()
        server = Server(fixed(), listeners)
        server.start()
        for address, family in ((six, socket.AF_INET6), (str(path), socket.AF_UNIX)):
            client = RawClient(address, family)
            client.send(GET)
            assert statuses(client.read_until(b"ok")) == [200]
            client.close()
        assert server.drain(PATIENCE_SECONDS)
        # A socket file left behind is taken over.
        listen(path).close()


def test_ports_can_be_shared():
    first = listen("127.0.0.1", reuse_port=True)
    second = listen("127.0.0.1", first.getsockname()[1], reuse_port=True)
    first.close()
    second.close()


def test_drain_lets_requests_finish_and_ends_idle_connections():
    entered, leave = concurrency.Event(), concurrency.Event()

    def application(environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            entered.set()
            leave.wait(PATIENCE_SECONDS)
        start_response("200 OK", [])
        return [b"done"]

    with running(application) as edge:
        idle = edge.connect()
        idle.send(GET)
        idle.read_until(b"done")
        busy = edge.connect()
        busy.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        entered.wait(PATIENCE_SECONDS)
        drained = concurrency.spawn(edge.server.drain, PATIENCE_SECONDS, 0.05)
        assert idle.read_all() == b""
        leave.set()
        reply = busy.read_all()
        assert reply.endswith(b"done")
        assert b"Connection: close" in reply
        assert concurrency.wait_task(drained) is True
        with pytest.raises(OSError):
            edge.connect()


def test_while_draining_the_next_request_is_the_last():
    with running(fixed()) as edge:
        client = edge.connect()
        client.send(GET)
        client.read_until(b"ok")
        drained = concurrency.spawn(edge.server.drain, PATIENCE_SECONDS)
        concurrency.sleep(0)
        client.send(GET)
        reply = client.read_all()
        assert statuses(reply) == [200]
        assert b"Connection: close" in reply
        assert concurrency.wait_task(drained) is True


def test_an_unknown_status_is_sent_all_the_same():
    def application(environ, start_response):
        raise Rejected(460, "odd")

    with running(application) as edge:
        assert statuses(edge.talk(GET)) == [460]


def test_drain_gives_up_in_the_end(caplog):
    entered, forever = concurrency.Event(), concurrency.Event()

    def application(environ, start_response):
        entered.set()
        forever.wait(PATIENCE_SECONDS)
        start_response("200 OK", [])
        return [b"done"]

    with running(application) as edge, caplog.at_level(logging.WARNING):
        client = edge.connect()
        client.send(GET)
        assert entered.wait(PATIENCE_SECONDS)
        assert edge.server.drain(0.1) is False
        assert client.read_all() == b""
        forever.set()
        assert edge.access.wait_for(1)[0][2] == 499
