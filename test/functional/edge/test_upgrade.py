"""A request that asks for another protocol, and an application that grants it."""

from __future__ import annotations

from typing import Any

from objectstore.kernel.http.exchange import UPGRADE_KEY
from objectstore.kernel.reply import text_reply
from objectstore.kernel.request import Environ, StartResponse
from test.functional.edge.harness import running, statuses

ASK = b"GET /%s HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n%s"


def application(environ: Environ, start_response: StartResponse) -> Any:
    """Echoes one line over the connection, where it is asked at /echo."""
    take_over = environ.get(UPGRADE_KEY)
    if take_over is None or environ["PATH_INFO"] != "/echo":
        return text_reply(200, "plain\n")(environ, start_response)
    stream = take_over([("Connection", "Upgrade"), ("Upgrade", "echo")])
    stream.send(stream.take_line(100).upper() + b"\r\n")
    return []


def test_the_connection_is_the_application_s() -> None:
    with running(application) as edge:
        # The first bytes of the other protocol may come with the head.
        data = edge.talk(ASK % (b"echo", b"hello\r\n"))
        assert data.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
        head, _, rest = data.partition(b"\r\n\r\n")
        assert b"Upgrade: echo" in head
        assert rest == b"HELLO\r\n"
        assert edge.access.wait_for(1)[0][:3] == ("GET", "/echo", 101)


def test_it_may_come_later() -> None:
    with running(application) as edge:
        client = edge.connect()
        client.send(ASK % (b"echo", b""))
        client.read_until(b"\r\n\r\n")
        client.send(b"later\r\n")
        assert client.read_all() == b"LATER\r\n"


def test_what_is_not_taken_over_goes_on_as_http() -> None:
    with running(application) as edge:
        plain = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        assert statuses(edge.talk(ASK % (b"other", plain))) == [200, 200]
