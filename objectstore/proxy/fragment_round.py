"""A round in which every node is told something else: its own fragment.

Otherwise as ``write_round``: who fails, or does not answer in time, is replaced by the
next handoff, which gets the same fragment; with as many as are needed the round waits
until the grace is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from objectstore.kernel.concurrency import Promise, wait_until
from objectstore.kernel.errors import InsufficientStorage, Rejected, Unavailable
from objectstore.proxy.asked import any_done
from objectstore.proxy.patience import Patience
from objectstore.proxy.returning import Returning, is_away
from objectstore.wire.nodes import ObjectNode

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """One node, the index of its fragment, and what it has promised."""

    index: int
    node: ObjectNode
    promise: Promise[T]

    @property
    def is_kept(self) -> bool:
        """Whether it has done what it was told."""
        return self.promise.done and self.promise.error is None


class FragmentRound(Generic[T]):
    """Calls under way; ``told`` grows while handoffs stand in."""

    def __init__(
        self,
        patience: Patience,
        told: Iterable[Told[T]],
        needed: int,
        call: Callable[[int, ObjectNode], Promise[T]] | None = None,
        spares: Iterable[ObjectNode] = (),
    ) -> None:
        """``call`` None: nobody can stand in any more."""
        self.told = list(told)
        self._patience = patience
        self._needed = needed
        self._call = call
        self._spares = iter(spares)
        self._replaced: set[int] = set()

    def run(self) -> None:
        """Until ``needed`` different fragments are where they should be, and all that
        come within the grace.  Raises ``InsufficientStorage`` or ``Unavailable``."""
        clock, patience = self._patience.clock, self._patience
        start = clock.monotonic()
        until = start + patience.node_seconds
        in_grace = False
        while True:
            self._replace(lambda promise: promise.done and promise.error is not None)
            kept = len({each.index for each in self.told if each.is_kept})
            if kept >= self._needed and not in_grace:
                in_grace, until = True, start + patience.grace_seconds
            waiting = self._worth_waiting_for(in_grace)
            if not waiting:
                break
            left = until - clock.monotonic()
            if left > 0 and wait_until(waiting, any_done(waiting), left):
                continue
            for each in self.told:
                if not each.promise.done:
                    patience.suspect(each.node)
            if in_grace or not self._replace(lambda promise: not promise.done):
                break
            until = clock.monotonic() + patience.node_seconds
        if kept < self._needed:
            raise self._failure()

    def _worth_waiting_for(self, in_grace: bool) -> list[Promise[Any]]:
        return [
            each.promise
            for each in self.told
            if not each.promise.done
            and not (in_grace and self._patience.is_suspect(each.node))
        ]

    def _replace(self, is_lost: Callable[[Promise[T]], bool]) -> bool:
        """Tell the next handoffs instead of these; whether there were any."""
        if self._call is None:
            return False
        is_any = False
        # The list grows while it is walked: a stand-in may be lost at once.
        for place, each in enumerate(self.told):
            if place in self._replaced or not is_lost(each.promise):
                continue
            self._replaced.add(place)
            node = next(self._spares, None)
            if node is not None:
                promise = self._call(each.index, node)
                self.told.append(Told(each.index, node, promise))
                is_any = True
        return is_any

    def _failure(self) -> Exception:
        errors = [each.promise.error for each in self.told if each.promise.error]
        for error in errors:
            if isinstance(error, Rejected):
                return error
        if errors and all(isinstance(error, InsufficientStorage) for error in errors):
            return InsufficientStorage("every device that could hold this is full")
        why = "; ".join(str(error) for error in errors) or "no answer in time"
        return Unavailable(f"fewer than {self._needed} fragments were stored: {why}")


def run_round(
    patience: Patience, make: Callable[[], FragmentRound[T]], *, may_repeat: bool = True
) -> FragmentRound[T]:
    """Make a round and run it; if it ``may_repeat``, again and again while devices that
    are needed are away for a moment.  Raises what the last one raises."""
    returning = Returning(patience)
    while True:
        made = make()
        try:
            made.run()
            return made
        except Unavailable as error:
            away = [each.node for each in made.told if is_away(each.promise)]
            is_full = isinstance(error, InsufficientStorage)
            if is_full or not (may_repeat and away and returning.wait_for(away)):
                raise
