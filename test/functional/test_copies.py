"""Server-side copies: COPY, X-Copy-From, across containers and accounts."""

from __future__ import annotations

from urllib.parse import quote

import pytest
import swiftclient

from test.functional.conftest import Connect
from test.functional.harness.http import Client
from test.functional.harness.users import STRANGER
from test.functional.test_objects import INLINE, pattern


@pytest.mark.parametrize("size", [0, 1000, INLINE + 1])
def test_both_ways(client: Client, container: str, size: int) -> None:
    data = pattern(size)
    source = client.ok(
        "PUT",
        container,
        "from/ä %",
        body=data,
        Content_Type="x/y",
        X_Object_Meta_Colour="rot",
        Content_Language="de",
    )
    target = quote(f"{container}/to ü/1")
    copied = client.call("COPY", container, "from/ä %", Destination=target)
    assert copied.status == 201
    assert copied.headers["x-copied-from"] == quote(f"{container}/from/ä %")
    assert copied.headers["x-copied-from-account"] == "AUTH_test"
    assert "x-copied-from-last-modified" in copied.headers
    origin = quote(f"/{container}/from/ä %")
    pulled = client.call("PUT", container, "to/2", X_Copy_From=origin)
    assert pulled.status == 201
    for name in ("to ü/1", "to/2"):
        got = client.ok("GET", container, name)
        assert got.body == data
        assert got.headers["etag"] == source.headers["etag"]
        assert got.headers["content-type"] == "x/y"
        assert got.headers["x-object-meta-colour"] == "rot"
        assert got.headers["content-language"] == "de"
    assert len(client.ok("GET", container).lines) == 3


def test_metadata_over_the_sources(client: Client, container: str) -> None:
    client.ok(
        "PUT", container, "a", body=b"x", X_Object_Meta_A="1", X_Object_Meta_B="2"
    )
    target = f"{container}/b"
    client.ok("COPY", container, "a", Destination=target, X_Object_Meta_A="3")
    got = client.ok("HEAD", container, "b").headers
    assert (got["x-object-meta-a"], got["x-object-meta-b"]) == ("3", "2")
    client.ok(
        "COPY",
        container,
        "a",
        Destination=target,
        X_Object_Meta_C="4",
        X_Fresh_Metadata="true",
        Content_Type="x/new",
    )
    got = client.ok("HEAD", container, "b").headers
    assert got["content-type"] == "x/new"
    kept = {k for k in got if k.startswith("x-object-meta")}
    assert kept == {"x-object-meta-c"}


def test_an_object_onto_itself(client: Client, container: str) -> None:
    client.ok("PUT", container, "a", body=b"data", X_Object_Meta_A="1")
    client.ok("COPY", container, "a", Destination=f"{container}/a", Content_Type="x/z")
    got = client.ok("GET", container, "a")
    assert (got.body, got.headers["content-type"]) == (b"data", "x/z")
    assert got.headers["x-object-meta-a"] == "1"


def test_a_part(client: Client, container: str) -> None:
    client.ok("PUT", container, "a", body=b"0123456789")
    client.ok("COPY", container, "a", Destination=f"{container}/b", Range="bytes=2-4")
    assert client.ok("GET", container, "b").body == b"234"


def test_between_accounts(
    connect: Connect, client: Client, container: str, name: str
) -> None:
    other = connect(STRANGER)
    other.ok("PUT", name)
    client.ok("PUT", container, "a", body=b"mine")
    push = {"Destination": f"{name}/b", "Destination-Account": "AUTH_test2"}
    assert client.send("COPY", container, "a", headers=push).status == 403
    pull = {"X-Copy-From": f"{container}/a", "X-Copy-From-Account": "AUTH_test"}
    assert other.send("PUT", name, "c", headers=pull).status == 403
    other.ok("POST", name, X_Container_Write="test:tester")
    assert client.send("COPY", container, "a", headers=push).status == 201
    client.ok("POST", container, X_Container_Read="test2")
    assert other.send("PUT", name, "c", headers=pull).status == 201
    assert other.ok("GET", name, "b").body == b"mine"
    assert other.ok("GET", name, "c").body == b"mine"


def test_refusals(client: Client, container: str) -> None:
    client.ok("PUT", container, "a", body=b"x")
    wanted: list[tuple[str, str, dict[str, str], int]] = [
        ("COPY", "a", {}, 412),
        ("COPY", "a", {"Destination": "no-slash"}, 412),
        ("COPY", "a", {"Destination": "/"}, 412),
        ("COPY", "a", {"Destination": f"{container}/"}, 412),
        ("COPY", "none", {"Destination": f"{container}/b"}, 404),
        ("COPY", "a", {"Destination": "no-such-container/b"}, 404),
        ("PUT", "b", {"X-Copy-From": f"{container}/none"}, 404),
        ("PUT", "b", {"X-Copy-From": "no-such-container/a"}, 404),
        ("PUT", "b", {"X-Copy-From": "word"}, 412),
        ("COPY", "a", {"Destination": f"{container}/{'x' * 1025}"}, 400),
        ("COPY", "a", {"Destination": f"{container}/b", "If-Match": "x"}, 412),
    ]
    for method, name, headers, status in wanted:
        answer = client.send(method, container, name, headers=headers)
        assert answer.status == status, (method, name, headers, answer)
    answer = client.call("PUT", container, "b", body=b"x", X_Copy_From=f"{container}/a")
    assert answer.status == 400
    assert client.ok("GET", container).lines == ["a"]


def test_the_client_library_copies(endpoint: str, container: str) -> None:
    connection = swiftclient.Connection(
        f"{endpoint}/auth/v1.0", "test:tester", "testing"
    )
    connection.put_object(container, "größe", b"data")
    connection.copy_object(container, "größe", f"/{container}/kopie")
    assert connection.get_object(container, "kopie")[1] == b"data"
