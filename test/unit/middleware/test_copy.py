"""copy: both forms, metadata rules, ranges, rights on both sides, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.kernel.access import AccessRules
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.request import CONTEXT_KEY, Context, Request
from objectstore.middleware.copy import Copy, CopySettings
from test.fakes.swift_app import Answer, Client, Got, SwiftApp

SOURCE = "/v1/AUTH_a/from/old name"
TARGET = "/v1/AUTH_a/to/new/né"
SOURCE_HEADERS = [
    ("Content-Length", "6"),
    ("Content-Type", "text/x"),
    ("ETag", '"abc"'),
    ("Last-Modified", "Thu, 01 Jan 1970 00:00:01 GMT"),
    ("X-Object-Meta-Color", "réd"),
    ("X-Object-Meta-Size", "big"),
    ("X-Object-Sysmeta-Inside", "1"),
    ("Content-Encoding", "gzip"),
    ("X-Delete-At", "2000000000"),
    ("X-Timestamp", "1.0"),
    ("X-Trans-Id", "tx1"),
    ("Accept-Ranges", "bytes"),
]


class House:
    def __init__(self, **settings: Any) -> None:
        self.server = SwiftApp()
        self.server.on("GET", SOURCE, Answer(200, SOURCE_HEADERS, [b"abc", b"def"]))
        self.server.on("PUT", TARGET, Answer(201, [("ETag", "abc")]))
        self.client = Client(Copy(self.server, CopySettings(**settings)))

    def put(self, headers: dict[str, str] | None = None, query: str = "") -> Got:
        made = {"X-Copy-From": "/from/old%20name", "Content-Length": "0"}
        return self.client("PUT", TARGET + query, {**made, **(headers or {})})

    def copy(self, headers: dict[str, str] | None = None, path: str = SOURCE) -> Got:
        made = {"Destination": "to/new/n%C3%A9"}
        return self.client("COPY", path, {**made, **(headers or {})})


@pytest.mark.parametrize("verb", ["put", "copy"])
def test_both_forms(verb: str) -> None:
    house = House()
    got = getattr(house, verb)()
    read, written = house.server.seen
    assert (read.method, read.path, read.body) == ("GET", SOURCE, b"")
    assert read.headers["X-Newest"] == "true"
    assert "X-Copy-From" not in read.headers
    assert (written.method, written.path) == ("PUT", TARGET)
    assert written.body == b"abcdef"
    assert written.headers["Content-Length"] == "6"
    assert written.headers["Etag"] == "abc"
    assert written.headers["Content-Type"] == "text/x"
    assert written.headers["X-Object-Meta-Color"] == "réd"
    assert written.headers["X-Object-Sysmeta-Inside"] == "1"
    assert written.headers["Content-Encoding"] == "gzip"
    assert written.headers["X-Delete-At"] == "2000000000"
    for name in ("X-Timestamp", "X-Trans-Id", "X-Copy-From", "Destination"):
        assert name not in written.headers
    assert got.status == 201
    assert got.headers["X-Copied-From"] == "from/old%20name"
    assert got.headers["X-Copied-From-Account"] == "AUTH_a"
    modified = "Thu, 01 Jan 1970 00:00:01 GMT"
    assert got.headers["X-Copied-From-Last-Modified"] == modified
    assert got.headers["X-Object-Meta-Size"] == "big"
    assert "X-Object-Sysmeta-Inside" not in got.headers
    assert house.server.bodies[0].closed


def test_new_metadata_goes_over_old() -> None:
    house = House()
    house.copy({"X-Object-Meta-Color": "blue", "Content-Type": "text/new"})
    written = house.server.last.headers
    assert written["X-Object-Meta-Color"] == "blue"
    assert written["X-Object-Meta-Size"] == "big"
    assert written["Content-Type"] == "text/new"


def test_fresh_metadata() -> None:
    house = House()
    house.copy({"X-Object-Meta-New": "1", "X-Fresh-Metadata": "True"})
    written = house.server.last.headers
    assert "X-Object-Meta-Color" not in written
    assert "X-Delete-At" not in written
    assert "Content-Encoding" not in written
    assert written["X-Object-Sysmeta-Inside"] == "1"
    assert written["X-Object-Meta-New"] == "1"
    assert written["Content-Type"] == "text/x"


def test_a_new_end_counts_more_than_the_sources() -> None:
    house = House()
    house.copy({"X-Delete-After": "60"})
    assert "X-Delete-At" not in house.server.last.headers
    house = House()
    house.copy({"X-Delete-At": "1900000000"})
    assert house.server.last.headers["X-Delete-At"] == "1900000000"


def test_ranges_copy_a_part_without_the_etag() -> None:
    house = House()
    part = [(n, v) for n, v in SOURCE_HEADERS if n != "Content-Length"]
    answer = Answer(206, [*part, ("Content-Length", "3")], [b"abc"])
    house.server.on("GET", SOURCE, answer)
    assert house.put({"Range": "bytes=0-2"}).status == 201
    read, written = house.server.seen
    assert read.headers["Range"] == "bytes=0-2"
    assert "Range" not in written.headers
    assert "Etag" not in written.headers
    assert written.body == b"abc"


@pytest.mark.parametrize(
    "header", ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"]
)
def test_conditions_are_about_the_source(header: str) -> None:
    house = House()
    house.put({header: "abc"})
    read, written = house.server.seen
    assert read.headers[header] == "abc"
    assert header not in written.headers


@pytest.mark.parametrize("status", [304, 404, 412, 416])
def test_the_sources_refusal_is_the_answer(status: int) -> None:
    house = House()
    house.server.on("GET", SOURCE, Answer(status, [], b"no"))
    got = house.copy()
    assert (got.status, got.body) == (status, b"no")
    assert len(house.server.seen) == 1


def test_a_failed_write_tells_nothing_of_the_source() -> None:
    house = House()
    house.server.on("PUT", TARGET, Answer(404))
    got = house.copy()
    assert got.status == 404
    assert "X-Copied-From" not in got.headers


def test_the_source_is_closed_when_writing_fails() -> None:
    house = House()
    house.server.on("PUT", TARGET, Unavailable("full"))
    with pytest.raises(Unavailable):
        house.copy()
    assert house.server.bodies[0].closed


def test_other_accounts() -> None:
    house = House()
    house.server.on(
        "GET", "/v1/AUTH_b/from/old name", Answer(200, SOURCE_HEADERS, [b"abcdef"])
    )
    got = house.put({"X-Copy-From-Account": "AUTH_b"})
    assert got.headers["X-Copied-From-Account"] == "AUTH_b"
    house = House()
    house.copy({"Destination-Account": "AUTH%5Fb"})
    assert house.server.last.path == "/v1/AUTH_b/to/new/né"


def test_copy_onto_itself() -> None:
    house = House()
    house.server.on("PUT", SOURCE, Answer(201))
    got = house.copy({"Destination": "/from/old%20name", "X-Object-Meta-A": "1"})
    assert got.status == 201
    assert house.server.last.path == SOURCE
    assert house.server.last.headers["X-Object-Meta-A"] == "1"


def test_rights_on_both_sides() -> None:
    asked: list[tuple[str, str]] = []

    def authorize(request: Request, rules: AccessRules) -> None:
        asked.append((request.method, request.path))
        request.context.is_owner = request.method == "GET"

    house = House()
    context = Context(authorize=authorize)
    made = {"X-Copy-From": "from/old%20name"}
    house.client("PUT", TARGET, made, **{CONTEXT_KEY: context})
    assert asked == [("GET", SOURCE), ("PUT", TARGET)]
    # What owning the source allows does not reach the destination.
    assert house.server.seen[0].context.is_owner
    assert not house.server.seen[1].context.is_owner


def test_no_right_to_read() -> None:
    def authorize(request: Request, rules: AccessRules) -> None:
        raise Rejected(403)

    house = House()
    made = {"X-Copy-From": "from/old%20name"}
    context = Context(authorize=authorize)
    got = house.client("PUT", TARGET, made, **{CONTEXT_KEY: context})
    assert got.status == 403
    assert house.server.seen == []


FORM = "header must be of the form <container name>/<object name>"


@pytest.mark.parametrize(
    ("headers", "status", "text"),
    [
        ({"Destination": ""}, 412, "Destination header required"),
        ({"Destination": "to"}, 412, f"Destination {FORM}"),
        ({"Destination": "/to/"}, 412, f"Destination {FORM}"),
        ({"Destination": "//x"}, 412, f"Destination {FORM}"),
        ({"Destination": "to/%ff"}, 412, "Invalid UTF8 or contains NULL"),
        ({"Destination-Account": ""}, 412, "Account name cannot be empty"),
        ({"Destination-Account": "a/b"}, 412, "Account name cannot contain slashes"),
        ({"Content-Length": "3"}, 400, "Copy requests require a zero byte body"),
        (
            {"Transfer-Encoding": "chunked"},
            400,
            "Copy requests require a zero byte body",
        ),
    ],
)
def test_bad_copies(headers: dict[str, str], status: int, text: str) -> None:
    house = House()
    with pytest.raises(Rejected) as caught:
        house.copy(headers)
    assert (caught.value.status, caught.value.text) == (status, text)
    assert house.server.seen == []


@pytest.mark.parametrize("value", ["from", "/from/", "/"])
def test_bad_copy_from(value: str) -> None:
    with pytest.raises(Rejected, match=f"412 X-Copy-From {FORM}"):
        House().put({"X-Copy-From": value})


def test_sources_that_are_too_large() -> None:
    house = House(max_file_size=5)
    with pytest.raises(Rejected, match="413"):
        house.copy()
    assert house.server.bodies[0].closed
    house = House()
    house.server.on("GET", SOURCE, Answer(200, [("ETag", "x")], [b"abc"]))
    with pytest.raises(Rejected, match="413"):
        house.copy()


def test_manifests() -> None:
    house = House()
    static = [*SOURCE_HEADERS, ("X-Static-Large-Object", "True")]
    house.server.on("GET", SOURCE, Answer(200, static, [b"abcdef"]))
    house.put(query="?multipart-manifest=get")
    read, written = house.server.seen
    assert read.query == "multipart-manifest=get&format=raw"
    assert written.query == "multipart-manifest=put"
    assert "Etag" not in written.headers
    house = House()
    dynamic = [*SOURCE_HEADERS, ("X-Object-Manifest", "c/p")]
    house.server.on("GET", SOURCE, Answer(200, dynamic, [b"abcdef"]))
    house.put(query="?multipart-manifest=get")
    written = house.server.last
    assert (written.query, written.headers["X-Object-Manifest"]) == ("", "c/p")
    assert written.headers["Etag"] == "abc"
    house.put()
    assert "Etag" not in house.server.last.headers


def test_what_is_no_copy_passes() -> None:
    house = House()
    house.client("PUT", TARGET, {"X-Copy-From": ""}, b"x")
    house.client("COPY", "/v1/AUTH_a/c", {"Destination": "a/b"})
    house.client("GET", SOURCE)
    assert [seen.method for seen in house.server.seen] == ["PUT", "COPY", "GET"]
