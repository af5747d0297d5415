"""Writes whose clock is behind that of what is there (decision 92).

A write is newer than what its client could see, also where another machine's clock is
ahead: a write that a device holds something newer than is made once more, with a
timestamp behind that.  By the time that one looks, a clock that was a little ahead is
not any more: it counts what is newer by so little that clocks may differ.  Where the
newer one has come much later than this one began, it stays the newer one: its client
may have given this one up.
"""

from __future__ import annotations

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.timestamps import UNITS_PER_SECOND, from_seconds
from objectstore.proxy.known.lookups import look_up
from objectstore.proxy.objects.target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.proxy.rounds.asked import Asked
from objectstore.proxy.rounds.group import Group
from objectstore.wire.nodes import ObjectNode
from objectstore.wire.records import Receipt

# More than clocks of machines differ by that are kept by NTP, and less than clients
# wait before they ask once more.
CLOCKS_DIFFER = UNITS_PER_SECOND

Written = Asked[ObjectNode, Receipt]


def is_superseded(group: Group[ObjectNode], written: Written) -> bool:
    """Whether most devices hold something newer than what was written."""
    superseded = 0
    for _, promise in written:
        if promise.value is not None and not promise.value.stored:
            superseded += 1
    return superseded >= group.majority


def follows_the_clock(
    parts: Parts,
    target: ObjectTarget,
    written: Written,
    timestamp: int,
    differ: int = CLOCKS_DIFFER,
) -> bool:
    """Whether what was written under ``timestamp`` is to be written once more: what is
    there is of a clock that is ahead, or was then by no more than ``differ``, and later
    timestamps exceed it now.  Raises ``Unavailable`` when they cannot."""
    for _, promise in written:
        if promise.value is not None and not promise.value.stored:
            break
    else:
        return False
    found = look_up(
        parts.rounds, target.group, target.key, want_body=False, newest=True
    )
    newest = found.state.newest if found.state is not None else 0
    now = from_seconds(parts.clock.time())
    # One of the same time has won by its contents: it may have been there before.
    if newest < timestamp or timestamp + differ < newest <= now:
        return False
    follow(parts, newest)
    return True


def follow(parts: Parts, newest: int) -> None:
    """Let later timestamps exceed that one, whatever the clocks.  Raises
    ``Unavailable`` when they cannot."""
    parts.timestamps.observe(newest)
    if parts.timestamps.now() <= newest:
        raise Unavailable("what is there is of a clock that is too far ahead")
