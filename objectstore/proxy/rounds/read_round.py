"""A read round that did not succeed at once: each replica that fails, or that
lets us wait, is replaced by the next; a slow answer still counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from objectstore.kernel.concurrency import Promise, wait_until
from objectstore.kernel.errors import DeadlineExceeded
from objectstore.proxy.rounds.asked import Asked, Gathered, any_done
from objectstore.proxy.rounds.patience import Patience

N = TypeVar("N")
T = TypeVar("T")


class ReadRound(Generic[N, T]):
    """A read round that did not succeed at once."""

    def __init__(
        self,
        patience: Patience,
        asked: Asked[N, T],
        nodes: Sequence[N],
        call: Callable[[N, int], Promise[T]],
        needed: int,
    ) -> None:
        self._patience = patience
        self._asked = asked
        self._spares = iter(nodes[len(asked) :])
        self._call = call
        self._needed = needed
        self._replaced: set[int] = set()

    def run(self, seconds: float) -> Gathered[N, T]:
        """Wait, replace, and wait again."""
        clock = self._patience.clock
        end = clock.monotonic() + seconds
        patience = clock.monotonic() + self._patience.read_patience_seconds
        while True:
            self._replace(lambda promise: promise.done and promise.error is not None)
            gathered = self._gathered()
            waiting = [promise for _, promise in self._asked if not promise.done]
            if len(gathered.answers) >= self._needed or not waiting:
                return gathered
            now = clock.monotonic()
            left = (patience if now < patience < end else end) - now
            if left > 0 and wait_until(waiting, any_done(waiting), left):
                continue
            for node, promise in self._asked:
                if not promise.done:
                    self._patience.suspect(node)
            if now >= end:
                return self._gathered()
            self._replace(lambda promise: not promise.done)

    def _replace(self, is_lost: Callable[[Promise[T]], bool]) -> None:
        # The list grows while it is walked: a replacement may be lost at once.
        for place, (_, promise) in enumerate(self._asked):
            if place in self._replaced or not is_lost(promise):
                continue
            self._replaced.add(place)
            node = next(self._spares, None)
            if node is not None:
                self._asked.append((node, self._call(node, len(self._asked))))

    def _gathered(self) -> Gathered[N, T]:
        answers: list[tuple[N, T]] = []
        failures: list[tuple[N, BaseException]] = []
        for node, promise in self._asked:
            if promise.done and promise.error is None:
                answers.append((node, promise.value))  # type: ignore[arg-type]
            elif promise.done and promise.error is not None:
                failures.append((node, promise.error))
            else:
                failures.append((node, DeadlineExceeded("no answer in time")))
        return Gathered(answers, failures)
