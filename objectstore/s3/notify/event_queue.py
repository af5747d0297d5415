"""Messages that wait for their target: durable, in order, bounded.

One container of the house's account for each target, ``events+<target>``; one object
for each message, whose name is the time it was made.  A message is in the ring before
the request that caused it is answered, and leaves it when its target has taken it.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass

from objectstore.kernel import concurrency
from objectstore.kernel.request import CONTEXT_KEY, Environ
from objectstore.s3.background.house_objects import HouseObjects
from objectstore.s3.registry import ACCOUNT

# A target that is away for long must not fill the store.
WAITING_MAX = 100_000
MESSAGE_BYTES_MAX = 64 * 1024
AT_ONCE = 8

_log = logging.getLogger("objectstore.s3-notify")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message, under the name that it waits by."""

    name: str
    body: bytes


class EventQueue:
    """The queue of one target."""

    __slots__ = ("_container", "_objects", "_target")

    def __init__(self, objects: HouseObjects, target: str) -> None:
        self._objects = objects
        self._target = target
        self._container = f"events+{target}"

    def add(self, environ: Environ, sequencer: str, body: bytes) -> None:
        """Keep a message; dropped, and told, when too many wait already."""
        facts = environ[CONTEXT_KEY].facts
        known = None if facts is None else facts.container(ACCOUNT, self._container)
        if known is not None and known.object_count >= WAITING_MAX:
            _log.error("%s: %d messages wait, one is lost", self._target, WAITING_MAX)
            return
        name = f"{sequencer}-{secrets.token_hex(4)}"
        self._objects.put(environ, self._container, name, body)

    def is_empty(self, environ: Environ) -> bool:
        """Whether nothing waits."""
        return not self._objects.list(environ, self._container, limit=1)

    def page(self, environ: Environ, limit: int) -> list[Waiting]:
        """The oldest messages, in order."""
        names = [
            entry["name"]
            for entry in self._objects.list(environ, self._container, limit=limit)
        ]
        pool = concurrency.Pool(AT_ONCE)
        tasks = [pool.spawn(self._read, environ, name) for name in names]
        found = [concurrency.wait_task(task) for task in tasks]
        return [waiting for waiting in found if waiting is not None]

    def _read(self, environ: Environ, name: str) -> Waiting | None:
        got = self._objects.get(environ, self._container, name, MESSAGE_BYTES_MAX)
        return None if got is None else Waiting(name, got[0])

    def remove(self, environ: Environ, names: list[str]) -> None:
        """Remove messages that have arrived."""
        pool = concurrency.Pool(AT_ONCE)
        for name in names:
            pool.spawn_n(self._objects.delete, environ, self._container, name)
        pool.wait_all()
