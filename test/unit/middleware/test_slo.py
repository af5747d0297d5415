"""Static large objects over the real proxy: uploads, reads, deletions."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import quote

import pytest

from objectstore.kernel.errors import Unavailable
from objectstore.middleware import catch_errors
from objectstore.middleware.slo import Slo, SloSettings, filter_factory
from test.fakes.swift_app import Client, Got, SteppedClock
from test.unit.proxy.cluster import Cluster

C = "/v1/AUTH_a/c"
S = "/v1/AUTH_a/segments"
PUT = "?multipart-manifest=put"
PARTS = [bytes([65 + n]) * (1000 + n) for n in range(4)]
WHOLE = b"".join(PARTS)


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


class Store:
    def __init__(self, **options: Any) -> None:
        self.cluster = Cluster()
        self.clock = SteppedClock()
        slo = Slo(self.cluster.app, SloSettings(**options), self.clock)
        app = catch_errors.filter_factory({})(slo)
        self.ask = Client(app, self.cluster.app.facts)  # type: ignore[arg-type]
        self.raw = Client(self.cluster.app)
        for path in (C, S):
            assert self.ask("PUT", path).status == 201
        for n, part in enumerate(PARTS):
            assert self.ask("PUT", f"{S}/{n}", {}, part).status == 201

    def put(self, name: str, entries: Any, query: str = "", **headers: str) -> Got:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        body = json.dumps(entries).encode()
        return self.ask("PUT", f"{C}/{name}{PUT}{query}", named, body)

    def listed(self, name: str) -> Any:
        listing = json.loads(self.ask("GET", f"{C}?format=json").body)
        (entry,) = [entry for entry in listing if entry["name"] == name]
        return entry


def of(*numbers: int) -> list[dict[str, Any]]:
    return [{"path": f"/segments/{n}"} for n in numbers]


@pytest.fixture
def store() -> Store:
    made = Store()
    entries = [
        {"path": f"segments/{n}", "etag": md5(part), "size_bytes": len(part)}
        for n, part in enumerate(PARTS)
    ]
    got = made.put("big", entries, Content_Type="a/b", X_Object_Meta_Color="é")
    assert got.status == 201
    return made


ETAG = md5("".join(md5(part) for part in PARTS).encode())


def test_the_whole(store: Store) -> None:
    for method in ("GET", "HEAD"):
        got = store.ask(method, f"{C}/big")
        assert got.status == 200
        assert got.body == (WHOLE if method == "GET" else b"")
        assert got.headers["Content-Length"] == str(len(WHOLE))
        assert got.headers["Etag"] == f'"{ETAG}"'
        assert got.headers["X-Static-Large-Object"] == "True"
        assert got.headers["Content-Type"] == "a/b"
        assert got.headers["X-Object-Meta-Color"] == "é".encode().decode("latin-1")
        raw = store.raw("GET", f"{C}/big")
        assert got.headers["X-Manifest-Etag"] == raw.headers["Etag"] == md5(raw.body)


def test_the_reply_to_a_put_has_the_large_etag(store: Store) -> None:
    got = store.put("x", of(0, 1), Etag=md5((md5(PARTS[0]) + md5(PARTS[1])).encode()))
    assert (got.status, got.headers["Etag"]) == (201, f'"{got.headers["Etag"][1:-1]}"')
    assert store.put("y", of(0, 1), Etag="0" * 32).status == 422
    assert store.ask("GET", f"{C}/y").status == 404


def test_ranges_over_borders(store: Store) -> None:
    size = len(WHOLE)
    for first, last in ((0, 0), (999, 1000), (500, 2500), (1000, 2000), (3003, 4005)):
        got = store.ask("GET", f"{C}/big", {"Range": f"bytes={first}-{last}"})
        assert got.status == 206
        assert got.body == WHOLE[first : last + 1]
        assert got.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert got.headers["Content-Length"] == str(len(got.body))
    assert store.ask("GET", f"{C}/big", {"Range": "bytes=-10"}).body == WHOLE[-10:]
    got = store.ask("GET", f"{C}/big", {"Range": f"bytes={size}-"})
    assert (got.status, got.headers["Content-Range"]) == (416, f"bytes */{size}")


def test_several_ranges(store: Store) -> None:
    got = store.ask("GET", f"{C}/big", {"Range": "bytes=990-1009,2000-2009"})
    assert got.status == 206
    assert got.headers["Content-Type"].startswith("multipart/byteranges")
    assert len(got.body) == int(got.headers["Content-Length"])
    size = len(WHOLE)
    for start, stop in ((990, 1010), (2000, 2010)):
        head = f"Content-Type: a/b\r\nContent-Range: bytes {start}-{stop - 1}/{size}"
        assert head.encode() + b"\r\n\r\n" + WHOLE[start:stop] in got.body


def test_conditions_are_about_the_large_etag(store: Store) -> None:
    def status(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return store.ask("GET", f"{C}/big", named).status

    raw = store.raw("GET", f"{C}/big").headers["Etag"]
    assert status(If_None_Match=f'"{ETAG}"') == 304
    assert status(If_None_Match=raw) == 200
    assert status(If_Match=ETAG) == 200
    assert status(If_Match=raw) == 412
    assert status(Range="bytes=0-9", If_Range=f'"{ETAG}"') == 206
    assert status(Range="bytes=0-9", If_Range='"other"') == 200
    not_changed = store.ask("GET", f"{C}/big", {"If-None-Match": ETAG})
    assert not_changed.headers["Etag"] == f'"{ETAG}"'


def test_sub_ranges_and_data(store: Store) -> None:
    entries = [
        {"path": "/segments/0", "range": "10-19"},
        {"data": base64.b64encode(b"between").decode()},
        {"path": "/segments/1", "range": "-5"},
        {"path": "/segments/2", "range": "0-"},
    ]
    assert store.put("x", entries).status == 201
    got = store.ask("GET", f"{C}/x")
    expected = PARTS[0][10:20] + b"between" + PARTS[1][-5:] + PARTS[2]
    assert got.body == expected
    joined = (
        f"{md5(PARTS[0])}:10-19;{md5(b'between')}{md5(PARTS[1])}:996-1000;"
        f"{md5(PARTS[2])}"
    )
    assert got.headers["Etag"] == f'"{md5(joined.encode())}"'
    got = store.ask("GET", f"{C}/x", {"Range": "bytes=8-18"})
    assert got.body == expected[8:19]


def test_nested_manifests(store: Store) -> None:
    inner = [{"path": "/c/big", "range": "900-1100"}, {"path": "/segments/3"}]
    assert store.put("middle", inner).status == 201
    assert store.put("outer", [{"path": "/c/middle"}, *of(0)]).status == 201
    expected = WHOLE[900:1101] + PARTS[3] + PARTS[0]
    assert store.ask("GET", f"{C}/outer").body == expected
    got = store.ask("GET", f"{C}/outer", {"Range": "bytes=50-150"})
    assert got.body == expected[50:151]


def test_depth_is_limited(store: Store) -> None:
    below = "/c/big"
    for depth in range(2, 12):
        assert store.put(f"n{depth}", [{"path": below}]).status == 201
        below = f"/c/n{depth}"
        status = store.ask("GET", f"{C}/n{depth}").status
        assert status == (200 if depth <= 10 else 409), depth


def test_a_size_that_no_listing_could_tell_is_refused(store: Store) -> None:
    assert store.put("p0", of(0) * 1000).status == 201
    for level in range(1, 5):
        below = [{"path": f"/c/p{level - 1}"}] * 1000
        assert store.put(f"p{level}", below).status == 201
    assert store.put("p5", [{"path": "/c/p4"}] * 1000).status == 413
    assert store.listed("p4")["bytes"] == 1000**6


def test_the_manifest_itself(store: Store) -> None:
    got = store.ask("GET", f"{C}/big?multipart-manifest=get")
    assert got.headers["Content-Type"] == "application/json; charset=utf-8"
    assert got.headers["X-Static-Large-Object"] == "True"
    entries = json.loads(got.body)
    assert [entry["name"] for entry in entries] == [f"/segments/{n}" for n in range(4)]
    assert set(entries[0]) == {"name", "hash", "bytes", "content_type", "last_modified"}
    raw = store.ask("GET", f"{C}/big?multipart-manifest=get&format=raw")
    assert raw.headers["Content-Type"] == "a/b"
    assert json.loads(raw.body)[0] == {
        "path": "/segments/0",
        "etag": md5(PARTS[0]),
        "size_bytes": 1000,
    }
    assert store.put("again", json.loads(raw.body)).status == 201
    assert store.ask("GET", f"{C}/again").body == WHOLE


def test_listings_and_counts(store: Store) -> None:
    entry = store.listed("big")
    raw = store.raw("GET", f"{C}/big")
    assert entry["bytes"] == len(WHOLE)
    assert entry["hash"] == raw.headers["Etag"]
    assert entry["slo_etag"] == f'"{ETAG}"'
    assert entry["content_type"] == "a/b"
    head = store.ask("HEAD", C)
    assert head.headers["X-Container-Bytes-Used"] == str(len(raw.body))


def test_posts_keep_it_large(store: Store) -> None:
    got = store.ask(
        "POST", f"{C}/big", {"X-Object-Meta-New": "1", "Content-Type": "x/y"}
    )
    assert got.status == 202
    got = store.ask("GET", f"{C}/big")
    assert (got.body, got.headers["X-Object-Meta-New"]) == (WHOLE, "1")
    assert store.listed("big")["bytes"] == len(WHOLE)
    assert store.listed("big")["content_type"] == "x/y"


def test_parts_by_number(store: Store) -> None:
    for method in ("GET", "HEAD"):
        got = store.ask(method, f"{C}/big?part-number=2")
        assert got.status == 206
        assert got.headers["X-Parts-Count"] == "4"
        assert got.headers["Content-Length"] == "1001"
        assert got.headers["Content-Range"] == f"bytes 1000-2000/{len(WHOLE)}"
        assert got.body == (PARTS[1] if method == "GET" else b"")
    assert store.ask("GET", f"{C}/big?part-number=5").status == 416
    assert store.ask("GET", f"{C}/big?part-number=0").status == 400


def test_changed_segments(store: Store) -> None:
    store.ask("PUT", f"{S}/2", {}, b"x" * len(PARTS[2]))
    with pytest.raises(Unavailable):
        store.ask("GET", f"{C}/big")
    assert store.ask("GET", f"{C}/big", {"Range": "bytes=0-1999"}).status == 206
    store.ask("DELETE", f"{S}/0")
    assert store.ask("GET", f"{C}/big").status == 409


MISTAKES: list[tuple[Any, str]] = [
    (b"{", "Manifest must be valid JSON.\n"),
    ({}, "Manifest must be a list.\n"),
    ([1], "Index 0: not a JSON object\n"),
    ([{}], "Index 0: expected keys to include one of 'data' or 'path'\n"),
    ([{"path": "/c/o", "b": 1, "a": 2}], 'Index 0: extraneous keys "a", "b"\n'),
    ([{"path": 1}], 'Index 0: "path" must be a string\n'),
    ([{"path": "/c/o", "etag": 1}], 'Index 0: "etag" must be a string or null'),
    ([{"path": "/c"}], "Index 0: path does not refer to an object. Path must be"),
    ([{"path": "/c/o", "size_bytes": "x"}], "Index 0: invalid size_bytes\n"),
    (
        [{"path": "/c/o", "size_bytes": 0}, {"path": "/c/p"}],
        "Index 0: too small; each segment must be at least 1 byte.\n",
    ),
    ([{"path": "/c/x"}], "Index 0: manifest must not include itself as a segment\n"),
    ([{"path": "/c/o", "range": "x"}], "Index 0: invalid range\n"),
    ([{"path": "/c/o", "range": "1-2,3-4"}], "Index 0: multiple ranges (only one"),
    (
        [{"path": "/c/o", "range": "5-6", "size_bytes": 5}],
        "Index 0: unsatisfiable range\n",
    ),
    ([{"data": "!"}, {"path": "/c/o"}], "Index 0: data must be valid base64\n"),
    ([{"data": ""}, {"path": "/c/o"}], "Index 0: too small; each segment must be"),
    ([{"data": "eA=="}], "Inline data segments require at least one object-backed"),
    ([1, {"path": "/c"}], "Index 0: not a JSON object\nIndex 1: path does not"),
]


@pytest.mark.parametrize(("entries", "text"), MISTAKES)
def test_mistakes_are_told(store: Store, entries: Any, text: str) -> None:
    body = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    got = store.ask("PUT", f"{C}/x{PUT}", {}, body)
    assert (got.status, got.body.decode()[: len(text)]) == (400, text)


def test_segments_that_are_not_right(store: Store) -> None:
    entries = [
        {"path": "/segments/é"},
        {"path": "/segments/0", "etag": "0", "size_bytes": 5},
        {"path": "/segments/1", "range": "2000-"},
        {"path": "/segments/2", "etag": md5(PARTS[2])},
    ]
    got = store.put("x", entries, Accept="application/json")
    assert got.status == 400
    assert json.loads(got.body)["Errors"] == [
        [quote("/segments/é"), "404 Not Found"],
        ["/segments/0", "Size Mismatch"],
        ["/segments/0", "Etag Mismatch"],
        ["/segments/1", "Unsatisfiable Range"],
    ]
    text = store.put("x", entries).body.decode()
    assert text.startswith("Errors:\n/segments/%C3%A9, 404 Not Found\n")
    assert store.ask("GET", f"{C}/x").status == 404


def test_limits() -> None:
    store = Store(max_manifest_segments=2, max_manifest_size=200, min_segment_size=1001)
    assert store.put("x", of(1, 2)).status == 201
    assert store.put("x", [*of(1, 2), {"data": "eA=="}]).status == 201
    for entries, status in ((of(1, 2, 3), 413), ([{"path": "/c/o" * 99}], 413)):
        assert store.put("y", entries).status == status
    got = store.put("y", of(0, 1))
    assert (got.status, b"at least 1001 bytes" in got.body) == (400, True)
    assert store.put("y", of(1, 0)).status == 201


def test_heartbeat(store: Store) -> None:
    got = store.put("x", of(0, 1), "&heartbeat=on", Accept="application/json")
    assert got.status == 202
    assert got.body.startswith(b" ")
    told = json.loads(got.body)
    assert told["Response Status"] == "201 Created"
    assert told["Errors"] == []
    assert told["Etag"] == store.ask("HEAD", f"{C}/x").headers["Etag"]
    got = store.put("y", of(9), "&heartbeat=on", Accept="application/json")
    told = json.loads(got.body)
    assert told["Response Status"] == "400 Bad Request"
    assert told["Errors"] == [["/segments/9", "404 Not Found"]]
    got = store.put("y", of(0), "&heartbeat=on", Etag="0")
    assert b"Response Status: 422 Unprocessable Entity" in got.body


def test_deleting_the_manifest_only(store: Store) -> None:
    assert store.ask("DELETE", f"{C}/big").status == 204
    assert store.ask("GET", f"{S}/0").status == 200


def test_deleting_everything(store: Store) -> None:
    store.put("outer", [{"path": "/c/big"}, {"data": "eA=="}, *of(0)])
    store.ask("DELETE", f"{S}/3")
    got = store.ask(
        "DELETE", f"{C}/outer?multipart-manifest=delete", {"Accept": "application/json"}
    )
    told = json.loads(got.body)
    assert got.status == 200
    assert told["Response Status"] == "200 OK"
    # Segment 0 was named twice, and 3 was not there any more.
    assert (told["Number Deleted"], told["Number Not Found"]) == (5, 2)
    assert json.loads(store.ask("GET", f"{C}?format=json").body) == []
    assert json.loads(store.ask("GET", f"{S}?format=json").body) == []


def test_deleting_what_is_no_manifest(store: Store) -> None:
    wish = {"Accept": "application/json"}
    got = store.ask("DELETE", f"{S}/0?multipart-manifest=delete", wish)
    told = json.loads(got.body)
    assert told["Errors"] == [["/segments/0", "Not an SLO manifest"]]
    assert told["Response Status"] == "400 Bad Request"
    assert store.ask("GET", f"{S}/0").status == 200
    got = store.ask("DELETE", f"{S}/none?multipart-manifest=delete", wish)
    assert json.loads(got.body)["Number Not Found"] == 1


def test_small_segments_are_slowed_down() -> None:
    store = Store(rate_limit_segments_per_sec=1e6, rate_limit_after_segment=1)
    store.put("x", of(0, 1, 2, 3))
    assert store.ask("GET", f"{C}/x").body == WHOLE


def test_the_reserved_header(store: Store) -> None:
    for method in ("PUT", "POST"):
        sent = {"X-Static-Large-Object": "True"}
        assert store.ask(method, f"{C}/x", sent).status == 400


def test_plain_objects_pass(store: Store) -> None:
    assert store.ask("GET", f"{S}/0", {"Range": "bytes=1-2"}).body == PARTS[0][1:3]
    assert store.ask("GET", f"{S}/0?multipart-manifest=get").body == PARTS[0]
    assert filter_factory({})(store.cluster.app)
