"""Judging a history against the contract (``doc/consistency.md``).  Pure.

Registers, one for each object.  A write has a timestamp; the newest that has taken
effect is what the object is.  A write that was not acknowledged may take effect at
any moment after it began, or never.  So a read may show any write that began before
the read ended, unless something newer was acknowledged before the read began.

That holds for writes that reached a majority of the primaries and for replies that
are not marked as reduced.  Writes without that majority are promised to survive, not
to be seen at once: the end of the run looks for them.

An object's metadata is a register of its own, of PUTs and POSTs, while it is there.

A listing is such a register for each of its names, of the writes whose rows are not
owed.
"""

from __future__ import annotations

from collections.abc import Sequence

from test.sim.history import (
    CREATE,
    DELETE,
    DESCRIBES,
    GET,
    LIST,
    POST,
    WRITES,
    History,
    Op,
)

ABSENT = ""
# Well below what clocks may differ by (``proxy.objects.overtaken``).
HELD_UP_SECONDS = 0.1


def check_history(history: History) -> list[str]:
    """What the clients saw that they must not have seen."""
    wrong: list[str] = []
    for container, name in history.objects():
        ops = history.of(container, name)
        writes = [op for op in ops if op.kind in WRITES]
        descriptions = [op for op in ops if op.kind in DESCRIBES]
        for op in ops:
            if op.kind == GET and op.status in (200, 404) and op.end is not None:
                backed = [write for write in writes if write.is_backed]
                wrong += _judge(op, op.seen, writes, backed, "read")
                if op.described >= 0:
                    wrong += _judge_description(op, descriptions)
            if op.kind == CREATE and op.is_acknowledged:
                wrong += _judge_create(op, writes)
            if op.is_acknowledged and op.is_backed:
                # What is deleted has no metadata that is newer.
                before = writes if op.removes else writes + descriptions
                wrong += _judge_order(op, [each for each in before if each.is_backed])
        for op in history.ops:
            if op.kind == LIST and op.container == container and op.status == 200:
                told = [write for write in writes if not write.is_owed]
                seen = op.listed.get(name, ABSENT)
                wrong += _judge(op, seen, writes, told, f"row of {name}")
    return wrong


def _judge(
    reader: Op, seen: str, writes: Sequence[Op], promises: Sequence[Op], what: str
) -> list[str]:
    """One read of one register; ``promises`` are the writes that it must see once
    they are acknowledged."""
    assert reader.end is not None
    newest = newest_promised(reader, promises)
    if seen != ABSENT:
        shown = [op for op in writes if op.etag == seen and op.start <= reader.end]
        if not shown and all(op.etag != seen for op in writes):
            return [f"{what}: bytes that nobody wrote: {reader}"]
        if newest and not any(_rank(op) >= _rank(newest) for op in shown):
            return [f"{what}: {reader} is older than {newest}"]
    elif newest and not newest.removes:
        removed = [op for op in writes if op.removes and op.start <= reader.end]
        if not any(op.timestamp >= newest.timestamp for op in removed):
            return [f"{what}: {reader} misses {newest}"]
    return []


def newest_promised(reader: Op, writes: Sequence[Op]) -> Op | None:
    """The newest write that this reader must see, or something newer."""
    if reader.is_reduced or not reader.is_within(reader.epoch):
        return None
    promised = [
        op
        for op in writes
        if op.is_acknowledged
        and op.end is not None
        and op.end < reader.start
        and op.is_within(reader.epoch)
    ]
    return max(promised, key=_rank, default=None)


def _rank(op: Op) -> tuple[int, bool, str]:
    """What wins: the newest; of the same moment, which two proxies may take that follow
    one clock, a deletion, then the larger etag (``wire.merge``)."""
    return op.timestamp, op.removes, op.etag


def _follows(op: Op, other: Op) -> bool:
    """Whether the one wins over the other, metadata by what it is."""
    if POST not in (op.kind, other.kind):
        return _rank(op) > _rank(other)
    one, two = [
        (each.timestamp, each.removes, str(each.number)) for each in (op, other)
    ]
    return one > two


def _judge_description(reader: Op, descriptions: Sequence[Op]) -> list[str]:
    """The metadata that a read has seen."""
    newest = newest_promised(reader, [op for op in descriptions if op.is_backed])
    shown = [op for op in descriptions if op.number == reader.described]
    if not shown:
        return [f"metadata that nobody wrote: {reader}"]
    if newest and shown[0].timestamp < newest.timestamp:
        return [f"metadata: {reader} is older than {newest}"]
    return []


def _judge_order(op: Op, writes: Sequence[Op]) -> list[str]:
    """A write is newer than all that was acknowledged before it began, whatever the
    clocks: it has an effect.  But for one that was held up, which cannot tell a clock
    that was ahead from a later write, and one that says that it was superseded."""
    assert op.end is not None
    if op.end - op.start > HELD_UP_SECONDS or (op.kind in WRITES and op.status == 202):
        return []
    newest = newest_promised(op, writes)
    if newest is None or _follows(op, newest):
        return []
    return [f"order: {op} came after {newest}"]


def _judge_create(op: Op, writes: Sequence[Op]) -> list[str]:
    """``If-None-Match: *`` succeeded: was there a moment without the object?"""
    others = [each for each in writes if each is not op and each.is_backed]
    newest = newest_promised(op, others)
    if newest is None or newest.removes:
        return []
    assert op.end is not None
    removed = (
        each
        for each in writes
        if each.kind == DELETE
        and each.start <= op.end
        and each.timestamp > newest.timestamp
    )
    if any(removed):
        return []
    return [f"create: {op} although there was {newest}"]


def newest_acknowledged(writes: Sequence[Op]) -> Op | None:
    """What must have survived, or something newer."""
    acknowledged = [op for op in writes if op.is_acknowledged and op.timestamp]
    return max(acknowledged, key=lambda op: op.timestamp, default=None)


def check_description(
    name: str, descriptions: Sequence[Op], timestamp: int, number: int
) -> list[str]:
    """After all has come to rest: the metadata of an object that is there, of that
    time, by the write of that number."""
    newest = newest_acknowledged(descriptions)
    if newest is not None and timestamp < newest.timestamp:
        return [f"lost: the metadata of {name} is of {timestamp}, not of {newest}"]
    if not any(
        op.number == number and timestamp in op.timestamps for op in descriptions
    ):
        return [f"{name} has metadata of {timestamp} by #{number}: nobody's"]
    return []


def check_survivor(
    name: str, writes: Sequence[Op], timestamp: int, etag: str
) -> list[str]:
    """After all has come to rest: the object's newest state anywhere.

    ``timestamp`` 0: nobody knows of it; ``etag`` "": it is deleted.
    """
    newest = newest_acknowledged(writes)
    if newest is not None and timestamp < newest.timestamp:
        return [f"lost: {name} is of {timestamp}, not of {newest}"]
    of_it = [op for op in writes if timestamp in op.timestamps]
    if timestamp and not of_it:
        return [f"{name} is of {timestamp}, which nobody wrote"]
    if timestamp and etag != ABSENT and all(op.etag != etag for op in of_it):
        return [f"{name} has the bytes of another write: {of_it[0]}"]
    if (
        timestamp
        and etag == ABSENT
        and not any(op.removes or timestamp in op.timestamps[1:] for op in of_it)
    ):
        return [f"{name} is gone, but nobody deleted it at {timestamp}: {of_it[0]}"]
    return []
