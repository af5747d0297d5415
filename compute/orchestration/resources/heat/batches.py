"""A group's members batch by batch: made, or brought to another definition, so many at
once and with pauses between.

Noted with the resource: how many have had their turn, since when, and what they all
were before.  That a batch is begun is noted after it is; a batch that may have been
begun before a crash is begun again, which is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.orchestration.frame.stack_type import StackType
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.heat.scaling_rules import next_batch

_DONE, _SINCE, _FORMER, _BEGUN = "done", "since", "former", "batch_begun"


@dataclass(frozen=True, slots=True)
class Pace:
    """How many at once, how many are always left alone, seconds between."""

    batch: int = 1
    in_service: int = 0
    pause: float = 0

    @classmethod
    def of(cls, policy: Mapping[str, Any]) -> Pace:
        """Of ``rolling_update``, ``batch_create`` or ``rolling_updates``."""
        return cls(
            policy.get("max_batch_size") or 1,
            policy.get("min_in_service") or 0,
            policy.get("pause_time") or 0,
        )


def start(
    work: Work, size: int, pace: Pace, former: Mapping[str, Any] | None = None
) -> None:
    """Note the first batch of so many members; ``former``: what they are now, None:
    they are not there yet."""
    first = next_batch(0, size, pace.batch, pace.in_service)
    kept = None if former is None else dict(former)
    # Whoever starts also begins the first.
    noted = {_DONE: first, _SINCE: work.now, _FORMER: kept, _BEGUN: True}
    work.remember(**noted)


def stop(work: Work) -> None:
    """All members are what they are to be, at once."""
    work.remember(**dict.fromkeys((_DONE, _SINCE, _FORMER, _BEGUN)))


def is_under_way(work: Work) -> bool:
    """Whether there are batches to come."""
    return work.data.get(_DONE) is not None


def in_turn(work: Work, members: Mapping[str, Any]) -> dict[str, Any]:
    """The members as they are to be in the present batch."""
    done, former = work.data.get(_DONE), work.data.get(_FORMER)
    if done is None:
        return dict(members)
    found = {}
    for place, (name, new) in enumerate(members.items()):
        if place < done:
            found[name] = new
        elif former is not None:
            found[name] = former.get(name, new)
    return found


def go_on(group: StackType, work: Work, size: int, pace: Pace) -> bool:
    """When a batch is done, begin the next; True after the last."""
    if not is_under_way(work):
        return True
    if not work.data.get(_BEGUN):
        group.renew(work)
        work.remember(**{_BEGUN: True})
        return False
    done = work.data[_DONE]
    if done >= size:
        stop(work)
        return True
    if work.now - work.data[_SINCE] >= pace.pause:
        after = next_batch(done, size, pace.batch, pace.in_service)
        work.remember(**{_DONE: after, _SINCE: work.now, _BEGUN: False})
    return False
