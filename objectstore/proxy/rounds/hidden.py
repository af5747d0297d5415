"""Writes that reads would not meet: most primaries are full, and answer all the same.

Handoffs stand in for primaries that are full, as for those that are away.  But who is
away says nothing, so that others are asked; a full one says what it had before.  Where
those are a majority, they may be all that a read asks: such a write is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import InsufficientStorage
from objectstore.proxy.rounds.asked import Asked
from objectstore.proxy.rounds.group import Group
from objectstore.proxy.rounds.rounds import Rounds

N = TypeVar("N")


def refuse_hidden(
    rounds: Rounds,
    group: Group[N],
    asked: Asked[N, Any],
    look: Callable[[N], Promise[Any]],
) -> None:
    """``InsufficientStorage`` for such a write.

    ``asked``: those of its round, primaries first.  ``look``: reads it of a node.
    """
    full = [
        node
        for node, promise in asked[: len(group.primaries)]
        if isinstance(promise.error, InsufficientStorage)
    ]
    if len(full) < group.majority:
        return
    # A device that is not mounted is full for whoever writes, and away for readers.
    seconds = rounds.read_patience_seconds
    heard = rounds.read(full, lambda node, _: look(node), len(full), seconds).answers
    if len(heard) >= group.majority:
        raise InsufficientStorage("most devices that are to hold this are full")
