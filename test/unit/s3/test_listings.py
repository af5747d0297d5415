"""Listings: pages, prefixes, markers, encodings."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Unavailable
from objectstore.s3.dates import iso_of_http
from objectstore.wire.records import ListingQuery
from test.unit.s3.house import BOB, House

KEYS = ["a", "b/1", "b/2", "b/c/3", "d e", "f&<g>", "z", "ü/1"]


@pytest.fixture(scope="module")
def house() -> House:
    house = House()
    house.bucket()
    for key in KEYS:
        house.ask("PUT", f"/bucket/{key}", body=key.encode())
    return house


def keys(house: House, **parameters: str) -> tuple[list[str], list[str], str]:
    query = "&".join(
        f"{name.replace('_', '-')}={quote(value, safe='')}"
        for name, value in parameters.items()
    )
    root = house.ask("GET", "/bucket", query).xml
    contents = [node.get("Key") for node in root.all("Contents")]
    prefixes = [node.get("Prefix") for node in root.all("CommonPrefixes")]
    marker = root.get("NextContinuationToken") or root.get("NextMarker")
    return contents, prefixes, marker


@pytest.mark.parametrize("size", ["1", "2", "3", "7", "100"])
@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("version", ["1", "2"])
def test_pages_put_together_are_the_listing(
    house: House, size: str, delimiter: str, version: str
) -> None:
    found: list[str] = []
    rolled: list[str] = []
    more: dict[str, str] = {"list_type": "2"} if version == "2" else {}
    marker_name = "continuation_token" if version == "2" else "marker"
    for _ in range(20):
        named = {**more, "max_keys": size, "delimiter": delimiter}
        contents, prefixes, marker = keys(house, **named)
        found += contents
        rolled += prefixes
        assert len(contents) + len(prefixes) <= int(size)
        if version == "1" and not delimiter and len(contents) == int(size):
            marker = contents[-1]  # without a delimiter there is no NextMarker
        if not marker:
            break
        more[marker_name] = marker
    expected = [key for key in KEYS if not (delimiter and "/" in key)]
    assert found == expected
    assert rolled == (["b/", "ü/"] if delimiter else [])


def test_prefix_start_after_and_owner(house: House) -> None:
    assert keys(house, list_type="2", prefix="b/")[0] == ["b/1", "b/2", "b/c/3"]
    assert keys(house, list_type="2", start_after="d e")[0] == ["f&<g>", "z", "ü/1"]
    root = house.ask("GET", "/bucket", "list-type=2&fetch-owner=true&max-keys=1").xml
    contents = root.child("Contents")
    assert contents is not None
    owner = contents.child("Owner")
    assert owner is not None
    assert owner.get("ID") == "AUTH_alice"


def test_names_are_encoded_when_asked(house: House) -> None:
    found, _, _ = keys(house, encoding_type="url")
    assert "f%26%3Cg%3E" in found
    assert "%C3%BC/1" in found
    assert house.ask("GET", "/bucket", "encoding-type=x").code == "InvalidArgument"


@pytest.mark.parametrize("size", ["-1", "x", "99999999999"])
def test_bad_page_sizes_are_refused(house: House, size: str) -> None:
    assert house.ask("GET", "/bucket", f"max-keys={size}").code == "InvalidArgument"


@pytest.mark.parametrize("kind", ["", "1", "3", "x"])
def test_there_is_no_third_kind_of_listing(house: House, kind: str) -> None:
    answer = house.ask("GET", "/bucket", f"list-type={kind}")
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_things_were_modified_when_their_heads_say(house: House) -> None:
    house.ask("PUT", "/bucket/key", body=b"x")
    head = house.ask("HEAD", "/bucket/key").headers["last-modified"]
    for query, element in (("", "Contents"), ("versions=", "Version")):
        entries = house.ask("GET", "/bucket", query).xml.all(element)
        (told,) = (
            each.get("LastModified") for each in entries if each.get("Key") == "key"
        )
        assert told == iso_of_http(head)


def test_no_keys_when_none_are_wanted(house: House) -> None:
    assert keys(house, max_keys="0") == ([], [], "")


def test_bad_tokens_are_refused(house: House) -> None:
    for token in ("", "x", "%21", "MjI%3D"):
        query = f"list-type=2&continuation-token={token}"
        assert house.ask("GET", "/bucket", query).code == "InvalidArgument"


def test_unversioned_objects_have_the_null_version(house: House) -> None:
    root = house.ask("GET", "/bucket", "versions=&max-keys=2").xml
    shown = [(node.get("Key"), node.get("VersionId")) for node in root.all("Version")]
    assert shown == [("a", "null"), ("b/1", "null")]


def test_buckets_are_listed_to_their_owner(house: House) -> None:
    house.bucket("second")
    root = house.ask("GET", "/").xml
    buckets = root.child("Buckets")
    assert buckets is not None
    names = [node.get("Name") for node in buckets.all("Bucket")]
    assert names == ["bucket", "second"]
    assert all(node.get("CreationDate") > "2024" for node in buckets.all("Bucket"))
    assert b"<Bucket>" not in house.ask("GET", "/", user=BOB).body
    page = house.ask("GET", "/", "max-buckets=1").xml
    token = page.get("ContinuationToken")
    rest = house.ask("GET", "/", f"max-buckets=1&continuation-token={token}").xml
    inner = rest.child("Buckets")
    assert inner is not None
    assert [node.get("Name") for node in inner.all("Bucket")] == ["second"]


@pytest.mark.parametrize("size", ["0", "-1", "x"])
def test_bad_page_sizes_of_buckets_are_refused(house: House, size: str) -> None:
    answer = house.ask("GET", "/", f"max-buckets={size}")
    assert (answer.status, answer.code) == (400, "InvalidArgument")


class OlderNode:
    """A container's node of an earlier version: no page as fields."""

    def __init__(self, node: Any) -> None:
        self._node = node

    def __getattr__(self, name: str) -> Any:
        return getattr(self._node, name)

    def shown(self, key: bytes, query: ListingQuery, form: str) -> Promise[bytes]:
        """What the server of such a node answers, as its caller is told."""
        if form == "fields":
            return Promise.failed(Unavailable("a node's server answered 400"))
        found: Promise[bytes] = self._node.shown(key, query, form)
        return found


@pytest.mark.parametrize("older", [1, 2, 3, 4])
def test_nodes_of_an_earlier_version_are_listed_too(older: int) -> None:
    house = House()
    nodes = house.cluster.directory.nodes
    places = [place for place in nodes if place[0] == "container"][:older]
    for place in places:
        nodes[place] = OlderNode(nodes[place])
    house.bucket()
    for key in KEYS:
        house.ask("PUT", f"/bucket/{key}", body=key.encode())
    assert keys(house)[0] == KEYS
    assert keys(house, delimiter="/")[:2] == (["a", "d e", "f&<g>", "z"], ["b/", "ü/"])
    assert keys(house, list_type="2", max_keys="2")[0] == KEYS[:2]
