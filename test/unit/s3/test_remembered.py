"""Signers who were here before: accepted are none but those accepted anyway."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel.access import Identity
from objectstore.kernel.clock import Clock
from objectstore.s3.caller import Caller
from objectstore.s3.errors import S3Error
from objectstore.s3.header_names import header_names
from objectstore.s3.settings import S3Settings
from objectstore.s3.signing import remembered as module
from objectstore.s3.signing.authenticate import Authenticator
from objectstore.s3.signing.canonical import (
    canonical_query,
    query_pairs,
    ready_query,
)
from objectstore.s3.signing.remembered import RememberedSigners
from objectstore.s3.signing.signing_key import KeyedHash, SigningKeys
from test.unit.s3.house import ALICE, BOB, House, User

Environ = dict[str, Any]


class Users:
    """Secrets that can change."""

    def __init__(self) -> None:
        self.users = {user.name: (user.identity, user.secret) for user in (ALICE, BOB)}

    def secret_for(self, access_key: str) -> tuple[Identity, str] | None:
        return self.users.get(access_key)


class Door:
    """Both ways of asking who signed."""

    def __init__(self, clock: Clock) -> None:
        self.users = Users()
        settings, keys = S3Settings(), SigningKeys()
        self.signers = RememberedSigners(self.users, settings, keys, clock)
        self.authenticator = Authenticator(self.users, None, settings, clock)

    def short(self, environ: Environ) -> Caller | None:
        return self.signers.verified_caller(environ, header_names(environ).amazon)

    def long(self, environ: Environ) -> Caller | None:
        try:
            return self.authenticator.caller(environ, "")
        except S3Error:
            return None


house = House()


def signed(
    path: str = "/bucket/key",
    user: User = ALICE,
    token: str | None = None,
    query: str = "",
    **headers: str,
) -> Environ:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return house.environ("GET", path, query, headers=named, user=user, token=token)


@pytest.fixture
def door() -> Door:
    return Door(house.clock)


def test_both_say_the_same_of_an_ordinary_request(door: Door) -> None:
    for _ in range(3):
        for user in (ALICE, BOB):
            environ = signed(user=user)
            short, long = door.short(environ), door.long(environ)
            assert short is not None and long is not None
            assert short.verified is not None and long.verified is not None
            moment = long.verified.age_seconds
            assert abs(short.verified.age_seconds - moment) < 5
            same = short.verified._replace(age_seconds=moment)
            assert short._replace(verified=same) == long


def _set(key: str, value: str) -> Callable[[Environ], None]:
    return lambda environ: environ.update({key: value})


def _flip(environ: Environ) -> None:
    text = environ["HTTP_AUTHORIZATION"]
    environ["HTTP_AUTHORIZATION"] = text[:-1] + ("0" if text[-1] != "0" else "1")


def _replace(old: str, new: str) -> Callable[[Environ], None]:
    def change(environ: Environ) -> None:
        text = environ["HTTP_AUTHORIZATION"]
        environ["HTTP_AUTHORIZATION"] = text.replace(old, new)

    return change


CHANGES: dict[str, Callable[[Environ], None]] = {
    "another method": _set("REQUEST_METHOD", "PUT"),
    "another path": _set("PATH_INFO", "/bucket/other"),
    "a query": _set("QUERY_STRING", "acl"),
    "another payload": _set("HTTP_X_AMZ_CONTENT_SHA256", "UNSIGNED-PAYLOAD"),
    "no payload": _set("HTTP_X_AMZ_CONTENT_SHA256", ""),
    "another host": _set("HTTP_HOST", "other.test"),
    "a header that is not signed": _set("HTTP_X_AMZ_ACL", "public-read"),
    "a token that is not signed": _set("HTTP_X_AMZ_SECURITY_TOKEN", "x"),
    "another signature": _flip,
    "no hex digits": _replace("Signature=", "Signature=é"),
    "a longer one": _replace("Signature=", "Signature=0"),
    "two of them": _replace("Signature=", "Signature=0, Signature="),
    "another user": _replace(ALICE.name, BOB.name),
    "an unknown user": _replace(ALICE.name, "nobody:here"),
    "another region": _replace("us-east-1", "eu-west-1"),
    "another service": _replace("/s3/", "/sts/"),
    "fewer signed headers": _replace("host;", ""),
    "more signed headers": _replace("host;", "host;range;"),
    "no date": _set("HTTP_X_AMZ_DATE", ""),
    "a date of another kind": _set("HTTP_X_AMZ_DATE", "2026-11-21T12:00:00Z"),
    "another date": _set("HTTP_X_AMZ_DATE", "20090101T000000Z"),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("is_known", [False, True])
def test_nothing_else_is_accepted(door: Door, name: str, is_known: bool) -> None:
    if is_known:
        assert door.short(signed()) is not None
    environ = signed()
    CHANGES[name](environ)
    assert door.short(environ) is None
    assert door.long(environ) is None
    assert door.short(signed()) is not None


@pytest.mark.parametrize("ahead", [-901, 901])
def test_a_signature_grows_old(door: Door, ahead: int) -> None:
    environ = signed()
    assert door.short(environ) is not None
    now = house.clock.time()

    class Later:
        def time(self) -> float:
            return now + ahead

        def monotonic(self) -> float:
            return 0.0

    settings, keys = S3Settings(), SigningKeys()
    signers = RememberedSigners(door.users, settings, keys, Later())
    assert signers.caller(environ, header_names(environ).amazon) is None


def test_a_new_secret_holds_at_once(door: Door) -> None:
    environ = signed()
    assert door.short(environ) is not None
    door.users.users[ALICE.name] = (ALICE.identity, "new")
    assert door.short(environ) is None
    fresh = signed(user=User(ALICE.name, "new", ALICE.account))
    assert door.short(fresh) is not None
    del door.users.users[ALICE.name]
    assert door.short(fresh) is None


def test_a_user_who_lost_his_rights_has_lost_them_here(door: Door) -> None:
    assert door.short(signed()) is not None
    less = Identity(ALICE.name, (ALICE.name,))
    door.users.users[ALICE.name] = (less, ALICE.secret)
    found = door.short(signed())
    assert found is not None and not found.owns(ALICE.account)


@pytest.mark.parametrize("path", ["/bucket/a b", "/bucket/ä", "/bucket/a=b", "/b/%25"])
def test_what_is_escaped_is_left_to_the_long_way(door: Door, path: str) -> None:
    environ = signed(path)
    assert door.short(environ) is None
    assert door.long(environ) is not None


def test_sessions_are_left_to_the_long_way(door: Door) -> None:
    assert door.short(signed(token="a token")) is None


def test_values_with_blanks_are_left_to_the_long_way(door: Door) -> None:
    environ = signed(X_Amz_Meta_A="a  b")
    assert door.short(environ) is None
    assert door.long(environ) is not None


def test_only_so_many_are_remembered(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SIGNERS_MAX", 1)
    monkeypatch.setattr(module, "COVERED_MAX", 1)
    for _ in range(2):
        for user in (ALICE, BOB):
            assert door.short(signed(user=user)) is not None
            assert door.short(signed(user=user, X_Amz_Acl="private")) is not None


@pytest.mark.parametrize(
    "query",
    [
        "list-type=2&prefix=a%2Fb&delimiter=%2F&encoding-type=url",
        "uploadId=abc&partNumber=1",
        "uploads",
        "uploads=",
        "versionId=null",
        "a=1&a-b=2&a.c&a=0",
        "marker=%C3%A4%20%26%3D%2B",
    ],
)
def test_queries_of_clients_need_not_be_taken_apart(door: Door, query: str) -> None:
    environ = signed(query=query)
    short, long = door.short(environ), door.long(environ)
    assert short is not None and long is not None
    environ["QUERY_STRING"] += "1"
    assert door.short(environ) is None and door.long(environ) is None


@pytest.mark.parametrize(
    "query",
    ["prefix=a/b", "prefix=a+b", "prefix=%2f", "a&&b", "prefix=%61", "=a", "a=b=c"],
)
def test_queries_that_are_encoded_otherwise_go_the_long_way(
    door: Door, query: str
) -> None:
    assert door.short(signed(query=query)) is None


def test_a_query_never_brings_a_signature_along(door: Door) -> None:
    query = "X-Amz-Signature=1&versionId=2"
    environ = signed(query=query)
    assert door.short(environ) is None
    assert ready_query("X-Amz-Security-Token=1") is None
    assert ready_query("&".join(["a"] * 101)) is None


_PIECE = st.text("a-.~_/%+ &=%2D2f%41%C3Az", max_size=6)


@given(st.lists(st.tuples(_PIECE, _PIECE), max_size=5), st.booleans())
def test_a_ready_query_is_the_canonical_one(
    pairs: list[tuple[str, str]], is_encoded: bool
) -> None:
    if is_encoded:
        pairs = [(quote(name, safe=""), quote(value, safe="")) for name, value in pairs]
    query = "&".join([f"{name}={value}" if value else name for name, value in pairs])
    ready = ready_query(query)
    assert ready in (None, canonical_query(query_pairs(query)))
    if is_encoded and pairs and all(name for name, _ in pairs):
        assert ready is not None


@given(st.binary(max_size=64), st.binary(max_size=300))
def test_a_keyed_hash_is_an_hmac(key: bytes, text: bytes) -> None:
    keyed = KeyedHash(key)
    for _ in range(2):
        assert keyed.hex(text) == hmac.digest(key, text, "sha256").hex()
