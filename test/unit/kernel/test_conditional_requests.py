"""Conditional requests: precedence and etag comparison."""

from __future__ import annotations

from itertools import product

import pytest

from objectstore.kernel.conditions import (
    Conditions,
    etag_matches,
    parse_date,
    range_still_holds,
)
from objectstore.kernel.timestamps import to_iso
from objectstore.proxy.protocol.dates import http_date, whole_seconds

ETAG = "abc"
AT = 1_000_000
BEFORE, SAME, AFTER = (http_date(each * 100_000) for each in (AT - 1, AT, AT + 1))


def expected(match: str, unmodified: str, none_match: str, modified: str) -> int:
    """RFC 9110, 13.2.2, word by word."""
    if match:
        if match not in ("*", ETAG):
            return 412
    elif unmodified == BEFORE:
        return 412
    if none_match:
        return 304 if none_match in ("*", ETAG) else 0
    if modified in (SAME, AFTER):
        return 304
    return 0


ETAGS = ("", "*", ETAG, "other")
DATES = ("", BEFORE, SAME, AFTER, "yesterday")


@pytest.mark.parametrize("match", ETAGS)
@pytest.mark.parametrize("none_match", ETAGS)
def test_precedence(match: str, none_match: str) -> None:
    for unmodified, modified in product(DATES, DATES):
        conditions = Conditions(match, none_match, modified, unmodified)
        assert conditions.evaluate(ETAG, AT) == expected(
            match, unmodified, none_match, modified
        ), conditions


@pytest.mark.parametrize(
    ("header", "weak", "matches"),
    [
        ('"abc"', False, True),
        ("abc", False, True),
        ('"x", "abc"', False, True),
        ("x,abc", False, True),
        ('W/"abc"', True, True),
        ('W/"abc"', False, False),
        ('"ab"', True, False),
        ("", True, False),
    ],
)
def test_etags(header: str, weak: bool, matches: bool) -> None:
    assert etag_matches(header, ETAG, weak=weak) is matches


def test_absent() -> None:
    assert Conditions(if_match="*").evaluate_absent() == 412
    assert Conditions(if_match="abc").evaluate_absent() == 404
    assert Conditions(if_none_match="*").evaluate_absent() == 404


def test_if_range() -> None:
    assert range_still_holds("", ETAG, AT)
    assert range_still_holds('"abc"', ETAG, AT)
    assert not range_still_holds('W/"abc"', ETAG, AT)
    assert not range_still_holds('"x"', ETAG, AT)
    assert range_still_holds(SAME, ETAG, AT)
    assert not range_still_holds(AFTER, ETAG, AT)


def test_dates() -> None:
    assert http_date(78_411_177_700_000) == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert http_date(78_411_177_700_001) == "Sun, 06 Nov 1994 08:49:38 GMT"
    assert parse_date("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777
    assert whole_seconds(100_001) == 2
    assert to_iso(139_207_214_812_345) == "2014-02-10T22:42:28.123450"
    for nonsense in ("", "x", "Thu, 99 Nov 1994 00:42:57 GMT", "9" * 50):
        assert parse_date(nonsense) is None
