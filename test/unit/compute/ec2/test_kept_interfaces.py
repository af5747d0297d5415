"""Which interfaces stay when their instance ends."""

from __future__ import annotations

import pytest

from compute.ec2.kept_interfaces import is_older

SERVER = {"created": "2026-11-23T03:00:10Z"}


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("2026-11-22T23:59:59Z", True),
        ("2026-11-23T03:00:04Z", True),
        # Perhaps made for it, by a room whose clock is behind.
        ("2026-11-23T03:00:05Z", False),
        ("2026-11-23T03:00:11Z", False),
        ("", False),
    ],
)
def test_what_was_there_before_the_server_stays(made: str, expected: bool) -> None:
    assert is_older({"created_at": made}, SERVER) is expected


def test_a_server_that_is_not_seen_tells_nothing() -> None:
    assert not is_older({"created_at": "2026-11-22T23:59:59Z"}, {})
