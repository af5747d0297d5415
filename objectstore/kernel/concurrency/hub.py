"""The hub that this process's greenlets switch to: eventlet's, on a shorter way.

A small PUT switches to the hub four or five times and hears of as many descriptors.
What eventlet's hub does each time for the sake of any program is done here only where
it matters: a hub that has died, a greenlet of another parent, events other than data.
"""

from __future__ import annotations

import errno
import os
import select
from typing import Any

import eventlet.hubs
from eventlet.hubs import epolls
from eventlet.hubs.hub import noop
from greenlet import getcurrent

# eventlet's own: who sets it wants the hub that it names.
_CHOSEN_BY_ENVIRONMENT = "EVENTLET_HUB"


class Hub(epolls.Hub):  # type: ignore[misc]
    """One for each thread that waits."""

    @staticmethod
    def is_available() -> bool:
        """Whether the system has what this needs (asked by eventlet)."""
        available: bool = epolls.is_available()
        return available

    def switch(self) -> Any:
        """Let the hub run until it comes back here."""
        loop = self.greenlet
        if loop.dead or getcurrent().parent is not loop:
            return super().switch()
        return loop.switch()

    def wait(self, seconds: float | None = None) -> None:
        """Until descriptors are ready or time is up; tell who waits for them."""
        readers, writers = self.listeners[self.READ], self.listeners[self.WRITE]
        if not readers and not writers:
            super().wait(seconds)
            return
        try:
            events = self.poll.poll(seconds)
        except OSError as error:
            if error.errno == errno.EINTR:
                return
            raise
        # All are looked up before one is told: what it does may close the others.
        ready = []
        for descriptor, event in events:
            if event != select.EPOLLIN:
                ready += self._listeners_of(descriptor, event)
            else:
                ready.append((readers.get(descriptor, noop), descriptor))
        for listener, descriptor in ready:
            try:
                listener.cb(descriptor)
            except self.SYSTEM_EXCEPTIONS:
                raise
            except BaseException as error:  # noqa: BLE001  (the hub goes on)
                self.squelch_exception(
                    descriptor, (type(error), error, error.__traceback__)
                )

    def _listeners_of(self, descriptor: int, event: int) -> list[tuple[Any, int]]:
        """Whom an event that is not just data is for."""
        if event & (select.EPOLLERR | select.EPOLLHUP):
            event |= select.EPOLLIN | select.EPOLLOUT
        found = []
        if event & (select.EPOLLIN | select.EPOLLPRI):
            found.append((self.listeners[self.READ].get(descriptor, noop), descriptor))
        if event & select.EPOLLOUT:
            found.append((self.listeners[self.WRITE].get(descriptor, noop), descriptor))
        return found


def use_own_hub() -> None:
    """Let this thread wait by ``Hub``, where system and environment allow it."""
    if Hub.is_available() and _CHOSEN_BY_ENVIRONMENT not in os.environ:
        eventlet.hubs.use_hub(Hub)
