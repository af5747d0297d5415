"""bulk: archives while they arrive, lists of names, reports in every format."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest

from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.middleware.bulk import Bulk, BulkSettings
from objectstore.middleware.bulk_operations.report import wanted_format
from test.fakes.swift_app import Answer, Client, Got, SteppedClock, SwiftApp

FILES = {"c1/one": b"1", "./c1/two/né": b"22", "base": b"ignored", "c2/e": b""}


def archive(
    files: dict[str, bytes], mode: str = "w", pax: dict[str, str] | None = None
) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode, format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
        folder = tarfile.TarInfo("c1/folder")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        link = tarfile.TarInfo("c1/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.pax_headers = pax or {}
            tar.addfile(info, io.BytesIO(content))
    return made.getvalue()


class House:
    def __init__(self, **settings: Any) -> None:
        self.server = SwiftApp()
        self.server.default = Answer(201)
        self.clock = SteppedClock()
        app = Bulk(self.server, BulkSettings(**settings), self.clock)
        self.client = Client(app)

    def upload(
        self, body: bytes, path: str = "/v1/a", kind: str = "tar", **headers: str
    ) -> Any:
        named = {"Accept": "application/json", **headers}
        got = self.client("PUT", f"{path}?extract-archive={kind}", named, body)
        assert got.status == 200
        return json.loads(got.body)

    def delete(self, body: bytes, accept: str = "application/json") -> Got:
        headers = {"Accept": accept, "Content-Type": "text/plain"}
        return self.client("POST", "/v1/a?bulk-delete", headers, body)

    def written(self) -> dict[str, bytes]:
        return {
            seen.path: seen.body
            for seen in self.server.seen
            if seen.method == "PUT" and seen.path.count("/") > 3
        }


@pytest.mark.parametrize(
    ("kind", "mode"), [("tar", "w"), ("tar.gz", "w:gz"), ("TAR.BZ2", "w:bz2")]
)
def test_upload(kind: str, mode: str) -> None:
    house = House()
    told = house.upload(archive(FILES, mode), kind=kind)
    assert told == {
        "Number Files Created": 3,
        "Response Status": "201 Created",
        "Response Body": "",
        "Errors": [],
    }
    assert house.written() == {
        "/v1/a/c1/one": b"1",
        "/v1/a/c1/two/né": b"22",
        "/v1/a/c2/e": b"",
    }


def test_upload_below_a_path() -> None:
    house = House()
    assert house.upload(archive({"x": b"1"}), "/v1/a/c/dir/")
    assert house.written() == {"/v1/a/c/dir/x": b"1"}
    house = House()
    assert house.upload(archive({"x": b"1"}), "/v1/a/c")
    assert house.written() == {"/v1/a/c/x": b"1"}


def test_containers_are_made_once_when_missing() -> None:
    house = House()
    house.server.on("HEAD", "/v1/a/c1", Answer(404))
    house.upload(archive({"c1/a": b"", "c1/b": b"", "c2/a": b""}))
    asked = [(s.method, s.path) for s in house.server.seen if s.path.count("/") == 3]
    assert asked == [("HEAD", "/v1/a/c1"), ("PUT", "/v1/a/c1"), ("HEAD", "/v1/a/c2")]


def test_headers_and_attributes() -> None:
    house = House()
    pax = {
        "SCHILY.xattr.user.mime_type": "text/x",
        "SCHILY.xattr.user.meta.color": "red",
        "SCHILY.xattr.user.meta.bad\nname": "x",
        "LIBARCHIVE.xattr.user.meta.evil": "a\r\nb",
    }
    body = archive({"c/o": b"1"}, pax=pax)
    sent = {"X-Delete-After": "60", "Content-Type": "application/x-tar"}
    house.upload(body, **sent, **{"Content-Encoding": "gzip", "ETag": "x"})
    seen = house.server.last.headers
    assert "Content-Encoding" not in seen
    assert "Etag" not in seen
    assert seen["Content-Type"] == "text/x"
    assert seen["X-Object-Meta-Color"] == "red"
    assert seen["X-Delete-After"] == "60"
    assert not any("evil" in name.lower() for name in seen)


def test_failures_are_listed() -> None:
    house = House(max_file_size=1)
    house.server.on("PUT", "/v1/a/c/refused", Answer(403))
    files = {"c/refused": b"", "c/big": b"22", "c/ok": b"1", "c/" + "n" * 2000: b""}
    told = house.upload(archive(files))
    assert told["Response Status"] == "400 Bad Request"
    assert told["Number Files Created"] == 1
    assert [status for _, status in told["Errors"]] == [
        "403 Forbidden",
        "413 Request Entity Too Large",
        "400 Bad Request",
    ]
    house = House()
    house.server.on("PUT", "/v1/a/c/x y", Unavailable("away"))
    told = house.upload(archive({"c/x y": b""}))
    assert told["Response Status"] == "502 Bad Gateway"
    assert told["Errors"] == [["c/x%20y", "503 Service Unavailable"]]


def test_upload_gives_up() -> None:
    house = House(max_failed_extractions=2)
    house.server.default = Answer(403)
    told = house.upload(archive({f"c/{n}": b"" for n in range(9)}))
    assert len(told["Errors"]) == 2
    house = House(max_containers_per_extraction=1)
    told = house.upload(archive({"c1/a": b"", "c2/a": b""}))
    assert told["Response Status"] == "400 Bad Request"
    text = "More than 1 containers to create from tar."
    assert told["Response Body"] == text
    house = House()
    house.server.on("PUT", "/v1/a/c/o", Answer(401))
    told = house.upload(archive({"c/o": b""}))
    assert told["Response Status"] == "401 Unauthorized"


@pytest.mark.parametrize("body", [b"no tar at all" * 100, b"\x1f\x8b broken"])
@pytest.mark.parametrize("kind", ["tar", "tar.gz", "tar.bz2"])
def test_what_is_no_archive(body: bytes, kind: str) -> None:
    told = House().upload(body, kind=kind)
    assert told["Response Status"] == "400 Bad Request"
    assert told["Response Body"].startswith("Invalid Tar File: ")


def test_an_archive_that_is_cut_off() -> None:
    body = archive({"c/o": b"x" * 20_000})
    told = House().upload(body[:8000])
    assert told["Response Body"].startswith("Invalid Tar File: ")
    assert told["Number Files Created"] == 0


def test_an_archive_without_files() -> None:
    told = House().upload(archive({}))
    assert told["Response Status"] == "400 Bad Request"
    assert told["Response Body"] == "Invalid Tar File: No Valid Files"


def test_refusals_before_the_work() -> None:
    with pytest.raises(Rejected, match="400 Unsupported archive format"):
        House().client("PUT", "/v1/a?extract-archive=zip", {}, b"x")
    with pytest.raises(Rejected, match="406"):
        House().client("PUT", "/v1/a?extract-archive=tar", {"Accept": "image/x"})
    got = House().client("PUT", "/v1/a?extract-archive=tar")
    assert b"411 Length Required" in got.body


def test_delete() -> None:
    house = House()
    house.server.default = Answer(204)
    house.server.on("DELETE", "/v1/a/c/gone", Answer(404))
    got = house.delete(b"c/one\n/c/t%20wo\r\n\nc/gone\nc/n%C3%A9\nc")
    assert json.loads(got.body) == {
        "Number Deleted": 4,
        "Number Not Found": 1,
        "Response Status": "200 OK",
        "Response Body": "",
        "Errors": [],
    }
    paths = [seen.path for seen in house.server.seen]
    assert sorted(paths) == sorted(
        ["/v1/a/c/one", "/v1/a/c/t wo", "/v1/a/c/gone", "/v1/a/c/né", "/v1/a/c"]
    )
    assert all(seen.query == "" for seen in house.server.seen)


def test_delete_failures() -> None:
    house = House()
    house.server.default = Answer(204)
    house.server.on("DELETE", "/v1/a/c", Answer(409))
    house.server.on("DELETE", "/v1/a/x", Unavailable("away"))
    told = json.loads(house.delete(b"c\nc/%ff\nc/o").body)
    assert told["Response Status"] == "400 Bad Request"
    errors = [["c", "409 Conflict"], ["c/%FF", "412 Precondition Failed"]]
    assert told["Errors"] == errors
    told = json.loads(house.delete(b"x").body)
    assert told["Response Status"] == "502 Bad Gateway"
    house = House(max_failed_deletes=1)
    house.server.default = Answer(403)
    told = json.loads(house.delete(b"a\nb\nc\nd").body)
    assert told["Response Body"] == "Max delete failures exceeded"


def test_delete_bounds() -> None:
    house = House(max_deletes_per_request=2)
    told = json.loads(house.delete(b"a\nb\nc").body)
    assert told["Response Status"] == "413 Request Entity Too Large"
    assert told["Response Body"] == "Maximum Bulk Deletes: 2 per request"
    told = json.loads(House().delete(b"x" * 10_000).body)
    assert told["Response Body"] == "Invalid File Name"
    told = json.loads(House().delete(b"\n").body)
    assert told["Response Body"] == "Invalid bulk delete."
    headers = {"Accept": "application/json", "Content-Type": "text/xml"}
    got = House().client("POST", "/v1/a?bulk-delete", headers, b"x")
    assert json.loads(got.body)["Response Status"] == "406 Not Acceptable"
    assert house.server.seen == []


def test_text_and_xml() -> None:
    house = House()
    house.server.default = Answer(204)
    house.server.on("DELETE", "/v1/a/<", Answer(403))
    got = house.delete(b"c/o", "text/plain")
    assert got.body == (
        b"Number Deleted: 1\nNumber Not Found: 0\nResponse Body: \n"
        b"Response Status: 200 OK\nErrors:\n"
    )
    got = house.delete(b"c/o\n%3C", "application/xml")
    assert got.headers["Content-Type"] == "application/xml"
    assert got.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<delete>\n'
        "<number_deleted>1</number_deleted>\n"
        "<number_not_found>0</number_not_found>\n"
        "<response_body></response_body>\n"
        "<response_status>400 Bad Request</response_status>\n"
        "<errors>\n<object><name>%3C</name><status>403 Forbidden</status></object>\n"
        "</errors>\n</delete>\n"
    )


def test_signs_of_life() -> None:
    house = House(yield_frequency=10.0)

    class Slow(SwiftApp):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            house.clock.now += 11
            return super().__call__(environ, start_response)

    app = Bulk(Slow(), BulkSettings(delete_concurrency=1), house.clock)
    headers = {"Accept": "application/json"}
    got = Client(app)("DELETE", "/v1/a?bulk-delete", headers, b"a\nb\n")
    assert got.body.startswith(b"  \r\n\r\n{")


def test_what_is_no_bulk_operation_passes() -> None:
    house = House()
    house.client("POST", "/v1/a?x=bulk-delete")
    house.client("GET", "/v1/a?bulk-delete")
    house.client("POST", "/v1/a?extract-archive=tar")
    assert len(house.server.seen) == 3


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "text/plain"),
        ("*/*", "text/plain"),
        ("application/json", "application/json"),
        ("application/*", "application/json"),
        ("text/xml;q=0.5, application/xml", "application/xml"),
        ("text/html, text/xml", "text/xml"),
        ("application/json;q=0, text/plain;q=0.1", "text/plain"),
    ],
)
def test_formats(accept: str, chosen: str) -> None:
    assert wanted_format(accept) == chosen


def test_long_archives() -> None:
    house = House()
    told = house.upload(archive({f"c/{number}": b"x" for number in range(500)}))
    assert told["Number Files Created"] == 500
