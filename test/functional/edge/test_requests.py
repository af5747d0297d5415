"""What the application sees of a request."""

from __future__ import annotations

from wsgiref.validate import validator

import pytest

from objectstore.kernel.http.environ import RAW_FIELDS_KEY
from test.functional.edge.applications import GET, body_of, put
from test.functional.edge.harness import (
    running,
    statuses,
)


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


def test_names_of_metadata_beyond_ascii_are_percent_encoded():
    environ = seen_by_application(
        b"POST /v1/a/c/\xc3\xa9 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
        b"X-Object-Meta-B\xc3\xa4r%: caf\xc3\xa9\r\n"
        b"x-remove-container-meta-\xe4: x-object-meta-\xc3\xa4: 1\r\n\r\n"
    )
    assert environ["HTTP_X_OBJECT_META_B%C3%A4R%"] == "caf\xc3\xa9"
    assert environ["HTTP_X_REMOVE_CONTAINER_META_%E4"] == "x-object-meta-\xc3\xa4: 1"
    assert environ["RAW_PATH_INFO"] == "/v1/a/c/%C3%A9"


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
