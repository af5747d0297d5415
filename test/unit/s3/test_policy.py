"""Bucket policies: reading them, and the laws of their decisions."""

from __future__ import annotations

import re

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objectstore.s3.access.conditions import parse_conditions
from objectstore.s3.access.decision import Attempt, Effect, decide, is_public
from objectstore.s3.access.glob import matches
from objectstore.s3.access.policy import Policy, parse_policy
from objectstore.s3.errors import S3Error

ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:*", "s3:Get*", "*"]
RESOURCES = [
    "arn:aws:s3:::b",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/x/*",
    "arn:aws:s3:::b*",
]
PRINCIPALS = ["*", {"AWS": "AUTH_a"}, {"AWS": ["arn:aws:iam::AUTH_b:root"]}]


def statements(effects: tuple[str, ...] = ("Allow", "Deny")) -> st.SearchStrategy[dict]:
    return st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(effects),
            "Principal": st.sampled_from(PRINCIPALS),
            "Action": st.sampled_from(ACTIONS),
            "Resource": st.sampled_from(RESOURCES),
        }
    )


def attempts() -> st.SearchStrategy[Attempt]:
    return st.builds(
        Attempt,
        st.sampled_from(["", "AUTH_a", "AUTH_b", "AUTH_c"]),
        st.just("a:u"),
        st.sampled_from(["s3:GetObject", "s3:PutObject", "s3:ListBucket"]),
        st.sampled_from(["arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:s3:::b/x/k"]),
        st.just(lambda key: None),
    )


def policy(*entries: dict) -> Policy:
    document = {"Version": "2012-10-17", "Statement": list(entries)}
    return parse_policy(orjson.dumps(document), "b")


@given(
    st.lists(statements(), min_size=1, max_size=5), statements(("Deny",)), attempts()
)
@settings(deadline=None)
def test_a_deny_more_never_allows_more(
    some: list[dict], deny: dict, attempt: Attempt
) -> None:
    before, after = decide(policy(*some), attempt), decide(policy(*some, deny), attempt)
    assert after in (before, Effect.DENY)


@given(
    st.lists(statements(), min_size=1, max_size=5), statements(("Allow",)), attempts()
)
@settings(deadline=None)
def test_an_allow_more_never_allows_less(
    some: list[dict], allow: dict, attempt: Attempt
) -> None:
    before, after = (
        decide(policy(*some), attempt),
        decide(policy(*some, allow), attempt),
    )
    assert after is before or (before, after) == (Effect.NONE, Effect.ALLOW)


@given(st.lists(statements(), min_size=1, max_size=5), attempts(), st.randoms())
@settings(deadline=None)
def test_the_order_of_statements_does_not_matter(
    some: list[dict], attempt: Attempt, random: object
) -> None:
    shuffled = list(some)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decide(policy(*some), attempt) is decide(policy(*shuffled), attempt)


@given(st.lists(statements(("Deny",)), min_size=1, max_size=5), attempts())
@settings(deadline=None)
def test_without_an_allow_nothing_is_allowed(
    some: list[dict], attempt: Attempt
) -> None:
    assert decide(policy(*some), attempt) is not Effect.ALLOW


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
@settings(max_examples=500, deadline=None)
def test_globs_mean_what_they_say(pattern: str, name: str) -> None:
    expression = "".join({"*": ".*", "?": "."}.get(sign, sign) for sign in pattern)
    assert matches(pattern, name) is (re.fullmatch(expression, name) is not None)


def test_globs_take_no_more_than_pattern_times_name() -> None:
    assert not matches("*a" * 500, "b" * 1000)


@pytest.mark.parametrize(
    ("condition", "values", "holds"),
    [
        ({"StringEquals": {"s3:prefix": "a"}}, {"s3:prefix": ("a",)}, True),
        ({"StringEquals": {"s3:prefix": "a"}}, {}, False),
        ({"StringNotEquals": {"s3:prefix": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"s3:prefix": "a"}}, {}, True),
        ({"StringLike": {"s3:prefix": ["x", "a/*"]}}, {"s3:prefix": ("a/b",)}, True),
        ({"StringNotLike": {"s3:prefix": "a*"}}, {"s3:prefix": ("ab",)}, False),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, {"s3:max-keys": ("9",)}, True),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, {"s3:max-keys": ("x",)}, False),
        (
            {"Bool": {"aws:SecureTransport": False}},
            {"aws:securetransport": ("false",)},
            True,
        ),
        (
            {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
            {"aws:sourceip": ("192.0.2.9",)},
            True,
        ),
        (
            {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
            {"aws:sourceip": ("192.0.3.9",)},
            True,
        ),
        (
            {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
            {"aws:currenttime": ("2026-01-01T00:00:00Z",)},
            True,
        ),
        ({"Null": {"s3:prefix": "true"}}, {}, True),
        ({"Null": {"s3:prefix": "false"}}, {}, False),
        ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {"k": ("b", "a")}, True),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {"k": ("b", "a")}, False),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {}, True),
        (
            {"StringEquals": {"k": "${aws:username}"}},
            {"k": ("u",), "aws:username": ("u",)},
            True,
        ),
        (
            {"StringLike": {"k": "${aws:username}"}},
            {"k": ("xyz",), "aws:username": ("*",)},
            False,
        ),
    ],
)
def test_conditions(condition: dict, values: dict, holds: bool) -> None:
    assert all(c.holds(values.get) for c in parse_conditions(condition)) is holds


GOOD = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::b/*",
}


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Maybe"},
        {"Action": "ec2:Run"},
        {"Action": []} | {"Action": {"a": 1}},
        {"Resource": "arn:aws:s3:::other/*"},
        {"Resource": "*"},
        {"Principal": {"Somebody": "x"}},
        {"Principal": 5},
        {"NotPrincipal": "*"},
        {"Unknown": 1},
        {"Condition": {"Nonsense": {"a": "b"}}},
        {"Condition": {"NumericEquals": {"a": "b"}}},
        {"Condition": {"IpAddress": {"aws:SourceIp": "nowhere"}}},
        {"Condition": []},
    ],
)
def test_malformed_policies_are_refused(change: dict) -> None:
    with pytest.raises(S3Error) as caught:
        policy(GOOD | change)
    assert caught.value.code == "MalformedPolicy"


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{", b"{}", b'{"Statement":[]}', b" " * 20481]
)
def test_what_is_no_policy_is_refused(text: bytes) -> None:
    with pytest.raises(S3Error):
        parse_policy(text, "b")


def test_public_is_what_everybody_may() -> None:
    assert is_public(policy(GOOD))
    assert not is_public(policy(GOOD | {"Principal": {"AWS": "AUTH_a"}}))
    narrow = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    assert not is_public(policy(GOOD | {"Condition": narrow}))
    wide = {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}
    assert is_public(policy(GOOD | {"Condition": wide}))
