"""The access log: lines gather in memory and are written in batches.

Writing each line by itself would cost more than serving a small object.  A
batch leaves after ``FLUSH_SECONDS``, or earlier when it is large, on a native
thread, so that a slow disk or a full pipe never stops the server.  When the
sink is stuck, lines are dropped and counted instead of filling the memory.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from objectstore.kernel import concurrency
from objectstore.kernel.access_line import AccessEntry, text_line
from objectstore.kernel.clock import Clock
from objectstore.kernel.log_sinks import Sink

FLUSH_SECONDS = 0.2
# A batch of this many lines leaves at once.
FLUSH_LINES = 2000
# About 20 MB of text: beyond, the sink is stuck.
WAITING_LINES_MAX = 100_000
# How long ``close`` waits for a batch under way.
CLOSE_SECONDS = 5.0

logger = logging.getLogger("objectstore.access")


class AccessLog:
    """Takes note of finished requests (``kernel.http.edge.AccessSink``)."""

    def __init__(
        self,
        sink: Sink,
        clock: Clock,
        render: Callable[[str, AccessEntry], str] = text_line,
        *,
        waiting_lines_max: int = WAITING_LINES_MAX,
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._render = render
        self._waiting_lines_max = waiting_lines_max
        self._lines: list[str] = []
        self._dropped = 0
        self._flush_planned = False
        self._written = concurrency.Event()  # no batch is being written
        self._written.set()
        self._second = -1
        self._second_text = ""

    def record(self, entry: AccessEntry) -> None:
        """Add a line.  Never waits."""
        lines = self._lines
        if len(lines) >= self._waiting_lines_max:
            self._dropped += 1
            return
        lines.append(self._render(self._stamp(), entry))
        if not self._flush_planned:
            self._flush_planned = True
            concurrency.spawn_later(FLUSH_SECONDS, self._flush)
        elif len(lines) == FLUSH_LINES:
            concurrency.spawn(self._write_out)

    def close(self) -> None:
        """Write what waits, here and now."""
        self._written.wait(CLOSE_SECONDS)
        lines = self._take_lines()
        if lines:
            self._write(lines)
        self._sink.close()

    def _stamp(self) -> str:
        now = self._clock.time()
        second = int(now)
        if second != self._second:
            self._second = second
            moment = datetime.fromtimestamp(second, UTC)
            self._second_text = moment.strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._second_text}.{int((now - second) * 1000):03d}Z"

    def _flush(self) -> None:
        self._flush_planned = False
        self._write_out()

    def _write_out(self) -> None:
        if not self._written.is_set():
            return  # the one who writes looks again when he is done
        self._written.clear()
        try:
            while lines := self._take_lines():
                concurrency.offload(self._write, lines)
                if len(self._lines) < FLUSH_LINES:
                    break
        finally:
            self._written.set()
        if self._lines and not self._flush_planned:
            self._flush_planned = True
            concurrency.spawn_later(FLUSH_SECONDS, self._flush)

    def _take_lines(self) -> list[str]:
        lines, self._lines = self._lines, []
        if self._dropped:
            logger.error("%d access lines were dropped", self._dropped)
            self._dropped = 0
        return lines

    def _write(self, lines: list[str]) -> None:
        try:
            self._sink.write(lines)
        except OSError as error:
            logger.error("%d access lines are lost: %s", len(lines), error)
