"""Failed handshakes are counted, and are few lines however many they are."""

from __future__ import annotations

import logging

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.http.failed_handshakes import FailedHandshakes

logger = logging.getLogger("test.handshakes")


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger.name)
    return caplog


def test_the_first_is_told_and_the_rest_at_the_end(
    said: pytest.LogCaptureFixture,
) -> None:
    failed = FailedHandshakes(logger)
    for number in range(1000):
        failed.note(f"10.0.0.{number % 7}", OSError(f"no {number}"))
    assert said.messages == ["TLS with 10.0.0.0 fails: no 0"]
    failed.close()
    assert said.messages[1:] == [
        "999 more handshakes failed within 60 s, the last: "
        "TLS with 10.0.0.5 fails: no 999"
    ]
    assert failed.count == 1000


def test_they_are_summed_up_until_there_are_none(
    said: pytest.LogCaptureFixture,
) -> None:
    failed = FailedHandshakes(logger, interval_seconds=0.0)
    failed.note("::1", OSError("a"))
    failed.note("::1", OSError("b"))
    while len(said.messages) < 2:
        concurrency.sleep(0)
    assert said.messages[1].startswith("1 more handshakes failed within 0 s")
    for _ in range(10):  # an interval without any: the next one is told at once
        concurrency.sleep(0)
    failed.note("::1", OSError("c"))
    assert said.messages[2] == "TLS with ::1 fails: c"
    failed.close()
    assert len(said.messages) == 3
