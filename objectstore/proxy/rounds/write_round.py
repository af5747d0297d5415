"""A write round that did not succeed at once: waiting and replacing.

A replica that fails, or does not answer in time, is replaced by the next
handoff.  When the quorum has acknowledged, the round still waits for the rest
until a short grace from its start is over, so that normally every replica is
written when the client hears of it; a replica that is slower goes on alone, and
if it fails late that is a matter for repair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from objectstore.kernel.concurrency import Promise, wait_until
from objectstore.kernel.errors import DeadlineExceeded, Rejected
from objectstore.proxy.rounds.asked import Asked, any_done
from objectstore.proxy.rounds.patience import Patience
from objectstore.proxy.rounds.quorum import failed_round

N = TypeVar("N")
T = TypeVar("T")


class WriteRound(Generic[N, T]):
    """A write round that did not succeed at once."""

    __slots__ = (
        "_asked",
        "_call",
        "_needed",
        "_patience",
        "_replaced",
        "_spares",
        "_voters",
    )

    def __init__(
        self,
        patience: Patience,
        asked: Asked[N, T],
        call: Callable[[N], Promise[T]],
        spares: Iterator[N],
        needed: int,
        voters: int | None,
    ) -> None:
        self._patience = patience
        self._asked = asked
        self._call = call
        self._spares = spares
        self._needed = needed
        self._voters = voters
        self._replaced: set[int] = set()

    def run(self, start: float) -> Asked[N, T]:
        """Wait, replace, and wait again, in a round that began at ``start``
        (monotonic)."""
        clock = self._patience.clock
        until = start + self._patience.node_seconds
        in_grace = False
        while True:
            self._replace_failed()
            acks = self._acks()
            if acks >= self._needed and not in_grace:
                in_grace = True
                until = start + self._patience.grace_seconds
            waiting = self._worth_waiting_for(in_grace)
            if not waiting:
                break
            left = until - clock.monotonic()
            if left > 0 and wait_until(waiting, any_done(waiting), left):
                continue
            self._suspect_open()
            if in_grace or not self._replace_late():
                break
            until = clock.monotonic() + self._patience.node_seconds
        if acks < self._needed:
            raise self._failure()
        return self._asked

    def _acks(self) -> int:
        return sum(
            1
            for _, promise in self._asked[: self._voters]
            if promise.done and promise.error is None
        )

    def _worth_waiting_for(self, in_grace: bool) -> list[Promise[T]]:
        return [
            promise
            for node, promise in self._asked
            if not promise.done and not (in_grace and self._patience.is_suspect(node))
        ]

    def _replace_failed(self) -> None:
        for place, (_, promise) in enumerate(list(self._asked)):
            if (
                promise.done
                and promise.error is not None
                and not isinstance(promise.error, Rejected)
            ):
                self._replace(place)

    def _replace_late(self) -> bool:
        late = [at for at, (_, promise) in enumerate(self._asked) if not promise.done]
        # A list, not any(): every late one gets its stand-in.
        return True in [self._replace(place) for place in late]

    def _replace(self, place: int) -> bool:
        """Ask a handoff instead, and the next when it fails at once."""
        if place in self._replaced:
            return False
        self._replaced.add(place)
        for node in self._spares:
            promise = self._call(node)
            self._asked.append((node, promise))
            if not promise.done or promise.error is None:
                return True
            self._replaced.add(len(self._asked) - 1)
        return False

    def _suspect_open(self) -> None:
        for node, promise in self._asked:
            if not promise.done:
                self._patience.suspect(node)

    def _failure(self) -> Exception:
        refusals: list[Rejected] = []
        failures: list[BaseException] = []
        for _, promise in self._asked:
            if not promise.done:
                failures.append(DeadlineExceeded("no answer in time"))
            elif isinstance(promise.error, Rejected):
                refusals.append(promise.error)
            elif promise.error is not None:
                failures.append(promise.error)
        return failed_round(refusals, failures, self._needed)
