"""What listings and counts show of versions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from objectstore.middleware.object_versioning import filter_factory
from test.fakes.swift_app import Client
from test.unit.middleware.versioned_store import A, C, Store


@pytest.fixture
def store() -> Store:
    return Store()


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
