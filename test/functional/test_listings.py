"""Listings: every parameter and format, held against plain Python."""

from __future__ import annotations

import itertools
from urllib.parse import urlencode

import pytest
import swiftclient
from lxml import etree

from test.functional.conftest import Connect
from test.functional.harness.http import Client
from test.functional.harness.users import RESELLER

NAMES = sorted(
    [
        "a",
        "a/",
        "a/b",
        "a/b/c",
        "a/b/d",
        "a/e",
        "ab",
        "b--x--1",
        "b--x--2",
        "b--y",
        "b-z",
        "dir//double",
        "dir/one",
        "photos/2024/1.jpg",
        "photos/2024/2.jpg",
        "photos/2025/1.jpg",
        "photos/readme",
        "z z",
        "Ärger/grün",
        "Ärger/rot",
        "日本/東京",
        "日本/京都",
        "🎉/🎈",
        "🎉party",
        "%41",
        '"quoted"<&>',
    ],
    key=lambda name: name.encode(),
)


def expected(
    names: list[str],
    *,
    prefix: str = "",
    delimiter: str = "",
    marker: str = "",
    end_marker: str = "",
    reverse: bool = False,
    limit: int = 10_000,
) -> list[str]:
    """What a listing shows, said in the simplest way."""
    shown: dict[str, None] = {}
    for name in names:
        if not name.startswith(prefix):
            continue
        if delimiter:
            place = name.find(delimiter, len(prefix))
            if place >= 0:
                name = name[: place + len(delimiter)]
        shown[name] = None
    low, high = (end_marker, marker) if reverse else (marker, end_marker)
    kept = [
        name
        for name in shown
        if (not low or name.encode() > low.encode())
        and (not high or name.encode() < high.encode())
    ]
    return sorted(kept, key=lambda name: name.encode(), reverse=reverse)[:limit]


@pytest.fixture
def filled(client: Client, container: str) -> str:
    for name in NAMES:
        client.ok("PUT", container, name, body=name.encode(), Content_Type="x/y")
    return container


def test_every_combination_of_parameters(client: Client, filled: str) -> None:
    prefixes = ("", "a", "a/", "a/b", "photos/", "b--", "Ä", "日本/", "🎉", "none")
    delimiters = ("", "/", "--", "x--", "b")
    markers = ("", "a", "a/b", "a/b/", "b--x--1", "photos/2024/1.jpg", "日", "zzz")
    ends = ("", "a/b/d", "photos/2025", "🎉/")
    count = 0
    for prefix, delimiter in itertools.product(prefixes, delimiters):
        for number, (marker, end) in enumerate(itertools.product(markers, ends)):
            for reverse in (False, True):
                # A marker inside a subdirectory that is rolled up is its own
                # matter: see the page test.
                if delimiter and marker and delimiter in marker[len(prefix) :]:
                    continue
                if delimiter and end and delimiter in end[len(prefix) :]:
                    continue
                limit = (10_000, 1, 3)[number % 3]
                asked = {
                    "prefix": prefix,
                    "delimiter": delimiter,
                    "marker": marker,
                    "end_marker": end,
                    "limit": limit,
                    "reverse": "true" if reverse else "",
                }
                answer = client.ok(
                    "GET",
                    filled,
                    query=urlencode({k: v for k, v in asked.items() if v != ""}),
                )
                assert answer.lines == expected(
                    NAMES,
                    prefix=prefix,
                    delimiter=delimiter,
                    marker=marker,
                    end_marker=end,
                    reverse=reverse,
                    limit=limit,
                ), asked
                count += 1
    assert count > 1000


@pytest.mark.parametrize("reverse", [False, True])
def test_pages_add_up_to_the_whole(client: Client, filled: str, reverse: bool) -> None:
    for prefix, delimiter in (("", ""), ("", "/"), ("a/", "/"), ("", "--"), ("b", "-")):
        for limit in (1, 2, 5):
            seen: list[str] = []
            while True:
                asked = {"prefix": prefix, "delimiter": delimiter, "limit": limit}
                if seen:
                    asked["marker"] = seen[-1]
                if reverse:
                    asked["reverse"] = "on"
                page = client.ok("GET", filled, query=urlencode(asked)).lines
                if not page:
                    break
                seen += page
            whole = expected(NAMES, prefix=prefix, delimiter=delimiter, reverse=reverse)
            assert seen == whole, (prefix, delimiter, limit)


def test_json_says_everything(client: Client, filled: str) -> None:
    answer = client.ok("GET", filled, query="format=json")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert [entry["name"] for entry in answer.json] == NAMES
    for entry in answer.json:
        assert set(entry) == {"name", "hash", "bytes", "content_type", "last_modified"}
        assert entry["bytes"] == len(entry["name"].encode())
        assert entry["content_type"] == "x/y"
        head = client.ok("HEAD", filled, entry["name"]).headers
        assert entry["hash"] == head["etag"]
    rolled = client.ok("GET", filled, query="format=json&delimiter=/").json
    assert {"subdir": "日本/"} in rolled
    assert client.ok("GET", filled, query="format=json&prefix=none").json == []


def test_xml_says_everything(client: Client, filled: str) -> None:
    answer = client.ok("GET", filled, query="format=xml&delimiter=/")
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    root = etree.fromstring(answer.body)
    assert root.tag == "container"
    assert root.get("name") == filled
    names = [child.findtext("name") for child in root]
    assert names == expected(NAMES, delimiter="/")
    for child in root:
        if child.tag == "subdir":
            assert child.get("name") == child.findtext("name")
        else:
            fields = [field.tag for field in child]
            assert fields == ["name", "hash", "bytes", "content_type", "last_modified"]


def test_the_accept_header_chooses(client: Client, filled: str) -> None:
    wanted = {
        "application/json": "application/json; charset=utf-8",
        "text/xml": "text/xml; charset=utf-8",
        "application/xml, */*;q=0.1": "application/xml; charset=utf-8",
        "text/plain;q=0.2, application/json;q=0.5": "application/json; charset=utf-8",
        "*/*": "text/plain; charset=utf-8",
    }
    for accept, content_type in wanted.items():
        answer = client.ok("GET", filled, Accept=accept)
        assert answer.headers["content-type"] == content_type, accept
    assert client.call("GET", filled, Accept="image/png").status == 406
    # The parameter wins.
    answer = client.ok("GET", filled, query="format=json", Accept="text/xml")
    assert answer.headers["content-type"].startswith("application/json")


def test_path_shows_one_level(client: Client, filled: str) -> None:
    def listed(path: str) -> list[str]:
        return client.ok("GET", filled, query=urlencode({"path": path})).lines

    assert listed("a") == ["a/b", "a/e"]
    assert listed("a/") == ["a/b", "a/e"]
    assert listed("a/b") == ["a/b/c", "a/b/d"]
    assert listed("photos") == ["photos/readme"]
    assert listed("none") == []
    # A name that ends in a slash is the marker of a directory, and listed.
    assert listed("") == [name for name in NAMES if "/" not in name[:-1]]


def test_limits_of_limit(client: Client, filled: str) -> None:
    assert client.call("GET", filled, query="limit=0").status == 204
    assert len(client.ok("GET", filled, query="limit=10000").lines) == len(NAMES)
    over = client.call("GET", filled, query="limit=10001")
    assert over.status == 412
    assert b"10000" in over.body
    # What is no number is no limit.
    assert len(client.ok("GET", filled, query="limit=many").lines) == len(NAMES)


def test_listing_an_account(connect: Connect, name: str) -> None:
    client = connect(RESELLER)
    account = f"AUTH_list-{name}"
    names = sorted(
        ["a", "b-1", "b-2", "b--3", "c c", "Größe", "日本", "🎉", "%2F"],
        key=lambda text: text.encode(),
    )
    for each in names:
        client.ok("PUT", each, account=account)

    def listed(**asked: object) -> list[str]:
        return client.ok("GET", account=account, query=urlencode(asked)).lines

    assert listed() == names
    assert listed(limit=2) == names[:2]
    assert listed(marker="b-1") == expected(names, marker="b-1")
    assert listed(end_marker="b-2") == expected(names, end_marker="b-2")
    assert listed(prefix="b") == ["b--3", "b-1", "b-2"]
    assert listed(reverse="true") == names[::-1]
    assert listed(delimiter="-") == expected(names, delimiter="-")
    answer = client.ok("GET", account=account, query="format=xml")
    root = etree.fromstring(answer.body)
    assert (root.tag, root.get("name")) == ("account", account)
    assert [child.findtext("name") for child in root] == names
    fields = [field.tag for field in root[0]]
    assert fields == ["name", "count", "bytes", "last_modified", "storage_policy"]
    rolled = client.ok("GET", account=account, query="format=json&delimiter=-")
    assert {"subdir": "b-"} in rolled.json


def test_the_client_library_lists(endpoint: str, client: Client, filled: str) -> None:
    connection = swiftclient.Connection(
        f"{endpoint}/auth/v1.0", "test:tester", "testing"
    )
    _, entries = connection.get_container(filled, full_listing=True, limit=4)
    assert [entry["name"] for entry in entries] == NAMES
    _, entries = connection.get_container(filled, prefix="photos/", delimiter="/")
    assert entries[:2] == [{"subdir": "photos/2024/"}, {"subdir": "photos/2025/"}]
    _, entries = connection.get_container(filled, marker="b", end_marker="c")
    assert [entry["name"] for entry in entries] == ["b--x--1", "b--x--2", "b--y", "b-z"]
    _, entries = connection.get_container(filled, path="a/b")
    assert [entry["name"] for entry in entries] == ["a/b/c", "a/b/d"]
