"""Symlinks, dynamic large objects, and old versions in another container."""

from __future__ import annotations

import hashlib

import pytest

from test.functional.harness.http import Client


def test_a_link_is_read_as_its_target(client: Client, container: str) -> None:
    client.ok("PUT", container, "there", body="target", X_Object_Meta_Color="red")
    client.ok("PUT", container, "ü link", X_Symlink_Target=f"{container}/there")
    got = client.ok("GET", container, "ü link")
    assert (got.body, got.headers["x-object-meta-color"]) == (b"target", "red")
    assert got.headers["content-location"].endswith(f"{container}/there")
    part = client.ok("GET", container, "ü link", Range="bytes=1-2")
    assert (part.status, part.body) == (206, b"ar")
    itself = client.ok("HEAD", container, "ü link", query="symlink=get")
    assert itself.headers["x-symlink-target"] == f"{container}/there"
    entry = client.ok("GET", container, query="format=json&prefix=%C3%BC").json[0]
    assert entry["symlink_path"].endswith(f"{container}/there")
    client.ok("DELETE", container, "ü link")
    assert client.ok("GET", container, "there").body == b"target"


def test_a_static_link_knows_its_target(client: Client, container: str) -> None:
    client.ok("PUT", container, "there", body="target")
    etag = hashlib.md5(b"target").hexdigest()
    made = {"X_Symlink_Target": f"{container}/there", "X_Symlink_Target_Etag": etag}
    client.ok("PUT", container, "link", **made)
    assert client.ok("GET", container, "link").headers["etag"] == etag
    client.ok("PUT", container, "there", body="another")
    assert client.call("GET", container, "link").status == 409
    assert client.call("PUT", container, "late", **made).status == 409


@pytest.mark.parametrize(
    ("target", "body", "status"),
    [("{}/self", "", 400), ("no-slash", "", 412), ("{}/x", "body", 400)],
)
def test_links_that_cannot_be(
    client: Client, container: str, target: str, body: str, status: int
) -> None:
    target = target.format(container)
    answer = client.call("PUT", container, "self", body=body, X_Symlink_Target=target)
    assert answer.status == status
    assert client.call("HEAD", container, "self").status == 404


def test_links_in_a_circle_end(client: Client, container: str) -> None:
    for here, there in ("ab", "bc", "ca"):
        client.ok("PUT", container, here, X_Symlink_Target=f"{container}/{there}")
    assert client.call("GET", container, "a").status == 409


def test_a_dynamic_object_is_what_is_there(client: Client, container: str) -> None:
    for number in "12":
        client.ok("PUT", container, f"seg/{number}", body=number * 5)
    client.ok("PUT", container, "whole", X_Object_Manifest=f"{container}/seg/")
    got = client.ok("GET", container, "whole")
    assert (got.body, got.headers["content-length"]) == (b"1111122222", "10")
    assert got.headers["x-object-manifest"] == f"{container}/seg/"
    across = client.ok("GET", container, "whole", Range="bytes=4-5")
    assert (across.body, across.headers["content-range"]) == (b"12", "bytes 4-5/10")
    client.ok("PUT", container, "seg/3", body="33")
    assert client.ok("GET", container, "whole").body == b"111112222233"
    client.ok("DELETE", container, "whole")
    assert client.ok("GET", container, "seg/1").body == b"11111"


@pytest.mark.parametrize("header", ["X_Versions_Location", "X_History_Location"])
def test_old_versions_go_to_a_container(
    client: Client, container: str, name: str, header: str
) -> None:
    old = f"{name}-old"
    client.ok("PUT", old)
    client.ok("POST", container, **{header: old})
    for content in ("one", "two", "three"):
        client.ok("PUT", container, "ü", body=content)
    kept = client.ok("GET", old, query="format=json").names
    assert [client.ok("GET", old, found).body for found in kept] == [b"one", b"two"]
    client.ok("DELETE", container, "ü")
    if header == "X_Versions_Location":
        assert client.ok("GET", container, "ü").body == b"two"
        assert len(client.ok("GET", old).lines) == 1
    else:
        assert client.call("GET", container, "ü").status == 404
        assert len(client.ok("GET", old).lines) == 4


def test_old_versions_need_their_container(client: Client, container: str) -> None:
    client.ok("POST", container, X_Versions_Location="not-there")
    client.ok("PUT", container, "k", body="one")
    assert client.call("PUT", container, "k", body="two").status == 412
    assert client.ok("GET", container, "k").body == b"one"


@pytest.mark.parametrize("header", ["X_Versions_Location", "X_History_Location"])
@pytest.mark.parametrize(
    "ending",
    [
        {"X_Remove_Versions_Location": "x"},
        {"X_Remove_History_Location": "x"},
        {"X_Versions_Location": ""},
        {"X_History_Location": ""},
    ],
)
def test_either_name_ends_either_kind(
    client: Client, container: str, header: str, ending: dict[str, str]
) -> None:
    client.ok("POST", container, **{header: "old"})
    shown = header.replace("_", "-").lower()
    assert client.ok("HEAD", container).headers[shown] == "old"
    client.ok("POST", container, **ending)
    assert shown not in client.ok("HEAD", container).headers
    client.ok("POST", container, **{header: "new", "X_Remove_Versions_Location": "x"})
    assert client.ok("HEAD", container).headers[shown] == "new"


def test_a_container_has_one_kind_of_versions(client: Client, container: str) -> None:
    both = {"X_Versions_Location": "a", "X_History_Location": "b"}
    assert client.call("POST", container, **both).status == 400
    mixed = {"X_Versions_Location": "a", "X_Versions_Enabled": "true"}
    assert client.call("POST", container, **mixed).status == 400
