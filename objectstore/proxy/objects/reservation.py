"""Conditional writes: hold the object's name on a majority while deciding.

Names are reserved node by node in ring order, the same for everybody, so two
writers never wait for each other crosswise; any two majorities share a node,
so only one writer at a time decides, with one node down too.  What a reserving
node answers is the object's state under the lock: merged, it includes every
write that a majority acknowledged.  Devices of one process may have missed a write
together: where a name is held on such alone, others are asked too what they know.
"""

from __future__ import annotations

from collections.abc import Sequence

from objectstore.kernel.concurrency import Promise, wait_until
from objectstore.kernel.errors import Corrupt, DeadlineExceeded, Unavailable
from objectstore.proxy.known.lookups import (
    Answers,
    are_doubtful,
    look_up,
    merge_answers,
)
from objectstore.proxy.rounds.group import Group
from objectstore.proxy.rounds.returning import Returning, is_away
from objectstore.proxy.rounds.rounds import Rounds
from objectstore.wire.nodes import ObjectNode
from objectstore.wire.records import Lookup, ObjectState

# Behind the token of a further attempt, with its number.
AGAIN = "-again"

# What waiting for others may take of a node's lock, which ends by itself: the rest is
# for the write.  (That of a coded policy takes three quarters, ``FRAGMENTS_SHARE``.)
WAITED_SHARE = 0.2

# A node that hangs looks like one where another writer has the name; so often we look
# whether somebody else has found out.
LOOK_SECONDS = 0.25


class _HeldTooLong(Unavailable):
    """The first locks may be over by now: others could have them."""


class Reservation:
    """A name held on a majority of its primaries, until ``release``."""

    def __init__(
        self,
        rounds: Rounds,
        group: Group[ObjectNode],
        key: bytes,
        token: str,
        seconds: float,
    ) -> None:
        self._rounds = rounds
        self._group = group
        self._key = key
        self._name = self._token = token
        self._seconds = seconds
        self._attempt = 0
        self._asked: list[ObjectNode] = []
        self._away: list[ObjectNode] = []  # in the last attempt
        self._in_vain: list[ObjectNode] = []  # waited for, in any

    def take(self) -> ObjectState | None:
        """Wait for the locks; the object's state under them.

        Who is away for a moment is waited for.  Raises ``Unavailable`` when a majority
        cannot be had.
        """
        returning = Returning(self._rounds)
        clock = self._rounds.clock
        last = clock.monotonic() + self._seconds
        while True:
            waited_for = len(self._in_vain)
            try:
                return self._take(last)
            except _HeldTooLong:
                # Without those that were waited for in vain it is a moment's work.
                if len(self._in_vain) == waited_for and clock.monotonic() >= last:
                    raise
            except Unavailable:
                # Who waited for other writers until then has waited enough.
                if not self._away or clock.monotonic() >= last:
                    raise
                if not returning.wait_for(self._away):
                    raise
            self._begin_anew()

    def _take(self, last: float) -> ObjectState | None:
        primaries = self._group.primaries
        candidates = self._candidates()
        try:
            return self._take_of(candidates)
        except _HeldTooLong:
            raise
        except Unavailable:
            is_late = self._rounds.clock.monotonic() >= last
            if len(candidates) == len(primaries) or is_late:
                raise
        # Suspects are needed after all.
        self._begin_anew()
        return self._take_of(primaries)

    def _begin_anew(self) -> None:
        """From the beginning, in everybody's order, and by another token: what is given
        back here may arrive late."""
        self.release()
        self._asked = []
        self._attempt += 1
        self._token = f"{self._name}{AGAIN}{self._attempt}"

    def _take_of(self, nodes: Sequence[ObjectNode]) -> ObjectState | None:
        answers: Answers = []
        self._away = []
        reason: Exception | None = None
        clock = self._rounds.clock
        since = 0.0
        for node in nodes:
            self._asked.append(node)
            promise = node.reserve(self._key, self._token, self._seconds)
            try:
                lookup = self._answer(node, promise)
            except (Unavailable, Corrupt) as error:
                reason = error
                if not promise.done:
                    self._rounds.suspect(node)
                if isinstance(error, DeadlineExceeded) and node not in self._in_vain:
                    self._in_vain.append(node)
                if is_away(promise):
                    self._away.append(node)
                continue
            since = since or clock.monotonic()
            answers.append((node, lookup))
            if len(answers) == self._group.majority:
                if clock.monotonic() - since > WAITED_SHARE * self._seconds:
                    raise _HeldTooLong("the name was waited for too long")
                return self._state(answers)
        raise Unavailable(f"the name cannot be reserved on a majority: {reason}")

    def _answer(self, node: ObjectNode, promise: Promise[Lookup]) -> Lookup:
        """Wait for it, but not for a suspect that is not needed."""
        clock = self._rounds.clock
        until = clock.monotonic() + self._seconds
        while not promise.done and (left := until - clock.monotonic()) > 0:
            wait_until([promise], lambda: promise.done, min(LOOK_SECONDS, left))
            if node not in self._candidates():
                break
        if not promise.done:
            raise DeadlineExceeded("a node does not answer in time")
        return promise.result()

    def _state(self, answers: Answers) -> ObjectState | None:
        if are_doubtful(self._group, answers):
            found = look_up(self._rounds, self._group, self._key, want_body=False)
            (holder, _), *_ = answers
            answers = [*answers, (holder, Lookup(found.state))]
        return merge_answers(answers)[0]

    def _candidates(self) -> Sequence[ObjectNode]:
        """The primaries in ring order, without suspects, and without those that were
        waited for in vain, if a majority is left.

        Leaving some out keeps the order of the others, so waiting crosswise
        stays impossible.
        """
        primaries = self._group.primaries
        trusted = [
            node
            for node in primaries
            if not self._rounds.is_suspect(node) and node not in self._in_vain
        ]
        return trusted if len(trusted) >= self._group.majority else primaries

    def release(self) -> None:
        """Give all locks back, also those that were asked for in vain: a lock
        may have been granted after we stopped waiting."""
        for node in self._asked:
            node.release(self._key, self._token)
