"""Versions when something ends half way: nothing is lost."""

from __future__ import annotations

import pytest

from test.unit.middleware.versioned_store import C, Store


@pytest.fixture
def store() -> Store:
    return Store()


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
