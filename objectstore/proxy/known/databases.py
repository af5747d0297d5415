"""What the replicas of an account or container know of it, merged.

A majority of the primaries is asked, as for objects.  Where their row digests
are equal any one of them can list for all; where they differ the listing is
merged from all that answered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

from objectstore.database.listing import Fetcher, merge_listing
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.proxy.rounds.asked import Gathered
from objectstore.proxy.rounds.group import Group
from objectstore.proxy.rounds.returning import with_others
from objectstore.proxy.rounds.rounds import Rounds, ask_others
from objectstore.wire.listing_forms import Form, shown
from objectstore.wire.marks import deletion_of
from objectstore.wire.nodes import DatabaseNode
from objectstore.wire.records import DatabaseInfo, ListingQuery

D = TypeVar("D", bound=DatabaseNode)
T = TypeVar("T")


class View(Generic[D]):
    """One account or container as a read sees it.

    ``info`` None: there is none live.  ``was_deleted``: because it was deleted;
    ``is_marked``: an account that still has to be emptied (``wire.marks``).
    ``is_reduced``: fewer than a majority of the primaries answered.
    """

    __slots__ = (
        "_answers",
        "_rounds",
        "holders",
        "info",
        "is_marked",
        "is_reduced",
        "key",
        "was_deleted",
    )

    def __init__(
        self,
        rounds: Rounds,
        key: bytes,
        answers: Sequence[tuple[D, DatabaseInfo | None]],
        *,
        is_reduced: bool,
    ) -> None:
        self._rounds = rounds
        self.key = key
        self._answers = answers
        self.holders = [(node, info) for node, info in answers if info is not None]
        merged = merge_infos([info for _, info in self.holders])
        exists = merged is not None and merged.exists
        self.is_marked = exists and bool(deletion_of(merged.metadata))  # type: ignore[union-attr]
        self.info = merged if exists and not self.is_marked else None
        self.was_deleted = merged is not None and self.info is None
        self.is_reduced = is_reduced

    def answered(self) -> set[int]:
        """The ids of the nodes that said what they know."""
        return {id(node) for node, _ in self._answers}

    def is_empty(self) -> bool:
        """Whether nothing is listed, whatever single replicas count: those that missed
        deletions count too much, and those that stand in too little."""
        lives = [info for _, info in self._live()]
        if not any(info.object_count or info.container_count for info in lives):
            return True
        try:
            return not self.page(ListingQuery(limit=1))
        except Rejected:
            # A stand-in that has handed over what it had in between says 404.
            raise Unavailable("a replica went while it was read") from None

    def page(self, query: ListingQuery) -> Sequence[Any]:
        """One page of the listing, of which ``info`` is the head.

        Raises ``Unavailable`` when the replicas are gone meanwhile.
        """
        page = self._of_one(lambda node: node.list(self.key, query))
        return self._merged(query) if page is None else page

    def shown(self, query: ListingQuery, form: Form) -> bytes:
        """The same as ``form``, written by a replica where they are equal."""
        page = self._of_one(lambda node: node.shown(self.key, query, form))
        return shown(self._merged(query), form) if page is None else page

    def _of_one(self, call: Callable[[D], Promise[T]]) -> T | None:
        """The answer of one replica for all; None when they differ or fail."""
        live = self._live()
        if len({info.row_digest for _, info in live}) != 1:
            return None
        nodes = [node for node, _ in live]
        answers = self._rounds.read(nodes, lambda node, place: call(node), 1).answers
        return answers[0][1] if answers else None

    def _merged(self, query: ListingQuery) -> Sequence[Any]:
        return merge_listing(query, [self._fetcher(node) for node, _ in self._live()])

    def _live(self) -> list[tuple[D, DatabaseInfo]]:
        return [(node, info) for node, info in self.holders if info.exists]

    def _fetcher(self, node: D) -> Fetcher:
        seconds = self._rounds.node_seconds
        return lambda query: node.rows(self.key, query).wait(seconds)


def view_database(
    rounds: Rounds, group: Group[D], key: bytes, *, everybody: bool = False
) -> View[D]:
    """Ask a majority, and everybody else when they know nothing of it, or are of one
    process, which may have been away; or when ``everybody`` is to be heard.

    Raises ``Unavailable`` when no replica answers.
    """

    def once() -> View[D]:
        return _view_once(rounds, group, key, everybody=everybody)

    view = once()
    if group.are_shared and rounds.is_fresh:
        return with_others(rounds, group, view, once)
    return view


def _view_once(
    rounds: Rounds, group: Group[D], key: bytes, *, everybody: bool
) -> View[D]:
    def ask(node: D, place: int) -> Promise[DatabaseInfo | None]:
        return node.info(key)

    nodes = rounds.in_order(group.read_order)
    gathered = rounds.read(nodes, ask, group.majority)
    answers = gathered.answers
    enough = len(answers) >= group.majority
    is_doubtful = group.are_of_one_owner(node for node, _ in answers)
    is_known = any(info is not None for _, info in answers)
    if enough and is_known and not (is_doubtful or everybody):
        _repair(rounds, group, key, gathered)
        return View(rounds, key, answers, is_reduced=False)
    answers = answers + ask_others(rounds, group, gathered, ask, is_known=is_known)
    if not answers:
        raise Unavailable("no replica of the database answers")
    _repair(rounds, group, key, gathered)
    is_doubtful = group.are_of_one_owner(node for node, _ in answers)
    is_reduced = not enough or (rounds.is_fresh and is_doubtful)
    return View(rounds, key, answers, is_reduced=is_reduced)


def _repair(
    rounds: Rounds,
    group: Group[D],
    key: bytes,
    gathered: Gathered[D, DatabaseInfo | None],
) -> None:
    """See that replicas which differ are levelled by one of them."""
    infos = [info for _, info in gathered.answers]
    first = next((info for info in infos if info is not None), None)
    if first is None or (
        not gathered.failures
        and all(info is not None and _same_facts(first, info) for info in infos)
    ):
        return
    rounds.repairs.after_read(
        group, key, gathered.answers, gathered.failures, lambda info: info is first
    )


def merge_infos(infos: Sequence[DatabaseInfo]) -> DatabaseInfo | None:
    """The facts of all replicas together; None of none.  Pure.

    Times and metadata merge exactly, item by item.  Counts cannot be merged:
    those that most replicas agree on are taken, among equals the larger ones.
    """
    if not infos:
        return None
    first = infos[0]
    if all(_same_facts(first, other) for other in infos[1:]):
        return first
    digests = [info.row_digest for info in infos]
    counted = max(
        infos, key=lambda info: (digests.count(info.row_digest), info.object_count)
    )
    deleted = max(info.deleted_timestamp for info in infos)
    # Replicas that raced on the first PUT agree on the earliest (database.facts).
    lives = [info for info in infos if info.exists and info.created > deleted]
    eldest = min(lives or infos, key=lambda info: (info.created, info.policy))
    timed: dict[str, tuple[str, int]] = {}
    for info in infos:
        for name, (value, at) in info.timed_metadata.items():
            if at > deleted and (at, value) > timed.get(name, ("", 0))[::-1]:
                timed[name] = (value, at)
    return replace(
        counted,
        created=eldest.created,
        policy=eldest.policy,
        put_timestamp=max(info.put_timestamp for info in infos),
        deleted_timestamp=deleted,
        status_changed=max(info.status_changed for info in infos),
        metadata={name: value for name, (value, _) in timed.items() if value},
        timed_metadata=timed,
    )


def _same_facts(one: DatabaseInfo, other: DatabaseInfo) -> bool:
    return (
        one.row_digest == other.row_digest
        and one.put_timestamp == other.put_timestamp
        and one.deleted_timestamp == other.deleted_timestamp
        and one.created == other.created
        and one.policy == other.policy
        and one.timed_metadata == other.timed_metadata
    )
