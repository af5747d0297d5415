"""What web-download may and may not ask."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from contextlib import ExitStack

import pytest

from compute.core.errors import BadRequest
from compute.core.web.url_rules import UrlRules, parse_networks
from compute.image.imports.web import Web
from objectstore.kernel import concurrency
from test.fakes.web_site import WebSite


def rules(**changes: object) -> UrlRules:
    values: dict[str, object] = {
        "schemes": frozenset({"http", "https"}),
        "ports": frozenset({80, 443}),
        "hosts": frozenset(),
        "hosts_refused": frozenset(),
        "networks_allowed": (),
    }
    return UrlRules(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "disk.img",
        "file:///etc/passwd",
        "ftp://example.org/a",
        "http://",
        "http:///path",
        "http://user:secret@example.org/a",
        "http://example.org:22/a",
        "http://example.org:99999/a",
        "http://127.0.0.1/a",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/a",
        "http://[::ffff:127.0.0.1]/a",
        "http://[fe80::1]/a",
        "http://[64:ff9b::7f00:1]/a",
        "http://10.0.0.1/a",
        "http://192.168.1.1/a",
        "http://0.0.0.0/a",
        "http://224.0.0.1/a",
        "http://example.org/a b",
        "http://example.org/a\r\nX: y",
        "http://example.org/" + "a" * 2048,
    ],
)
def test_refused_urls(url: str) -> None:
    with pytest.raises(BadRequest):
        rules().target(url)


def test_targets() -> None:
    target = rules().target("https://Example.ORG./images/a.qcow2?v=2#part")
    assert (target.scheme, target.host, target.port, target.path) == (
        "https",
        "example.org",
        443,
        "/images/a.qcow2?v=2",
    )
    assert rules(ports=frozenset()).target("http://example.org:8080/a").port == 8080


def test_lists_of_hosts() -> None:
    only = rules(hosts=frozenset({"images.org"}))
    assert only.target("http://images.org/a").host == "images.org"
    with pytest.raises(BadRequest):
        only.target("http://example.org/a")
    with pytest.raises(BadRequest):
        rules(hosts_refused=frozenset({"bad.org"})).target("http://bad.org./a")


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["93.184.216.34", "10.0.0.1"],
        ["::1"],
        ["2002:7f00:1::"],
        ["fe80::1%eth0"],
        [],
    ],
)
def test_names_that_lead_inside_are_refused(addresses: list[str]) -> None:
    target = rules().target("http://example.org/a")
    with pytest.raises(BadRequest):
        rules().choose(target, addresses)


def test_public_and_allowed_addresses() -> None:
    target = rules().target("http://example.org/a")
    assert rules().choose(target, ["93.184.216.34"]) == "93.184.216.34"
    inside = rules(networks_allowed=parse_networks(["10.0.0.0/8"]))
    assert inside.choose(target, ["10.1.2.3"]) == "10.1.2.3"


LOOPBACK = rules(ports=frozenset(), networks_allowed=parse_networks(["127.0.0.1/32"]))


def test_the_address_is_pinned_and_the_name_sent() -> None:
    with ExitStack() as stack:
        site = WebSite(stack)
        site.pages["/a"] = b"content"
        asked: list[str] = []

        def resolve(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"]

        web = Web(LOOPBACK, resolve)
        assert b"".join(web.read(site.url("/a", "images.test"))) == b"content"
        assert asked == ["images.test"]
        assert site.asked == [("/a", f"images.test:{site.port}")]


def test_redirects_are_checked_like_the_first_url() -> None:
    with ExitStack() as stack:
        site = WebSite(stack)
        site.pages["/a"] = b"content"
        site.redirects["/relative"] = "/a"
        site.redirects["/metadata"] = "http://169.254.169.254/latest/"
        site.redirects["/other"] = f"http://127.0.0.2:{site.port}/a"
        site.redirects["/round"] = "/round"
        web = Web(LOOPBACK)
        assert b"".join(web.read(site.url("/relative"))) == b"content"
        for path in ("/metadata", "/other", "/round", "/missing"):
            with pytest.raises(BadRequest):
                b"".join(web.read(site.url(path)))


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class SlowServer:
    """Says ``at_once``, then one byte of ``then`` each 50 ms, for ever."""

    def __init__(self, at_once: bytes, then: bytes) -> None:
        self._at_once, self._then = at_once, then
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/a"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(10_000)
            connection.sendall(self._at_once)
            for place in range(10**9):
                connection.sendall(self._then[place % len(self._then) :][:1])
                time.sleep(0.05)

    def close(self) -> None:
        self._listener.close()
        self._thread.join(5.0)
        assert not self._thread.is_alive(), "the connection was not cut"


@pytest.mark.parametrize(
    ("at_once", "then"),
    [
        # A body that trickles, a line of the head, lines of it without end.
        (HEAD + b"\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        (HEAD, b"X: y\r\n"),
        # What a chunk is said to be, and lines after the last one.
        (CHUNKED + b"1;", b"x"),
        (CHUNKED + b"1\r\nx\r\n0\r\n", b"X: y\r\n"),
        (CHUNKED.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + b"1;", b"x"),
    ],
)
def test_slow_servers_do_not_keep_us(at_once: bytes, then: bytes) -> None:
    server = SlowServer(at_once, then)
    web = Web(LOOPBACK, rate_min=1000, patience_seconds=0.5)
    try:
        with concurrency.deadline(10.0), pytest.raises(BadRequest, match="slow"):
            b"".join(web.read(server.url))
    finally:
        server.close()


def test_packed_content_is_not_unpacked() -> None:
    packed = gzip.compress(bytes(1000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    server = SlowServer(head + packed, b"x")
    try:
        with pytest.raises(BadRequest, match="packs"):
            b"".join(Web(LOOPBACK).read(server.url))
    finally:
        server.close()
