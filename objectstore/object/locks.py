"""Locks on names, for conditional writes that race.

In memory, first come first served, each ending by itself after its time.  Nothing here
waits: calls of many come one after the other (``wire.channel``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from objectstore.kernel import concurrency
from objectstore.kernel.errors import DeadlineExceeded, Unavailable

# Waiters for one name beyond this fail at once, as those who have waited too long: the
# device is there, and asking it again would only make it longer.
WAITERS_MAX = 1000


class _Lock:
    __slots__ = ("holder", "timer", "waiting")

    def __init__(self) -> None:
        self.holder = ""
        self.timer: concurrency.Timer = None
        self.waiting: deque[_Waiter] = deque()


class _Waiter:
    __slots__ = ("failed", "granted", "over", "seconds", "timer", "token")

    def __init__(
        self,
        token: str,
        seconds: float,
        granted: Callable[[], None],
        failed: Callable[[Unavailable], None],
    ) -> None:
        self.token = token
        self.seconds = seconds
        self.granted = granted
        self.failed = failed
        self.over = False
        self.timer: concurrency.Timer = None


class NameLocks:
    """Who holds which key."""

    def __init__(self) -> None:
        self._locks: dict[bytes, _Lock] = {}
        self._is_closed = False

    def __len__(self) -> int:
        """Keys that are held."""
        return len(self._locks)

    def close(self) -> None:
        """Grant nothing any more: who holds a key has it until it is released."""
        self._is_closed = True
        for lock in self._locks.values():
            waiting, lock.waiting = lock.waiting, deque()
            for waiter in waiting:
                waiter.timer.cancel()
                _fail(waiter, _not_granted())

    def take(
        self,
        key: bytes,
        token: str,
        seconds: float,
        granted: Callable[[], None],
        failed: Callable[[Unavailable], None],
    ) -> None:
        """Call ``granted`` when ``token`` has the key: now, or when those before it
        are done; ``failed`` when that takes over ``seconds``.

        Who asks again while it waits, its connection having ended, keeps its place: a
        second one would be handed the key when nobody wants it any more."""
        if self._is_closed:
            failed(_not_granted())
            return
        lock = self._locks.setdefault(key, _Lock())
        for known in lock.waiting:
            if known.token == token and not known.over:
                forgotten, known.failed = known.failed, failed
                known.granted = granted
                forgotten(Unavailable("asked for again"))
                return
        waiter = _Waiter(token, seconds, granted, failed)
        if lock.holder in ("", token):
            self._grant(key, lock, waiter)
        elif len(lock.waiting) >= WAITERS_MAX:
            failed(DeadlineExceeded("too many writers wait for the name"))
        else:
            lock.waiting.append(waiter)
            late = DeadlineExceeded("the name is locked by another writer")
            waiter.timer = concurrency.call_later(seconds, _fail, waiter, late)

    def release(self, key: bytes, token: str) -> None:
        """Hand the key on; harmless when ``token`` does not hold it."""
        lock = self._locks.get(key)
        if lock is None or lock.holder != token:
            return
        lock.timer.cancel()
        self._next(key, lock)

    def _next(self, key: bytes, lock: _Lock) -> None:
        lock.holder = ""
        while lock.waiting:
            waiter = lock.waiting.popleft()
            if not waiter.over:
                waiter.over = True
                waiter.timer.cancel()
                self._grant(key, lock, waiter)
                return
        self._locks.pop(key, None)

    def _grant(self, key: bytes, lock: _Lock, waiter: _Waiter) -> None:
        if lock.holder:  # the holder asks again: its time starts anew
            lock.timer.cancel()
        lock.holder = waiter.token
        lock.timer = concurrency.call_later(waiter.seconds, self._expire, key, lock)
        waiter.granted()

    def _expire(self, key: bytes, lock: _Lock) -> None:
        self._next(key, lock)


def _fail(waiter: _Waiter, error: Unavailable) -> None:
    if not waiter.over:
        waiter.over = True
        waiter.failed(error)


def _not_granted() -> Unavailable:
    return Unavailable("names are not granted any more")
