"""A round in which every node is told something else: its own fragment.

Otherwise as ``write_round``: who fails, or does not answer in time, is replaced by the
next handoff, which gets the same fragment; with as many as are needed the round waits
until the grace is over.

But nearly all are needed here, where copies need a majority, so two that hang would
hold up every write for as long as a node may take.  Hence handoffs stand in for those
that are late when the grace is over and half have answered (else it is all that is
slow, and more to do would not help), and at once for suspects that would be needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from objectstore.kernel.concurrency import Promise, wait_until
from objectstore.kernel.errors import InsufficientStorage, Rejected, Unavailable
from objectstore.proxy.rounds.asked import any_done
from objectstore.proxy.rounds.patience import Patience
from objectstore.proxy.rounds.returning import Returning, is_away
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
        self._fragments = len(self.told)
        self._call = call
        self._spares = iter(spares)
        self._replaced: set[int] = set()

    def run(self) -> None:
        """Until ``needed`` different fragments are where they should be, and all that
        come within the grace.  Raises ``InsufficientStorage`` or ``Unavailable``."""
        clock, patience = self._patience.clock, self._patience
        began = grace_from = clock.monotonic()
        until = began + patience.node_seconds
        if self._needs_suspects():
            self._replace(lambda each: patience.is_suspect(each.node))
        in_grace, is_hedged = False, False
        while True:
            self._replace(lambda each: each.promise.error is not None)
            kept = len({each.index for each in self.told if each.is_kept})
            if kept >= self._needed and not in_grace:
                in_grace, until = True, grace_from + patience.grace_seconds
            waiting = self._worth_waiting_for(in_grace)
            if not waiting:
                break
            stop = until
            if not in_grace and not is_hedged:
                stop = min(until, began + patience.grace_seconds)
            left = stop - clock.monotonic()
            if left > 0 and wait_until(waiting, any_done(waiting), left):
                continue
            now = clock.monotonic()
            is_over = in_grace or now >= until
            if is_over or 2 * kept >= self._fragments:
                self._suspect_late()
                if not in_grace and self._replace(lambda each: not each.promise.done):
                    # The grace of those that stand in is their own.
                    grace_from = now
                    if is_over:
                        until = now + patience.node_seconds
                elif is_over:
                    break
            is_hedged = True
        if kept < self._needed:
            raise self._failure()

    def _needs_suspects(self) -> bool:
        """Whether those who let nobody wait lately are too few."""
        if not self._patience.has_suspects:
            return False
        good = sum(not self._patience.is_suspect(each.node) for each in self.told)
        return good < self._needed

    def _suspect_late(self) -> None:
        for each in self.told:
            if not each.promise.done:
                self._patience.suspect(each.node)

    def _worth_waiting_for(self, in_grace: bool) -> list[Promise[Any]]:
        return [
            each.promise
            for each in self.told
            if not each.promise.done
            and not (in_grace and self._patience.is_suspect(each.node))
        ]

    def _replace(self, is_lost: Callable[[Told[T]], bool]) -> bool:
        """Tell the next handoffs instead of these; whether there were any."""
        if self._call is None:
            return False
        is_any = False
        # The list grows while it is walked: a stand-in may be lost at once.
        for place, each in enumerate(self.told):
            if place in self._replaced or not is_lost(each):
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
