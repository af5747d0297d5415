"""Figures, times, states."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from compute.dashboard.frame import formats
from compute.dashboard.pages.networks.qos import rule_text


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (None, "\u2013"), (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"),
        (1536, "1.5 KiB"), (1 << 30, "1 GiB"), (50 << 30, "50 GiB"),
    ],
)  # fmt: skip
def test_sizes(count: int | None, shown: str) -> None:
    assert formats.size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "just now"), (59, "59 seconds ago"), (60, "1 minute ago"),
        (7200, "2 hours ago"), (86400 * 3, "3 days ago"), (86400 * 400, "1 year ago"),
        (-90, "in 1 minute"),
    ],
)  # fmt: skip
def test_times(seconds: int, shown: str) -> None:
    then = datetime(2026, 1, 1, tzinfo=UTC)
    assert formats.ago(then, then.timestamp() + seconds) == shown


def test_moments() -> None:
    for text in ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000", "2026-01-01"):
        found = formats.moment_of(text)
        assert found is not None and formats.exact(found) == "2026-01-01 00:00:00 UTC"
    assert formats.moment_of("soon") is None


@pytest.mark.parametrize(
    ("status", "tone"),
    [
        ("ACTIVE", "good"), ("in-use", "good"), ("BUILD", "busy"), ("ERROR", "bad"),
        ("error_deleting", "bad"), ("CREATE_IN_PROGRESS", "busy"),
        ("UPDATE_COMPLETE", "good"), ("CREATE_FAILED", "bad"), ("SHUTOFF", "idle"),
        ("PENDING_UPDATE", "busy"), ("<b>", "idle"), ("", "idle"),
    ],
)  # fmt: skip
def test_tones(status: str, tone: str) -> None:
    assert formats.tone_of(status) == tone


def test_counts() -> None:
    assert formats.counted(1, "server") == "1 server"
    assert formats.counted(1000, "entry", "entries") == "1\u2009000 entries"


def test_limits_of_packets() -> None:
    rule = {"type": "packet_rate_limit", "direction": "egress", "max_kpps": 5}
    shown = "out of it at most 5\u2009000 packets a second"
    assert rule_text({**rule, "max_burst_kpps": 0}) == shown
    at_once = f"{shown}, 2\u2009000 packets at once"
    assert rule_text({**rule, "max_burst_kpps": 2}) == at_once
