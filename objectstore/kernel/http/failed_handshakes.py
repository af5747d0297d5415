"""Handshakes of TLS that failed: counted, and told as a line or two a minute.

A scan of ports, a probe that only connects, a client with another authority in a loop:
anybody can make them fail, as often as he likes.
"""

from __future__ import annotations

import logging

from objectstore.kernel.summed_lines import INTERVAL_SECONDS, SummedLines


class FailedHandshakes:
    """The failed handshakes of one server."""

    def __init__(
        self, logger: logging.Logger, interval_seconds: float = INTERVAL_SECONDS
    ) -> None:
        self.count = 0  # since the server began
        self._lines = SummedLines(
            logger, logging.INFO, "handshakes failed", interval_seconds
        )

    def note(self, who: str, why: Exception) -> None:
        """Take note of one more."""
        self.count += 1
        self._lines.note(f"TLS with {who} fails: {why}")

    def close(self) -> None:
        """Tell what was not told yet."""
        self._lines.close()
