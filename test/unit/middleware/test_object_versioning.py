"""Object versions over the real proxy: writes, reads, listings, crashes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from objectstore.kernel.clock import SystemClock
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.request import CONTEXT_KEY, Context
from objectstore.middleware import catch_errors, slo
from objectstore.middleware.object_versioning import ObjectVersioning, filter_factory
from test.fakes.swift_app import Client, Got
from test.unit.proxy.cluster import Cluster

A = "/v1/AUTH_a"
C = f"{A}/c"
MARKER = "application/x-deleted;swift_versions_deleted=1"


class Cut:
    """Passes requests on until told to fail one."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.fails_at: tuple[str, str] | None = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        hidden = "\0versions" in environ["PATH_INFO"]
        place = (environ["REQUEST_METHOD"], "version" if hidden else "link")
        if place == self.fails_at:
            self.fails_at = None
            raise Unavailable("cut here")
        return self.app(environ, start_response)


class Store:
    def __init__(self) -> None:
        self.cluster = Cluster()
        self.cut = Cut(self.cluster.app)
        versioning = ObjectVersioning(self.cut, SystemClock())
        app: Any = slo.filter_factory({})(versioning)
        app = catch_errors.filter_factory({})(app)
        self.client = Client(app)
        self.is_s3 = False

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Got:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if method in ("PUT", "POST") and not body:
            named.setdefault("Content-Length", "0")
        context = Context(facts=self.cluster.app.facts, is_s3=self.is_s3)
        return self.client(method, path, named, body, **{CONTEXT_KEY: context})

    def put(self, name: str, body: bytes, **headers: str) -> str:
        got = self.ask("PUT", f"{C}/{name}", body, **headers)
        assert got.status == 201, got
        return got.headers["X-Object-Version-Id"]

    def versions(self, query: str = "") -> list[tuple[str, str, bool]]:
        got = self.ask("GET", f"{C}?versions&{query}")
        assert got.status == 200, got
        return [
            (entry["name"], entry["version_id"], entry["is_latest"])
            if "name" in entry
            else (entry["subdir"], "", False)
            for entry in json.loads(got.body)
        ]

    def listing(self, query: str = "") -> Any:
        return json.loads(self.ask("GET", f"{C}?format=json&{query}").body)


@pytest.fixture
def store() -> Store:
    made = Store()
    assert made.ask("PUT", C, X_Versions_Enabled="true").status == 201
    return made


@pytest.fixture
def s3(store: Store) -> Store:
    store.is_s3 = True
    return store


def test_switching(store: Store) -> None:
    assert store.ask("HEAD", C).headers["X-Versions-Enabled"] == "True"
    got = store.ask("POST", C, X_Versions_Enabled="false")
    assert got.status == 204
    assert store.ask("HEAD", C).headers["X-Versions-Enabled"] == "False"
    assert store.ask("POST", f"{A}/none", X_Versions_Enabled="true").status == 404
    store.ask("PUT", f"{A}/plain")
    assert "X-Versions-Enabled" not in store.ask("HEAD", f"{A}/plain").headers
    legacy = {"X_Versions_Location": "x", "X_Versions_Enabled": "true"}
    assert store.ask("PUT", f"{A}/other", **legacy).status == 400


def test_clients_do_not_see_the_hidden_container(store: Store) -> None:
    store.put("o", b"1")
    names = [
        entry["name"] for entry in json.loads(store.ask("GET", f"{A}?format=json").body)
    ]
    assert names == ["c"]
    for path in (f"{A}/\0versions\0c", f"{A}/\0versions\0c/\0o\0"):
        assert store.ask("GET", path).status == 412
    assert store.ask("GET", f"{A}?prefix=%00").status == 412


def test_every_put_is_a_version(store: Store) -> None:
    ids = [
        store.put("o", body, Content_Type="a/b") for body in (b"one", b"two", b"three")
    ]
    assert ids == sorted(set(ids))
    got = store.ask("GET", f"{C}/o")
    assert (got.body, got.headers["X-Object-Version-Id"]) == (b"three", ids[2])
    assert got.headers["Content-Type"] == "a/b"
    for version, body in zip(ids, (b"one", b"two", b"three"), strict=True):
        for method in ("GET", "HEAD"):
            got = store.ask(method, f"{C}/o?version-id={version}")
            assert got.headers["X-Object-Version-Id"] == version
            assert got.headers["Content-Length"] == str(len(body))
            assert got.body == (body if method == "GET" else b"")
    assert store.versions() == [
        ("o", ids[2], True),
        ("o", ids[1], False),
        ("o", ids[0], False),
    ]


def test_listings_show_the_current_version(store: Store) -> None:
    store.put("o", b"one")
    version = store.put("o", b"three", Content_Type="a/b")
    (entry,) = store.listing()
    head = store.ask("HEAD", f"{C}/o")
    assert entry["hash"] == head.headers["Etag"]
    assert (entry["bytes"], entry["content_type"]) == (5, "a/b")
    assert entry["version_symlink"] is True
    assert entry["symlink_path"] == f"{C}/o?version-id={version}"
    head = store.ask("HEAD", C)
    assert head.headers["X-Container-Object-Count"] == "1"
    assert head.headers["X-Container-Bytes-Used"] == "8"


def test_accounts_count_the_bytes_of_versions() -> None:
    def listing(environ: Any, start_response: Any) -> Any:
        hidden = "prefix=%00versions%00" in environ["QUERY_STRING"]
        names = (
            [("\0versions\0c", 5), ("\0versions\0x", 9)]
            if hidden
            else [("c", 3), ("d", 1)]
        )
        entries = [{"name": name, "bytes": size, "count": 1} for name, size in names]
        body = json.dumps(entries).encode()
        start_response("200 OK", [("Content-Type", "application/json; charset=utf-8")])
        return [body]

    client = Client(filter_factory({})(listing))
    shown = json.loads(client("GET", f"{A}?format=json").body)
    assert [(entry["name"], entry["bytes"]) for entry in shown] == [("c", 8), ("d", 1)]


def test_ranges_and_conditions(store: Store) -> None:
    store.put("o", b"0123456789")
    got = store.ask("GET", f"{C}/o", Range="bytes=2-4")
    assert (got.status, got.body) == (206, b"234")
    etag = got.headers["Etag"]
    assert store.ask("GET", f"{C}/o", If_None_Match=etag).status == 304
    assert store.ask("GET", f"{C}/o", If_Match="other").status == 412


def test_conditional_puts(store: Store) -> None:
    store.put("o", b"1")
    assert store.ask("PUT", f"{C}/o", b"2", If_None_Match="*").status == 412
    assert store.ask("PUT", f"{C}/o", b"2", If_Match="other").status == 412
    assert store.ask("PUT", f"{C}/none", b"2", If_Match="other").status == 412
    assert len(store.versions()) == 1
    etag = store.ask("HEAD", f"{C}/o").headers["Etag"]
    assert store.ask("PUT", f"{C}/o", b"2", If_Match=etag).status == 201
    assert store.ask("PUT", f"{C}/new", b"2", If_None_Match="*").status == 201


def test_deletions_are_noted(store: Store) -> None:
    first = store.put("o", b"1")
    got = store.ask("DELETE", f"{C}/o")
    assert got.status == 204
    marker = got.headers["X-Object-Version-Id"]
    got = store.ask("GET", f"{C}/o")
    assert (got.status, got.headers["Content-Type"]) == (404, MARKER)
    assert got.headers["X-Object-Version-Id"] == marker
    assert store.listing() == []
    assert store.versions() == [("o", marker, True), ("o", first, False)]
    assert store.ask("GET", f"{C}/o?version-id={first}").body == b"1"
    got = store.ask("GET", f"{C}/o?version-id={marker}")
    assert (got.status, got.headers["Content-Type"]) == (404, MARKER)
    assert store.ask("DELETE", f"{C}/never").status == 404
    again = store.put("o", b"2")
    assert store.versions("prefix=o")[0] == ("o", again, True)


def test_deleting_versions(store: Store) -> None:
    one, two, three = (store.put("o", body) for body in (b"1", b"2", b"3"))
    got = store.ask("DELETE", f"{C}/o?version-id={two}")
    assert got.status == 204
    assert got.headers["X-Object-Current-Version-Id"] == three
    got = store.ask("DELETE", f"{C}/o?version-id={three}")
    assert got.headers["X-Object-Current-Version-Id"] == "null"
    assert store.ask("GET", f"{C}/o").status == 404
    assert store.versions() == [("o", one, False)]
    assert store.ask("DELETE", f"{C}/o?version-id={three}").status == 404
    assert store.ask("PUT", f"{C}/o?version-id={one}").status == 201
    assert store.ask("GET", f"{C}/o").body == b"1"
    assert store.versions() == [("o", one, True)]


def test_restoring(store: Store) -> None:
    one, two = store.put("o", b"1", X_Object_Meta_Color="red"), store.put("o", b"22")
    got = store.ask("PUT", f"{C}/o?version-id={one}")
    assert (got.status, got.headers["X-Object-Version-Id"]) == (201, one)
    got = store.ask("GET", f"{C}/o")
    assert (got.body, got.headers["X-Object-Meta-Color"]) == (b"1", "red")
    assert store.versions() == [("o", two, False), ("o", one, True)]
    assert store.listing()[0]["bytes"] == 1
    path = f"{C}/o?version-id=1.00000"
    assert store.ask("PUT", path).status == 404
    assert store.ask("PUT", f"{C}/o?version-id={one}", b"x").status == 400


def test_wrong_requests(store: Store) -> None:
    version = store.put("o", b"1")
    assert store.ask("POST", f"{C}/o?version-id={version}").status == 400
    assert store.ask("GET", f"{C}/o?version-id=x").status == 400
    assert store.ask("GET", f"{C}/o?version-id=1.00000").status == 404
    store.ask("PUT", f"{A}/plain")
    store.ask("PUT", f"{A}/plain/o", b"1")
    assert store.ask("GET", f"{A}/plain/o?version-id=1.00000").status == 400
    got = store.ask("GET", f"{A}/plain/o?version-id=null")
    assert (got.status, got.headers["X-Object-Version-Id"]) == (200, "null")
    assert store.ask("GET", f"{C}?versions&delimiter=1").status == 400
    assert store.ask("GET", f"{C}?versions&version_marker=1").status == 400


def test_posts_change_the_current_version(store: Store) -> None:
    one = store.put("o", b"1")
    two = store.put("o", b"2")
    got = store.ask("POST", f"{C}/o", X_Object_Meta_A="b", Content_Type="x/y")
    assert (got.status, got.headers["X-Object-Version-Id"]) == (202, two)
    assert store.ask("HEAD", f"{C}/o").headers["X-Object-Meta-A"] == "b"
    first = store.ask("HEAD", f"{C}/o?version-id={one}")
    assert "X-Object-Meta-A" not in first.headers
    assert store.listing()[0]["content_type"] == "x/y"
    assert len(store.versions()) == 2


def test_objects_from_before_versioning(store: Store) -> None:
    store.ask("PUT", f"{A}/old")
    store.ask("PUT", f"{A}/old/o", b"old", X_Object_Meta_A="é")
    store.ask("POST", f"{A}/old", X_Versions_Enabled="true")
    path = f"{A}/old/o"
    got = store.ask("GET", path)
    assert (got.body, got.headers["X-Object-Version-Id"]) == (b"old", "null")
    assert store.ask("GET", f"{path}?version-id=null").body == b"old"
    assert store.ask("PUT", path, b"new").status == 201
    assert store.ask("GET", f"{path}?version-id=null").status == 404
    listed = json.loads(store.ask("GET", f"{A}/old?versions").body)
    assert [(entry["bytes"], entry["is_latest"]) for entry in listed] == [
        (3, True),
        (3, False),
    ]
    old = listed[1]["version_id"]
    got = store.ask("GET", f"{path}?version-id={old}")
    assert (got.body, got.headers["X-Object-Meta-A"]) == (
        b"old",
        "é".encode().decode("latin-1"),
    )


def test_suspended(store: Store) -> None:
    one = store.put("o", b"1")
    store.ask("POST", C, X_Versions_Enabled="false")
    got = store.ask("PUT", f"{C}/o", b"null")
    assert (got.status, "X-Object-Version-Id" in got.headers) == (201, False)
    assert store.versions() == [("o", "null", True), ("o", one, False)]
    assert store.ask("GET", f"{C}/o?version-id={one}").body == b"1"
    assert store.ask("DELETE", f"{C}/o").status == 204
    assert store.versions() == [("o", one, False)]
    store.ask("PUT", f"{C}/o", b"null")
    assert store.ask("DELETE", f"{C}/o?version-id=null").status == 204
    assert store.ask("GET", f"{C}/o").status == 404


def test_pages_of_versions(store: Store) -> None:
    for name in ("a", "b/x", "b/y", "c"):
        for body in (b"1", b"2", b"3"):
            store.put(name, body)
    everything = store.versions()
    assert len(everything) == 12
    assert [name for name, _, _ in everything[::3]] == ["a", "b/x", "b/y", "c"]
    for size in (1, 2, 5):
        found: list[tuple[str, str, bool]] = []
        query = f"limit={size}"
        while page := store.versions(query):
            found += page
            name, version, _ = page[-1]
            query = f"limit={size}&marker={name}&version_marker={version}"
        assert found == everything
    assert store.versions("marker=b/y") == everything[9:]
    assert store.versions("prefix=b/") == everything[3:9]
    rolled = store.versions("delimiter=/")
    assert rolled == [*everything[:3], ("b/", "", False), *everything[9:]]
    assert store.versions("delimiter=/&marker=b/") == everything[9:]
    store.ask("DELETE", f"{C}/c")
    turned = store.versions("reverse=true")
    names = [name for name, _, _ in turned]
    assert names == sorted(names, reverse=True)
    latest = {entry for entry in store.versions() if entry[2]}
    assert {entry for entry in turned if entry[2]} == latest
    store.put("c", b"4")
    store.ask("DELETE", f"{C}/c")
    turned = store.versions("reverse=true")
    for size in range(1, len(turned) + 1):  # also in the middle, behind a deletion
        assert store.versions(f"reverse=true&limit={size}") == turned[:size]
    assert store.ask("GET", f"{C}?versions&format=xml").status == 406


def test_deleting_the_container(store: Store) -> None:
    version = store.put("o", b"1")
    assert store.ask("DELETE", C).status == 409
    store.ask("DELETE", f"{C}/o?version-id={version}")
    assert store.ask("DELETE", C).status == 204
    assert store.ask("HEAD", C).status == 404
    assert store.ask("PUT", C).status == 201
    assert "X-Versions-Enabled" not in store.ask("HEAD", C).headers


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("where", ["version", "link"])
def test_nothing_is_lost_when_it_ends_half_way(
    store: Store, method: str, where: str
) -> None:
    one = store.put("o", b"1")
    store.cut.fails_at = (method if where == "link" else "PUT", where)
    assert store.ask(method, f"{C}/o", b"2" if method == "PUT" else b"").status == 503
    assert store.cut.fails_at is None
    got = store.ask("GET", f"{C}/o")
    assert (got.body, got.headers["X-Object-Version-Id"]) == (b"1", one)
    assert ("o", one, True) in store.versions()
    two = store.put("o", b"2")
    assert store.ask("GET", f"{C}/o?version-id={one}").body == b"1"
    assert store.versions()[0] == ("o", two, True)


@pytest.mark.parametrize("where", ["version", "link"])
def test_what_was_before_is_not_lost_either(store: Store, where: str) -> None:
    store.ask("POST", C, X_Versions_Enabled="false")
    store.ask("PUT", f"{C}/o", b"old")
    store.ask("POST", C, X_Versions_Enabled="true")
    store.cut.fails_at = ("PUT", where)
    assert store.ask("PUT", f"{C}/o", b"new").status == 503
    assert store.ask("GET", f"{C}/o").body == b"old"
    store.put("o", b"newer")
    bodies = {
        store.ask("GET", f"{C}/o?version-id={version}").body
        for _, version, _ in store.versions()
    }
    assert bodies >= {b"old", b"newer"}


def test_large_objects_have_versions(store: Store) -> None:
    store.ask("PUT", f"{A}/s")
    store.ask("PUT", f"{A}/s/1", b"part one,")
    store.ask("PUT", f"{A}/s/2", b"part two")
    manifest = json.dumps([{"path": "/s/1"}, {"path": "/s/2"}]).encode()
    got = store.ask("PUT", f"{C}/o?multipart-manifest=put", manifest)
    version = got.headers["X-Object-Version-Id"]
    store.put("o", b"small")
    got = store.ask("GET", f"{C}/o?version-id={version}", Range="bytes=5-12")
    assert (got.status, got.body) == (206, b"one,part")
    assert store.ask("PUT", f"{C}/o?version-id={version}").status == 201
    got = store.ask("GET", f"{C}/o")
    assert got.body == b"part one,part two"
    (entry,) = store.listing()
    assert entry["bytes"] == 17
    assert entry["slo_etag"] == got.headers["Etag"]


def test_s3_makes_what_is_left_current(s3: Store) -> None:
    one, two = s3.put("o", b"1"), s3.put("o", b"2")
    s3.ask("DELETE", f"{C}/o?version-id={two}")
    got = s3.ask("GET", f"{C}/o")
    assert (got.body, got.headers["X-Object-Version-Id"]) == (b"1", one)
    marker = s3.ask("DELETE", f"{C}/o").headers["X-Object-Version-Id"]
    assert s3.ask("GET", f"{C}/o").status == 404
    s3.ask("DELETE", f"{C}/o?version-id={marker}")
    assert s3.ask("GET", f"{C}/o").body == b"1"


def test_s3_keeps_the_null_version(s3: Store) -> None:
    s3.ask("POST", C, X_Versions_Enabled="false")
    s3.put("o", b"null")
    s3.ask("POST", C, X_Versions_Enabled="true")
    one = s3.put("o", b"1")
    assert s3.versions() == [("o", one, True), ("o", "null", False)]
    got = s3.ask("GET", f"{C}/o?version-id=null")
    assert (got.body, got.headers["X-Object-Version-Id"]) == (b"null", "null")
    s3.ask("POST", C, X_Versions_Enabled="false")
    s3.put("o", b"null again")
    assert s3.versions() == [("o", "null", True), ("o", one, False)]
    got = s3.ask("DELETE", f"{C}/o")
    assert got.headers["X-Object-Version-Id"] == "null"
    assert s3.versions() == [("o", "null", True), ("o", one, False)]
    assert s3.ask("GET", f"{C}/o").status == 404
    assert s3.ask("DELETE", f"{C}/o?version-id=null").status == 204
    assert s3.ask("GET", f"{C}/o").body == b"1"


def test_clients_cannot_write_markers(store: Store) -> None:
    assert store.ask("PUT", f"{C}/o", b"", Content_Type=MARKER).status == 400
    assert store.versions() == []


def test_factory(store: Store) -> None:
    assert filter_factory({})(store.cluster.app)


@pytest.mark.parametrize("state", ["true", "false"])
def test_conditional_deletes(s3: Store, state: str) -> None:
    s3.put("o", b"one")
    s3.put("o", b"two")
    s3.ask("POST", C, X_Versions_Enabled=state)
    etag = s3.ask("HEAD", f"{C}/o").headers["Etag"]
    past = "Sun, 06 Nov 1994 08:49:37 GMT"
    known = s3.versions()
    assert s3.ask("DELETE", f"{C}/o", If_Match="0" * 32).status == 412
    assert s3.ask("DELETE", f"{C}/o", If_Unmodified_Since=past).status == 412
    assert s3.versions() == known
    assert s3.ask("GET", f"{C}/o").body == b"two"
    assert s3.ask("DELETE", f"{C}/o", If_Match=etag).status == 204
    assert s3.ask("GET", f"{C}/o").status == 404
    assert s3.ask("DELETE", f"{C}/o", If_Match=etag).status == 412
