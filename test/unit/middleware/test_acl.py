"""Container and account ACLs: grammar, cleaning, matching."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel.access import Identity
from objectstore.kernel.errors import Rejected
from objectstore.middleware.auth.account_acl import (
    AccountAcl,
    check_account_acl,
    parse_account_acl,
)
from objectstore.middleware.auth.acl import (
    ContainerAcl,
    clean_acl,
    is_granted,
    parse_acl,
    referrer_allowed,
)


@pytest.mark.parametrize(
    ("messy", "clean"),
    [
        ("bob, sue", "bob,sue"),
        ("bob , sue", "bob,sue"),
        ("bob,,,sue", "bob,sue"),
        (".referrer : *", ".r:*"),
        (".ref:*.example.com", ".r:.example.com"),
        (".r:*, .rlistings", ".r:*,.rlistings"),
        (".referer:-*.example.com", ".r:-.example.com"),
        (".r: - thief.example.com", ".r:-thief.example.com"),
        ("account:user, *:*, account:*", "account:user,*:*,account:*"),
        ("", ""),
        (" , ", ""),
    ],
)
def test_cleaning(messy: str, clean: str) -> None:
    assert clean_acl("X-Container-Read", messy) == clean


@pytest.mark.parametrize(
    ("header", "text", "reason"),
    [
        ("X-Container-Read", ".r:", "No host/domain value after referrer"),
        ("X-Container-Read", ".r:-", "No host/domain value after referrer"),
        ("X-Container-Read", ".r:*.", "No host/domain value after referrer"),
        ("X-Container-Read", ".x:*", "Unknown designator '.x' in ACL: '.x:*'"),
        ("X-Container-Write", ".r:*", "Referrers not allowed in write ACL: '.r:*'"),
    ],
)
def test_mistakes_are_400(header: str, text: str, reason: str) -> None:
    with pytest.raises(Rejected) as caught:
        clean_acl(header, text)
    assert caught.value.status == 400
    assert caught.value.text.startswith(reason)


@pytest.mark.parametrize(
    ("acl", "referrer", "allowed"),
    [
        (".r:*", "", True),
        (".r:*", "http://a.example.com/x", True),
        (".r:.example.com", "http://a.example.com/x", True),
        (".r:.example.com", "http://example.com/x", False),
        (".r:.example.com", "http://notexample.com/", False),
        (".r:example.com", "https://user@example.com:80/", True),
        (".r:example.com", "http://EXAMPLE.com", True),
        (".r:example.com", "", False),
        (".r:*,.r:-.thief.com", "http://x.thief.com", False),
        (".r:-.thief.com,.r:*", "http://x.thief.com", True),
        (".r:*,.r:-*", "http://x.thief.com", False),
        (".r:.a.com,.r:-b.a.com", "http://b.a.com/", False),
        (".r:.a.com", "http://[::1", False),
        ("", "http://a.com", False),
    ],
)
def test_referrers(acl: str, referrer: str, allowed: bool) -> None:
    assert referrer_allowed(referrer, parse_acl(acl).referrers) is allowed


BOB = Identity("acme:bob", ("acme", "acme:bob", ".staff"))


@pytest.mark.parametrize(
    ("acl", "granted"),
    [
        ("acme", True),
        ("acme:bob", True),
        ("acme:*", True),
        ("*:bob", True),
        ("*:*", True),
        (".staff", True),
        ("acme:sue", False),
        ("other:*", False),
        ("bob", False),
        ("*", False),
        (".r:*,.rlistings", False),
        ("", False),
    ],
)
def test_grantees(acl: str, granted: bool) -> None:
    assert is_granted(BOB, parse_acl(acl)) is granted


texts = st.text(alphabet=".r:-*,abcé \t", max_size=40)


@given(texts, st.sampled_from(["X-Container-Read", "X-Container-Write"]))
def test_cleaning_is_stable_and_total(text: str, header: str) -> None:
    try:
        clean = clean_acl(header, text)
    except Rejected as error:
        assert error.status == 400
        return
    assert clean_acl(header, clean) == clean
    acl = parse_acl(clean)
    assert isinstance(acl, ContainerAcl)
    if header == "X-Container-Write":
        assert not any(entry.startswith(".r:") for entry in clean.split(","))


hosts = st.sampled_from(["a.com", ".a.com", "b.a.com", "*", "-a.com", "-.a.com", "-*"])


@given(st.lists(hosts), st.sampled_from(["http://a.com", "http://b.a.com", ""]))
def test_the_last_match_decides(rules: list[str], referrer: str) -> None:
    expected = False
    for rule in rules:
        alone = referrer_allowed(referrer, [rule.lstrip("-")])
        if alone:
            expected = not rule.startswith("-")
    assert referrer_allowed(referrer, rules) is expected


@pytest.mark.parametrize(
    "text", ["", "{}", '{"admin":["a"],"read-write":[],"read-only":["x:y"]}']
)
def test_good_account_acls(text: str) -> None:
    check_account_acl(text)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("{", "Syntax error in input ('{')"),
        ("[]", "Syntax error in input ('[]')"),
        ('{"other":[]}', 'Key "other" not recognized'),
        ('{"admin":"bob"}', 'Value for key "admin" must be a list'),
        ('{"read-only":[1]}', 'Elements of "read-only" list must be strings'),
    ],
)
def test_bad_account_acls(text: str, mistake: str) -> None:
    with pytest.raises(Rejected) as caught:
        check_account_acl(text)
    head = f"X-Account-Access-Control invalid: {mistake}\n\nInput: {text}\n"
    assert (caught.value.status, caught.value.text) == (400, head)


@given(st.text(max_size=30))
def test_what_is_stored_wrongly_grants_nothing(text: str) -> None:
    try:
        check_account_acl(text)
    except Rejected:
        assert parse_account_acl(text) == AccountAcl()


def test_account_acl_parts() -> None:
    acl = parse_account_acl('{"admin":["a"],"read-only":["b","c"]}')
    assert acl == AccountAcl(frozenset("a"), frozenset(), frozenset("bc"))
