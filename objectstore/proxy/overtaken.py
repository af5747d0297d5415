"""Writes whose clock is behind that of what is there (decision 92).

A write is newer than what its client could see, also where another machine's clock is
ahead: a write that most devices hold something newer than is made once more, with a
timestamp behind that.  Where the newer one has come at the same time, and no clock is
ahead, it stays the newer one.
"""

from __future__ import annotations

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.timestamps import from_seconds
from objectstore.proxy.asked import Asked
from objectstore.proxy.lookups import look_up
from objectstore.proxy.object_target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.proxy.placement import Group
from objectstore.wire.nodes import ObjectNode
from objectstore.wire.records import Receipt

Written = Asked[ObjectNode, Receipt]


def is_superseded(group: Group[ObjectNode], written: Written) -> bool:
    """Whether most devices hold something newer than what was written."""
    superseded = 0
    for _, promise in written:
        if promise.value is not None and not promise.value.stored:
            superseded += 1
    return superseded >= group.majority


def follows_the_clock(parts: Parts, target: ObjectTarget, written: Written) -> bool:
    """Whether it is to be written once more: what is there is of a clock that is ahead,
    and later timestamps exceed it now.  Raises ``Unavailable`` when they cannot."""
    if not is_superseded(target.group, written):
        return False
    held = look_up(parts.rounds, target.group, target.key, want_body=False).state
    if held is None or held.newest <= from_seconds(parts.clock.time()):
        return False
    parts.timestamps.observe(held.newest)
    if parts.timestamps.now() <= held.newest:
        raise Unavailable("what is there is of a clock that is too far ahead")
    return True
