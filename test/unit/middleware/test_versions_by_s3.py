"""Versions as S3 has them: the null version, conditions, what becomes current."""

from __future__ import annotations

import pytest

from test.unit.middleware.versioned_store import C, Store
from test.unit.proxy.cluster import OffsetClock


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def s3(store: Store) -> Store:
    store.is_s3 = True
    return store


def test_s3_makes_what_is_left_current(s3: Store) -> None:
    one, two = s3.put("o", b"1"), s3.put("o", b"2")
    s3.ask("DELETE", f"{C}/o?version-id={two}")
    got = s3.ask("GET", f"{C}/o")
    assert (got.body, got.headers["X-Object-Version-Id"]) == (b"1", one)
    marker = s3.ask("DELETE", f"{C}/o").headers["X-Object-Version-Id"]
    assert s3.ask("GET", f"{C}/o").status == 404
    s3.ask("DELETE", f"{C}/o?version-id={marker}")
    assert s3.ask("GET", f"{C}/o").body == b"1"


def test_what_is_left_is_current_after_a_deletion_by_a_clock_that_is_ahead(
    s3: Store,
) -> None:
    one = s3.put("o", b"1")
    clock = OffsetClock()
    clock.ahead = 20.0
    own, s3.client = s3.client, s3.client_of_clock(clock)
    marker = s3.ask("DELETE", f"{C}/o").headers["X-Object-Version-Id"]
    s3.client = own
    got = s3.ask("DELETE", f"{C}/o?version-id={marker}")
    assert got.headers["X-Object-Current-Version-Id"] == one
    assert s3.ask("GET", f"{C}/o").body == b"1"
    assert s3.versions() == [("o", one, True)]


def test_what_is_left_is_not_taken_for_nothing(s3: Store) -> None:
    """Its container does not answer."""
    s3.put("o", b"1")
    two = s3.put("o", b"2")
    cluster = s3.cluster
    away = cluster.primaries("container", "/AUTH_a/\0versions\0c")
    for device in away:
        cluster.faults("container", device).down = True
    assert s3.ask("DELETE", f"{C}/o?version-id={two}").status == 503
    for device in away:
        cluster.faults("container", device).down = False
    s3.ask("DELETE", f"{C}/o?version-id={two}")
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
