"""Where log lines go first: this process' memory, and soon after the ring.

A request adds its line and goes on.  A little later (``FLUSH_SECONDS``), and when
the process ends, everything gathered is written as chunks, one for each bucket.
What a crash takes is less than that.  When the ring does not take chunks, lines
are kept up to a bound and dropped beyond it: logs never hold up requests.
"""

from __future__ import annotations

import logging
import secrets

from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.known_facts import Facts
from objectstore.s3.access_log.chunks import CONTAINER, Chunk, chunk_name
from objectstore.s3.access_log.target import LogTarget
from objectstore.s3.background.house_objects import HouseObjects
from objectstore.s3.background.own_request import own_environ

FLUSH_SECONDS = 1.0
# Some 20,000 lines, and what a chunk may have.
GATHERED_BYTES_MAX = 8 * 1024 * 1024

_log = logging.getLogger("objectstore.s3-access-log")
Place = tuple[str, str, LogTarget]


class LogSink:
    """Gathers lines; see the module."""

    def __init__(self, objects: HouseObjects, clock: Clock) -> None:
        self._objects = objects
        self._clock = clock
        self._gathered: dict[Place, list[bytes]] = {}
        self._bytes = 0
        self._dropped = 0
        self._facts: Facts | None = None
        self._is_flushing = False

    def add(self, place: Place, line: str, facts: Facts | None) -> None:
        """A line about a request to the bucket (account, container) of ``place``."""
        encoded = line.encode()
        if self._bytes + len(encoded) > GATHERED_BYTES_MAX:
            self._dropped += 1
            return
        self._facts = facts
        self._bytes += len(encoded)
        self._gathered.setdefault(place, []).append(encoded)
        if not self._is_flushing:
            self._is_flushing = True
            concurrency.spawn_later(FLUSH_SECONDS, self._flush_soon)

    def flush(self) -> None:
        """Write what there is now."""
        gathered, self._gathered = self._gathered, {}
        self._bytes = 0
        if self._dropped:
            _log.warning("%d lines of access logs were dropped", self._dropped)
            self._dropped = 0
        environ = own_environ("s3-access-log", self._facts)
        for place, lines in gathered.items():
            account, container, target = place
            token = secrets.token_hex(4)
            name = chunk_name(account, container, self._clock.time(), token)
            body = Chunk(target, b"".join(lines)).to_bytes()
            try:
                self._objects.put(environ, CONTAINER, name, body)
            except (Unavailable, Rejected) as error:
                _log.warning("access logs wait: %s", error)
                self._keep(place, lines)

    def _keep(self, place: Place, lines: list[bytes]) -> None:
        size = sum(len(line) for line in lines)
        if self._bytes + size > GATHERED_BYTES_MAX:
            self._dropped += len(lines)
            return
        self._bytes += size
        self._gathered[place] = lines + self._gathered.get(place, [])

    def _flush_soon(self) -> None:
        try:
            self.flush()
        finally:
            self._is_flushing = bool(self._gathered)
            if self._is_flushing:
                concurrency.spawn_later(FLUSH_SECONDS, self._flush_soon)
