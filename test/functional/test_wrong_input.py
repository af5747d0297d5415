"""Wrong input: the status and text that Swift's API reference gives."""

from __future__ import annotations

import socket

import pytest

from test.functional.conftest import Connect
from test.functional.harness.http import Client
from test.functional.harness.store import Store

HUGE = str(5 * 2**30 + 3)

# method, target below /v1/AUTH_test, headers, status, a word of the text.
# {c} is a container with one object, "o".
TABLE: list[tuple[str, str, dict[str, str], int, str]] = [
    # 400
    ("PUT", "{c}/o", {"X-Delete-At": "never"}, 400, "Non-integer X-Delete-At"),
    ("PUT", "{c}/o", {"X-Object-Meta-": "x"}, 400, "cannot be empty"),
    ("PUT", "{c}/o", {"If-None-Match": "abc"}, 400, "If-None-Match only supports *"),
    ("PUT", "{c}/o", {"Content-Length": "many"}, 400, ""),
    ("PUT", "{c}/o", {"Content-Length": "-1"}, 400, ""),
    ("PUT", "{c}/" + "x" * 1025, {}, 400, "Object name length of 1025"),
    ("PUT", "x" * 257, {}, 400, "Container name length of 257"),
    ("PUT", "new", {"X-Storage-Policy": "none"}, 400, "X-Storage-Policy"),
    ("PUT", "new", {"X-Container-Read": ".bad:x"}, 400, "Unknown designator"),
    # 404
    ("GET", "{c}/none", {}, 404, "not"),
    ("HEAD", "{c}/none", {}, 404, ""),
    ("DELETE", "{c}/none", {}, 404, "not"),
    ("POST", "{c}/none", {"X-Object-Meta-A": "1"}, 404, "not"),
    ("GET", "none", {}, 404, "not"),
    ("HEAD", "none", {}, 404, ""),
    ("DELETE", "none", {}, 404, "not"),
    ("POST", "none", {}, 404, "not"),
    ("PUT", "none/o", {}, 404, "not"),
    ("GET", "none/o", {}, 404, "not"),
    # 405
    ("PATCH", "{c}/o", {}, 405, "not allowed"),
    ("PATCH", "{c}", {}, 405, "not allowed"),
    ("PATCH", "", {}, 405, "not allowed"),
    ("LINK", "{c}/o", {}, 405, "not allowed"),
    ("COPY", "{c}", {"Destination": "{c}/x"}, 405, "not allowed"),
    # 406
    ("GET", "{c}", {"Accept": "image/png"}, 406, ""),
    # 409
    ("DELETE", "{c}", {}, 409, "conflict"),
    # 412
    ("GET", "{c}?limit=10001", {}, 412, "Maximum limit is 10000"),
    ("GET", "?limit=10001", {}, 412, "Maximum limit is 10000"),
    ("GET", "{c}?prefix=%00", {}, 412, "Invalid UTF8 or contains NULL"),
    ("GET", "{c}?marker=%ff", {}, 412, "Invalid UTF8 or contains NULL"),
    ("PUT", "{c}/%00", {}, 412, "Invalid UTF8 or contains NULL"),
    ("PUT", "{c}/%ff", {}, 412, "Invalid UTF8 or contains NULL"),
    ("PUT", "%ff", {}, 412, "Invalid UTF8 or contains NULL"),
    ("COPY", "{c}/o", {}, 412, "Destination header required"),
    ("COPY", "{c}/o", {"Destination": "x"}, 412, "must be of the form"),
    ("PUT", "{c}/p", {"X-Copy-From": "x"}, 412, "must be of the form"),
    ("GET", "{c}/o", {"If-Match": "x"}, 412, ""),
    # 413
    ("PUT", "{c}/o", {"Content-Length": HUGE}, 413, "too large"),
    # 416
    ("GET", "{c}/o", {"Range": "bytes=9-"}, 416, ""),
    # 422
    ("PUT", "{c}/o", {"ETag": "0" * 32}, 422, ""),
]


@pytest.fixture
def filled(client: Client, container: str) -> str:
    client.ok("PUT", container, "o", body=b"data")
    return container


def test_the_table(client: Client, filled: str) -> None:
    wrong = []
    for method, below, headers, status, word in TABLE:
        separator = "" if below.startswith("?") or not below else "/"
        target = f"/v1/AUTH_test{separator}{below}".replace("{c}", filled)
        sent = {k: v.replace("{c}", filled) for k, v in headers.items()}
        answer = client.raw(method, target, {"X-Auth-Token": client.token, **sent})
        if answer.status != status or word.lower() not in answer.text.lower():
            wrong.append((method, below[:60], headers, answer.status, answer.text))
        assert "x-trans-id" in answer.headers, (method, below)
        if status == 405:
            assert "allow" in answer.headers
    assert wrong == []
    assert client.ok("GET", filled, "o").body == b"data"
    assert client.ok("GET", filled).lines == ["o"]


def test_an_upload_without_a_length(store: Store, client: Client, filled: str) -> None:
    host, port = store.endpoint().removeprefix("http://").split(":")
    request = (
        f"PUT /v1/AUTH_test/{filled}/o HTTP/1.1\r\nHost: {host}\r\n"
        f"X-Auth-Token: {client.token}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request.encode())
        reply = connection.recv(65536)
    assert reply.startswith(b"HTTP/1.1 411 ")
    assert b"Missing Content-Length header." in reply


def test_paths_that_lead_nowhere(connect: Connect, client: Client) -> None:
    nobody = connect(None)
    token = {"X-Auth-Token": client.token}
    for target, for_nobody, for_owner in (
        ("/", 404, 404),
        ("/v1", 412, 412),
        ("/v1/", 412, 412),
        # To who says nothing of himself these are buckets, which have no such names.
        ("/v2/AUTH_test", 400, 404),
        ("/v3/AUTH_test/c/o", 400, 404),
        ("/favicon.ico", 404, 404),
        ("/v1//c", 404, 404),
        ("/v1//c/o", 404, 404),
        ("/v1/AUTH_test//o", 404, 404),
        ("/healthcheck/x", 404, 404),
        ("/info/x", 404, 404),
    ):
        assert nobody.raw("GET", target).status == for_nobody, target
        assert client.raw("GET", target, token).status == for_owner, target
