"""Objects that end: X-Delete-At and X-Delete-After."""

from __future__ import annotations

import time

import pytest

from test.functional.harness.http import Client
from test.functional.harness.store import wait_for


def test_an_object_ends(client: Client, container: str) -> None:
    # Not sooner: it must still be to come when a busy machine gets to it.
    soon = int(time.time()) + 4
    client.ok("PUT", container, "at", body=b"x", X_Delete_At=str(soon))
    client.ok("PUT", container, "after", body=b"x", X_Delete_After="1")
    client.ok("PUT", container, "posted", body=b"x")
    client.ok("POST", container, "posted", X_Delete_After="1")
    for name in ("at", "after", "posted"):
        head = client.call("HEAD", container, name)
        if head.status == 200:
            ends = int(head.headers["x-delete-at"])
            assert ends <= max(soon, time.time() + 2)
        wait_for(
            lambda name=name: client.call("GET", container, name).status == 404,
            f"{name} to end",
            10,
        )
        for method in ("HEAD", "POST"):
            assert client.call(method, container, name).status == 404, (method, name)
    # Somebody may put a new one in its place.
    assert (
        client.call("PUT", container, "at", body=b"y", If_None_Match="*").status == 201
    )
    assert client.ok("GET", container, "at").body == b"y"
    assert "x-delete-at" not in client.ok("HEAD", container, "at").headers


def test_what_is_shown_and_changed(client: Client, container: str) -> None:
    at = int(time.time()) + 1000
    client.ok("PUT", container, "object", body=b"x", X_Delete_At=str(at))
    assert client.ok("GET", container, "object").headers["x-delete-at"] == str(at)
    client.ok("POST", container, "object", X_Delete_At=str(at + 7))
    assert client.ok("HEAD", container, "object").headers["x-delete-at"] == str(at + 7)
    before = time.time()
    client.ok("POST", container, "object", X_Delete_After="500")
    shown = int(client.ok("HEAD", container, "object").headers["x-delete-at"])
    assert int(before) + 500 <= shown <= time.time() + 500
    # A POST replaces everything: without the header it takes the end away.
    client.ok("POST", container, "object", X_Object_Meta_A="1")
    assert "x-delete-at" not in client.ok("HEAD", container, "object").headers


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_wrong_times(client: Client, container: str, method: str) -> None:
    client.ok("PUT", container, "object", body=b"x")
    past = str(int(time.time()) - 10)
    for headers, text in {
        ("X-Delete-At", past): "X-Delete-At in past",
        ("X-Delete-At", "soon"): "Non-integer X-Delete-At",
        ("X-Delete-At", "1.5"): "Non-integer X-Delete-At",
        ("X-Delete-After", "-1"): "X-Delete-After in past",
        ("X-Delete-After", "0"): "X-Delete-After in past",
        ("X-Delete-After", "later"): "Non-integer X-Delete-After",
    }.items():
        answer = client.send(
            method, container, "object", body=b"new", headers=dict([headers])
        )
        assert (answer.status, answer.text) == (400, text), headers
    assert client.ok("GET", container, "object").body == b"x"
