"""Tells nodes whom they owe a copy: after writes that missed a primary, and after
reads that met a stale one.

Nothing waits for this and nothing depends on it: what gets lost is found by the next
round of replication.  But a device that was away for a minute is level again seconds
after its return, and what is read often is repaired first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Corrupt, Rejected
from objectstore.proxy.rounds.asked import Asked
from objectstore.proxy.rounds.group import Group

# A key that was met stale is not told of again for this long.
READ_REPAIR_SECONDS = 5.0
# Keys remembered for that; beyond, the oldest are told of again.
REMEMBERED_MAX = 4096


class Repairs:
    """See the module."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: dict[bytes, float] = {}

    # ---- after a write ----------------------------------------------------------

    def after_write(
        self, group: Group[Any], key: bytes, asked: Asked[Any, Any]
    ) -> None:
        """Look who missed it: now, and those under way when they end."""
        if _primaries_took_it(group, asked):
            return
        holders = [node for node, promise in asked if took_it(promise)]
        if not holders or not group.device_ids:
            return
        places = {id(node): promise for node, promise in asked}
        missed = []
        for node, device_id in zip(group.primaries, group.device_ids, strict=True):
            own = places.get(id(node))
            if own is None or (own.done and _missed_it(own)):
                missed.append(device_id)
            elif not own.done:
                own.when_done(_teller(holders[0], key, device_id))
        primaries = {id(node) for node in group.primaries}
        handoffs = [node for node in holders if id(node) not in primaries]
        if missed:
            # A handoff brings its copy home and forgets it.
            for node in handoffs or holders[:1]:
                node.owe_copy(key, missed)
        elif handoffs:
            # Everybody has it after all; the copies need not stay.
            for node in handoffs:
                node.owe_copy(key, group.device_ids[:1])

    # ---- after a read -----------------------------------------------------------

    def after_read(
        self,
        group: Group[Any],
        key: bytes,
        answers: Sequence[tuple[Any, Any]],
        failures: Sequence[tuple[Any, BaseException]],
        is_newest: Callable[[Any], bool],
    ) -> None:
        """Level the primaries whose answer was not the newest, or that found their
        copy corrupt, from a node that has it."""
        stale = {id(node) for node, answer in answers if not is_newest(answer)}
        stale |= {id(node) for node, error in failures if isinstance(error, Corrupt)}
        if not stale or not group.device_ids:
            return
        holder = next((node for node, answer in answers if is_newest(answer)), None)
        ids = [
            device_id
            for node, device_id in zip(group.primaries, group.device_ids, strict=True)
            if id(node) in stale
        ]
        if holder is not None and ids and self._is_due(key):
            holder.owe_copy(key, ids)

    def _is_due(self, key: bytes) -> bool:
        now = self._clock.monotonic()
        if self._told.get(key, 0.0) > now:
            return False
        self._told.pop(key, None)
        if len(self._told) >= REMEMBERED_MAX:
            del self._told[next(iter(self._told))]
        self._told[key] = now + READ_REPAIR_SECONDS
        return True


def _primaries_took_it(group: Group[Any], asked: Asked[Any, Any]) -> bool:
    """Whether the primaries, and only they, were asked, and all have the write: the
    usual end of one, in a loop that calls nothing."""
    if len(asked) != len(group.primaries):
        return False
    for (node, promise), primary in zip(asked, group.primaries, strict=True):
        receipt = promise.value
        if node is not primary or receipt is None:
            return False
        if not (receipt.stored or receipt.found):
            return False
    return True


def took_it(promise: Promise[Any]) -> bool:
    """Whether the node has the write, or something newer."""
    receipt = promise.value
    return receipt is not None and (receipt.stored or receipt.found)


def _missed_it(promise: Promise[Any]) -> bool:
    if promise.error is not None:
        # A refusal is no absence; what it refuses is not there on purpose.
        return not isinstance(promise.error, Rejected)
    return not took_it(promise)


def _teller(holder: Any, key: bytes, device_id: int) -> Callable[[Promise[Any]], None]:
    def tell(promise: Promise[Any]) -> None:
        if _missed_it(promise):
            holder.owe_copy(key, [device_id])

    return tell
