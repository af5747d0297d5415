"""Rounds: one call to several replicas, as few of them as needed must answer.

*Writes* go to all primaries at once and end with a majority (``write_round``);
*reads* ask as many replicas as are needed (``read_round``).  When every promise
is kept at once, all replicas being near, nothing waits and this file is all
that runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Next, Promise, wait_for_all
from objectstore.kernel.errors import DeadlineExceeded, Unavailable
from objectstore.proxy.rounds.asked import Asked, Gathered
from objectstore.proxy.rounds.group import Group
from objectstore.proxy.rounds.patience import Patience
from objectstore.proxy.rounds.read_round import ReadRound
from objectstore.proxy.rounds.repairs import Repairs
from objectstore.proxy.rounds.returning import Returning, is_away
from objectstore.proxy.rounds.write_round import WriteRound
from objectstore.proxy.settings import ProxySettings

N = TypeVar("N")
T = TypeVar("T")


class Rounds(Patience):
    """Makes rounds with the operator's patience; ``repairs`` hears of who missed
    what."""

    def __init__(self, settings: ProxySettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self.repairs = Repairs(clock)

    # ---- writes ------------------------------------------------------------

    def write(
        self,
        group: Group[N],
        call: Callable[[N], Promise[T]],
        *,
        handoffs: bool = True,
        primaries_only_count: bool = False,
        key: bytes | None = None,
        then: Next | None = None,
    ) -> Asked[N, T]:
        """Call every primary; everybody who was asked, once a majority has
        acknowledged.

        ``primaries_only_count``: a handoff keeps a copy but does not make the
        majority, so two such rounds always have a primary in common.  ``key``: what
        is written, so that a primary that missed it gets it later (None: the calls
        are no whole write).  ``then``: what follows, begun before this returns if all
        primaries have acknowledged; in that case it is waited for, too.
        Without ``handoffs`` who is away for a moment is waited for: the calls are made
        again.  Raises the refusal of most replicas, ``InsufficientStorage`` or
        ``Unavailable`` when there is no majority.
        """
        returning: Returning | None = None
        while True:
            start = self.clock.monotonic()
            asked: Asked[N, T] = [(node, call(node)) for node in group.primaries]
            if self._all_answer_well(asked, then, self.grace_seconds):
                break
            spares = iter(group.handoffs) if handoffs else iter(())
            voters = len(asked) if primaries_only_count else None
            rest = WriteRound(self, asked, call, spares, group.majority, voters)
            try:
                asked = rest.run(start)
                break
            except Unavailable:
                away = [node for node, promise in asked if is_away(promise)]
                returning = returning or Returning(self)
                if handoffs or not away or not returning.wait_for(away):
                    raise
        if key is not None:
            self.repairs.after_write(group, key, asked)
        return asked

    def settle(
        self,
        group: Group[N],
        key: bytes,
        asked: Asked[N, T],
        voters: int | None = None,
        then: Next | None = None,
        start: float | None = None,
    ) -> Asked[N, T]:
        """The same for calls already made, with nobody to stand in.

        The first ``voters`` (None: all) must bring a majority of acknowledgements.
        ``start``: when they were made (monotonic; None: just now).
        """
        needed = group.majority
        now = self.clock.monotonic()
        if start is None:
            start = now
        grace = max(0.0, start + self.grace_seconds - now)
        if not self._all_answer_well(asked, then, grace):
            rest = WriteRound(self, asked, _nobody, iter(()), needed, voters)
            asked = rest.run(start)
        if len(asked[:voters]) < needed:
            raise Unavailable(f"only {len(asked[:voters])} replicas could be asked")
        self.repairs.after_write(group, key, asked)
        return asked

    def _all_answer_well(
        self, asked: Asked[N, T], then: Next | None, seconds: float
    ) -> bool:
        """The normal case, in one wait: everybody does, and soon."""
        if self.has_suspects and any(self.is_suspect(node) for node, _ in asked):
            return False
        wait_for_all([promise for _, promise in asked], seconds, then)
        for _, promise in asked:
            if not promise.done or promise.error is not None:
                return False
        return True

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
        return ReadRound(self, asked, nodes, call, needed).run(limit)


def _nobody(node: Any) -> Promise[Any]:
    raise AssertionError("a round without stand-ins asked one")


def ask_others(
    rounds: Rounds,
    group: Group[N],
    gathered: Gathered[N, T],
    call: Callable[[N, int], Promise[T]],
    *,
    is_known: bool = True,
) -> list[tuple[N, T]]:
    """What the primaries that were not asked yet and the first handoffs say.

    When a majority has answered this is only to make sure, so nobody is waited
    for longer than the patience of a read.  But where it ``is_known`` to none of
    them and they are not to be believed, having been away together lately, those
    who are late decide: they are waited for as those are that are away, and suspects
    are asked as well, for they may be back.
    """
    asked = {id(node) for node, _ in gathered.answers}
    asked |= {id(node) for node, _ in gathered.failures}
    others = [node for node in group.read_order if id(node) not in asked]
    others += group.asked_handoffs
    seconds = None
    if len(gathered.answers) >= group.majority:
        seconds = rounds.read_patience_seconds
        answered = (node for node, _ in gathered.answers)
        if rounds.is_fresh and not is_known and group.are_of_one_owner(answered):
            late = [
                node
                for node, error in gathered.failures
                if isinstance(error, DeadlineExceeded)
            ]
            others += late
            seconds = rounds.return_seconds if late else seconds
        else:
            others = [node for node in others if not rounds.is_suspect(node)]
    return rounds.read(others, call, len(others), seconds).answers
