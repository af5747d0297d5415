"""What the replicas know of one object, merged: the start of every read.

A majority of the primaries is asked; a write that a majority acknowledged is
then always met.  Absence is only believed after every primary and the first
handoffs were asked, unless a tombstone says so; so is what devices of one process say
while those of others are not heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.timestamps import to_seconds
from objectstore.proxy.rounds.asked import Gathered
from objectstore.proxy.rounds.group import Group
from objectstore.proxy.rounds.returning import with_others
from objectstore.proxy.rounds.rounds import Rounds, ask_others
from objectstore.wire.layouts import Layout, layout_of, unfolded
from objectstore.wire.merge import merge_states
from objectstore.wire.nodes import ObjectNode
from objectstore.wire.records import Lookup, ObjectState

# Replicas hear of a write within milliseconds of each other, or its round sees that
# they were missed.
YOUNG_SECONDS = 2.0

Answers = list[tuple[ObjectNode, Lookup]]


class Found:
    """The merged state, and who can give the bytes.

    ``state`` None: nobody ever heard of it.  ``body`` is there when it is small
    and the asking wanted it.  ``is_reduced``: fewer than a majority of the
    primaries answered, something newer may exist.
    """

    __slots__ = ("_answers", "_group", "body", "is_reduced", "layout", "state")

    def __init__(
        self,
        group: Group[ObjectNode],
        answers: Answers,
        state: ObjectState | None,
        body: bytes | None,
        *,
        is_reduced: bool,
    ) -> None:
        self._group = group
        self._answers = answers
        self.state = state
        self.body = body
        self.is_reduced = is_reduced
        self.layout: Layout | None = None

    def unfold(self) -> None:
        """Tell of the object, where its record is that of one in fragments: those of
        ``layout``."""
        self.layout = layout = layout_of(self.state)
        if layout is not None:
            assert self.state is not None
            self.state, self.body = unfolded(self.state, layout), None

    def answered(self) -> set[int]:
        """The ids of the nodes that said what they know."""
        return {id(node) for node, _ in self._answers}

    def sources(self) -> Iterator[ObjectNode]:
        """Nodes to read the bytes from: those known to have them, then all
        others that might."""
        assert self.state is not None
        tried: set[int] = set()
        for node, lookup in self._answers:
            if lookup.state and lookup.state.timestamp == self.state.timestamp:
                tried.add(id(node))
                yield node
        for node in (*self._group.read_order, *self._group.handoffs):
            if id(node) not in tried:
                yield node


def look_up(
    rounds: Rounds,
    group: Group[ObjectNode],
    key: bytes,
    *,
    want_body: bool,
    newest: bool = False,
) -> Found:
    """Ask a majority (``newest``: all) and merge.

    Raises ``Unavailable`` when no replica can say anything.
    """

    def once() -> Found:
        return _look_up_once(rounds, group, key, want_body=want_body, newest=newest)

    found = once()
    if group.are_shared and rounds.is_fresh:
        return with_others(rounds, group, found, once)
    return found


def _look_up_once(
    rounds: Rounds,
    group: Group[ObjectNode],
    key: bytes,
    *,
    want_body: bool,
    newest: bool,
) -> Found:
    def ask(node: ObjectNode, place: int) -> Promise[Lookup]:
        return node.lookup(key, want_body=want_body and place == 0)

    needed = len(group.primaries) if newest else group.majority
    nodes = rounds.in_order(group.read_order)
    gathered = rounds.read(nodes, ask, needed)
    answers = gathered.answers
    is_known = False
    if len(answers) >= group.majority:
        state, body = merge_answers(answers)
        is_known = state is not None and bool(state.exists or state.deleted_timestamp)
        if is_known and not are_doubtful(group, answers):
            assert state is not None  # which ``is_known`` says
            _repair(rounds, group, key, gathered, answers, state)
            return Found(group, answers, state, body, is_reduced=False)
    answers = answers + ask_others(
        rounds,
        group,
        gathered,
        lambda node, _: node.lookup(key, want_body=False),
        is_known=is_known,
    )
    if not answers:
        raise Unavailable("no replica of the object answers")
    answered = {id(node) for node, _ in answers}
    voters = sum(id(node) in answered for node in group.primaries)
    state, body = merge_answers(answers)
    if state is not None:
        _repair(rounds, group, key, gathered, answers, state)
    is_reduced = voters < group.majority or (
        rounds.is_fresh and are_doubtful(group, answers)
    )
    return Found(group, answers, state, body, is_reduced=is_reduced)


def are_doubtful(group: Group[ObjectNode], answers: Answers) -> bool:
    """Whether who answered may have been away together, and who was there has not been
    heard: others may know better."""
    return group.are_of_one_owner(node for node, _ in answers)


def _repair(
    rounds: Rounds,
    group: Group[ObjectNode],
    key: bytes,
    gathered: Gathered[ObjectNode, Lookup],
    answers: Answers,
    state: ObjectState,
) -> None:
    """See that replicas which did not know the newest state get it, unless it is
    so young that its writer is still at it."""
    for _, lookup in answers:
        if lookup.state is not state and lookup.state != state:
            break
    else:
        if not gathered.failures:
            return
    age = rounds.clock.time() - to_seconds(state.newest)
    if age >= YOUNG_SECONDS:
        rounds.repairs.after_read(
            group,
            key,
            answers,
            gathered.failures,
            lambda lookup: lookup.state == state,
        )


def merge_answers(
    answers: Sequence[tuple[ObjectNode, Lookup]],
) -> tuple[ObjectState | None, bytes | None]:
    """The merged state, and the body if an answer brought the right one."""
    state: ObjectState | None = None
    for _, lookup in answers:
        if lookup.state is not None:
            state = merge_states(state, lookup.state) if state else lookup.state
    if state is None:
        return None, None
    for _, lookup in answers:
        if (
            lookup.body is not None
            and lookup.state is not None
            and lookup.state.timestamp == state.timestamp
            and lookup.state.etag == state.etag
        ):
            return state, lookup.body
    return state, None
