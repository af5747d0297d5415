"""Waiting for primaries that are away for a moment.

A worker that is replaced is away for a second or so, a server that is started again for
a few.  A write that others cannot stand in for waits for its majority that long, within
its client's patience, instead of being refused.  Who does not come back meanwhile is a
suspect, and not waited for by those who come next.

So does a read through a process that has begun lately, when it hears its own devices
only: they may have missed what those that are away now have taken in the meantime.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import (
    DeadlineExceeded,
    InsufficientStorage,
    Unavailable,
)
from objectstore.proxy.rounds.group import Group
from objectstore.proxy.rounds.patience import Patience

N = TypeVar("N")


class Heard(Protocol):
    """What several nodes say together."""

    def answered(self) -> set[int]:
        """The ids of those that said something."""


H = TypeVar("H", bound=Heard)

# Between two tries; each is a call to every node that is needed.
PAUSE_SECONDS = 0.02
PAUSE_SECONDS_MAX = 0.25


class Returning:
    """One write's wait, which begins with its first failure."""

    __slots__ = ("_patience", "_pause", "_until")

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._pause = PAUSE_SECONDS
        self._until = 0.0

    def wait_for(self, away: Iterable[Any]) -> bool:
        """Let a moment pass; False when it is not worth to ask these nodes again."""
        patience = self._patience
        nodes = list(away)
        now = patience.clock.monotonic()
        if not self._until:
            if all(patience.is_suspect(node) for node in nodes):
                return False
            self._until = now + patience.return_seconds
        if now >= self._until:
            for node in nodes:
                patience.suspect(node)
            return False
        concurrency.sleep(min(self._pause, self._until - now))
        self._pause = min(2 * self._pause, PAUSE_SECONDS_MAX)
        return True


def is_away(promise: Promise[Any]) -> bool:
    """Whether the node may be back soon: it neither hangs nor is full."""
    error = promise.error
    return isinstance(error, Unavailable) and not isinstance(
        error, DeadlineExceeded | InsufficientStorage
    )


def with_others(
    patience: Patience, group: Group[N], found: H, read: Callable[[], H]
) -> H:
    """What was found, or what ``read`` finds once those of another owner are back who
    may know better."""
    returning = Returning(patience)
    while patience.is_fresh:
        answered = found.answered()
        away = [node for node in group.primaries if id(node) not in answered]
        if not group.are_unheard(away) or not returning.wait_for(away):
            break
        found = read()
    return found
