"""Rounds: one call to several replicas, as few of them as needed must answer.

*Writes* go to all primaries at once.  A replica that fails, or does not answer
in time, is replaced by the next handoff.  When the quorum has acknowledged,
the round waits a short grace for the rest, so that normally every replica is
written when the client hears of it; a replica that is slower goes on alone,
and if it fails late that is a matter for repair.

*Reads* ask as many replicas as are needed and replace each that fails, or that
lets them wait, by the next.

When every promise is kept at once (all replicas near) nothing waits.
A node that was waited for in vain is a *suspect* for a few seconds: asked
last, and nobody waits for it out of mere politeness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise, wait_until
from objectstore.kernel.errors import DeadlineExceeded, Rejected, Unavailable
from objectstore.proxy.placement import Group
from objectstore.proxy.quorum import failed_round
from objectstore.proxy.settings import ProxySettings

N = TypeVar("N")
T = TypeVar("T")

SUSPECT_SECONDS = 5.0

Asked = list[tuple[N, Promise[T]]]


class Gathered(NamedTuple, Generic[N, T]):
    """What a read round brought: answers and failures, with whose they are."""

    answers: list[tuple[N, T]]
    failures: list[tuple[N, BaseException]]


class Rounds:
    """Makes rounds with the operator's patience."""

    def __init__(self, settings: ProxySettings, clock: Clock) -> None:
        self.clock = clock
        self.node_seconds = settings.node_timeout
        self.read_patience_seconds = settings.read_patience
        self.grace_seconds = settings.write_grace
        # id of the node -> (monotonic time until which it is suspect, the node).
        self._suspects: dict[int, tuple[float, Any]] = {}

    # ---- suspects ----------------------------------------------------------

    def suspect(self, node: object) -> None:
        """Remember that the node let somebody wait in vain."""
        self._suspects[id(node)] = (self.clock.monotonic() + SUSPECT_SECONDS, node)

    def is_suspect(self, node: object) -> bool:
        """Whether it did so within the last seconds."""
        found = self._suspects.get(id(node))
        if found is None:
            return False
        if found[0] > self.clock.monotonic():
            return True
        del self._suspects[id(node)]
        return False

    def in_order(self, nodes: tuple[N, ...]) -> Sequence[N]:
        """The nodes, suspects last."""
        if not self._suspects:
            return nodes
        return sorted(nodes, key=self.is_suspect)

    # ---- writes ------------------------------------------------------------

    def write(
        self,
        group: Group[N],
        call: Callable[[N], Promise[T]],
        *,
        handoffs: bool = True,
        primaries_only_count: bool = False,
    ) -> Asked[N, T]:
        """Call every primary; everybody who was asked, once a majority has
        acknowledged.

        ``primaries_only_count``: a handoff keeps a copy but does not make the
        majority, so two such rounds always have a primary in common.
        Raises the refusal of most replicas, ``InsufficientStorage`` or
        ``Unavailable`` when there is no majority.
        """
        asked: Asked[N, T] = [(node, call(node)) for node in group.primaries]
        for _, promise in asked:
            if not promise.done or promise.error is not None:
                spares = iter(group.handoffs) if handoffs else iter(())
                voters = len(asked) if primaries_only_count else None
                return _Writing(self, asked, call, spares, group.majority, voters).run()
        return asked

    def settle(
        self, asked: Asked[N, T], needed: int, voters: int | None = None
    ) -> Asked[N, T]:
        """The same for calls already made, with nobody to stand in.

        The first ``voters`` (None: all) must bring ``needed`` acknowledgements.
        """
        for _, promise in asked:
            if not promise.done or promise.error is not None:
                return _Writing(self, asked, _nobody, iter(()), needed, voters).run()
        if len(asked[:voters]) < needed:
            raise Unavailable(f"only {len(asked[:voters])} replicas could be asked")
        return asked

    # ---- reads -------------------------------------------------------------

    def read(
        self,
        nodes: Sequence[N],
        call: Callable[[N, int], Promise[T]],
        needed: int,
        seconds: float | None = None,
    ) -> Gathered[N, T]:
        """Answers of ``needed`` nodes if so many can answer, else of fewer.

        ``call`` is given the node and how many were asked before it.  The round
        ends after ``seconds`` (None: the node timeout).
        """
        asked: Asked[N, T] = []
        answers: list[tuple[N, T]] = []
        for node in nodes[:needed]:
            promise = call(node, len(asked))
            asked.append((node, promise))
            if promise.done and promise.error is None:
                answers.append((node, promise.value))  # type: ignore[arg-type]
        if len(answers) == needed:
            return Gathered(answers, [])
        limit = self.node_seconds if seconds is None else seconds
        return _Reading(self, asked, nodes, call, needed).run(limit)


class _Writing(Generic[N, T]):
    """A write round that did not succeed at once."""

    def __init__(
        self,
        rounds: Rounds,
        asked: Asked[N, T],
        call: Callable[[N], Promise[T]],
        spares: Iterator[N],
        needed: int,
        voters: int | None,
    ) -> None:
        self._rounds = rounds
        self._asked = asked
        self._call = call
        self._spares = spares
        self._needed = needed
        self._voters = voters
        self._replaced: set[int] = set()

    def run(self) -> Asked[N, T]:
        """Wait, replace, and wait again."""
        clock = self._rounds.clock
        until = clock.monotonic() + self._rounds.node_seconds
        in_grace = False
        self._wait_for_all()
        while True:
            self._replace_failed()
            acks = self._acks()
            if acks >= self._needed and not in_grace:
                in_grace = True
                until = clock.monotonic() + self._rounds.grace_seconds
            waiting = self._worth_waiting_for(in_grace)
            if not waiting:
                break
            left = until - clock.monotonic()
            if left > 0 and wait_until(waiting, _any_done(waiting), left):
                continue
            self._suspect_open()
            if in_grace or not self._replace_late():
                break
            until = clock.monotonic() + self._rounds.node_seconds
        if acks < self._needed:
            raise self._failure()
        return self._asked

    def _wait_for_all(self) -> None:
        """The normal case in one wait: everybody answers well, and soon."""
        suspect = self._rounds.is_suspect
        waiting = [promise for _, promise in self._asked if not promise.done]
        if not any(suspect(node) for node, _ in self._asked):
            wait_until(waiting, _any_failed(waiting), self._rounds.grace_seconds)

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
            if not promise.done and not (in_grace and self._rounds.is_suspect(node))
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
                self._rounds.suspect(node)

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


class _Reading(Generic[N, T]):
    """A read round that did not succeed at once."""

    def __init__(
        self,
        rounds: Rounds,
        asked: Asked[N, T],
        nodes: Sequence[N],
        call: Callable[[N, int], Promise[T]],
        needed: int,
    ) -> None:
        self._rounds = rounds
        self._asked = asked
        self._spares = iter(nodes[len(asked) :])
        self._call = call
        self._needed = needed
        self._replaced: set[int] = set()

    def run(self, seconds: float) -> Gathered[N, T]:
        """Wait, replace, and wait again."""
        clock = self._rounds.clock
        end = clock.monotonic() + seconds
        patience = clock.monotonic() + self._rounds.read_patience_seconds
        while True:
            self._replace(lambda promise: promise.done and promise.error is not None)
            gathered = self._gathered()
            waiting = [promise for _, promise in self._asked if not promise.done]
            if len(gathered.answers) >= self._needed or not waiting:
                return gathered
            now = clock.monotonic()
            left = (patience if now < patience < end else end) - now
            if left > 0 and wait_until(waiting, _any_done(waiting), left):
                continue
            for node, promise in self._asked:
                if not promise.done:
                    self._rounds.suspect(node)
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


def _nobody(node: Any) -> Promise[Any]:
    raise AssertionError("a round without stand-ins asked one")


def _any_failed(waiting: list[Promise[T]]) -> Callable[[], bool]:
    return lambda: any(promise.error is not None for promise in waiting)


def _any_done(waiting: list[Promise[T]]) -> Callable[[], bool]:
    return lambda: any(promise.done for promise in waiting)


def ask_others(
    rounds: Rounds,
    group: Group[N],
    gathered: Gathered[N, T],
    call: Callable[[N, int], Promise[T]],
) -> list[tuple[N, T]]:
    """What the primaries that were not asked yet and the first handoffs say.

    When a majority has answered this is only to make sure, so nobody is waited
    for longer than the patience of a read.
    """
    asked = {id(node) for node, _ in gathered.answers}
    asked |= {id(node) for node, _ in gathered.failures}
    others = [node for node in group.read_order if id(node) not in asked]
    others += group.handoffs[: len(group.primaries)]
    seconds = None
    if len(gathered.answers) >= group.majority:
        seconds = rounds.read_patience_seconds
        others = [node for node in others if not rounds.is_suspect(node)]
    return rounds.read(others, call, len(others), seconds).answers
