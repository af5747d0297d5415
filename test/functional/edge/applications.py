"""Small requests and applications that the edge's tests share."""

from __future__ import annotations

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


def body_of(reply: bytes) -> bytes:
    return reply.partition(b"\r\n\r\n")[2]
