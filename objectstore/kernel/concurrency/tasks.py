"""Greenlets: to start one, to wait for it, to end it, and at most so many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import eventlet
import eventlet.greenpool
import eventlet.hubs
import eventlet.semaphore
import greenlet

Task = Any  # an eventlet GreenThread; opaque outside this package
Timer = Any  # of the hub; has ``cancel()``, harmless when it has run
Semaphore = eventlet.semaphore.Semaphore
Killed = greenlet.GreenletExit
sleep = eventlet.sleep


def spawn(function: Callable[..., Any], *arguments: Any) -> Task:
    """Run ``function`` in a greenlet of its own; ``wait_task`` collects it."""
    return eventlet.spawn(function, *arguments)


def spawn_later(seconds: float, function: Callable[..., Any], *arguments: Any) -> Task:
    """Run ``function`` in a greenlet after ``seconds``."""
    return eventlet.spawn_after(seconds, function, *arguments)


def call_later(seconds: float, call: Callable[..., Any], *arguments: Any) -> Timer:
    """Call it on the hub itself after ``seconds``, unless its timer is cancelled, which
    waits for nothing.  It must be short and must not wait."""
    return eventlet.hubs.get_hub().schedule_call_global(seconds, call, *arguments)


def wait_task(task: Task) -> Any:
    """The return value of the task, or its exception."""
    return task.wait()


def kill_task(task: Task) -> None:
    """End the task at its next switch with ``Killed``."""
    task.kill()


def current_task() -> Any:
    """The running greenlet (for locks that know their owner)."""
    return greenlet.getcurrent()


class Pool:
    """At most ``size`` greenlets at once; ``spawn`` waits for a free place."""

    def __init__(self, size: int) -> None:
        self._pool = eventlet.greenpool.GreenPool(size)

    def spawn(self, function: Callable[..., Any], *arguments: Any) -> Task:
        """Run in a greenlet of the pool; waits while the pool is full."""
        return self._pool.spawn(function, *arguments)

    def spawn_n(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Like ``spawn``, cheaper, without a result to wait for."""
        self._pool.spawn_n(function, *arguments)

    def free(self) -> int:
        """How many more could start without waiting."""
        return self._pool.free()  # type: ignore[no-any-return]

    def wait_all(self) -> None:
        """Wait until none is running."""
        self._pool.waitall()
