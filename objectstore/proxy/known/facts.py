"""What the proxy remembers, for seconds, of accounts and containers.

Every request needs its container's policy and ACL and its account's ACL;
asking the replicas each time would double the cost of a small read.  So facts
of what *exists* are remembered for a few seconds, a bounded number of them.
What does not exist is asked for again each time: the next request may follow
the creation through another process.  A write that meets a container deleted
meanwhile learns it from the row merge.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.known_facts import Located
from objectstore.proxy.known.databases import view_database
from objectstore.proxy.rounds.group import Group
from objectstore.proxy.rounds.placement import Placement
from objectstore.proxy.rounds.rounds import Rounds
from objectstore.proxy.settings import ProxySettings
from objectstore.wire.nodes import AccountNode, ContainerNode, DatabaseNode
from objectstore.wire.records import DatabaseInfo

D = TypeVar("D", bound=DatabaseNode)

# While one request asks for facts that ran out, the others go on with the old
# ones: a busy container must not be asked for by all of them at once.
REFRESH_SECONDS = 0.5
# By up to so much of their time facts run out earlier, each by a share of its own:
# what is learnt in one moment is else asked for again in one moment, time after time,
# and for each answer a busy container is folded.
SPREAD = 0.25


class Known(Generic[D]):
    """An account or container that exists: its facts, key and nodes."""

    __slots__ = ("group", "info", "key", "until")

    def __init__(
        self, info: DatabaseInfo, key: bytes, group: Group[D], until: float
    ) -> None:
        self.info = info
        self.key = key
        self.group = group
        self.until = until


class FactsCache:
    """Facts of accounts and containers; implements ``kernel.known_facts.Facts``."""

    def __init__(
        self,
        placement: Placement,
        rounds: Rounds,
        settings: ProxySettings,
        clock: Clock,
    ) -> None:
        self._placement = placement
        self._rounds = rounds
        self._monotonic = clock.monotonic
        self._seconds = settings.facts_seconds
        self._count_max = settings.facts_count
        self._containers: dict[tuple[str, str], Known[ContainerNode]] = {}
        self._accounts: dict[str, Known[AccountNode]] = {}
        # Counts the changes made here: an answer that was under way during one
        # may be older than it, and is not remembered.
        self._changes = 0

    def account(self, account: str) -> DatabaseInfo | None:
        """The account's facts; None where there is none live."""
        known = self.known_account(account)
        return None if known is None else known.info

    def container(self, account: str, container: str) -> DatabaseInfo | None:
        """The container's facts; None where there is none live."""
        known = self.known_container(account, container)
        return None if known is None else known.info

    def fresh_account(self, account: str) -> DatabaseInfo | None:
        """The account's facts, asked of the nodes now."""
        known = self._fresh_account(account)
        return None if known is None else known.info

    def fresh_container(self, account: str, container: str) -> DatabaseInfo | None:
        """The container's facts, asked of the nodes now."""
        known = self._fresh_container(account, container)
        return None if known is None else known.info

    def locate(self, account: str, container: str = "", name: str = "") -> Located:
        """Where it is, or would be, kept."""
        policy = 0
        if container:
            known = self.known_container(account, container)
            policy = 0 if known is None else known.info.policy
        return self._placement.locate(account, container, name, policy)

    def known_account(self, account: str) -> Known[AccountNode] | None:
        """The account with its nodes, if there is one."""
        known = self._accounts.get(account)
        if known is not None:
            if known.until > self._monotonic():
                return known
            self._ask_again(known)
        return self._fresh_account(account)

    def _fresh_account(self, account: str) -> Known[AccountNode] | None:
        key, group = self._placement.account(account)
        changes = self._changes
        fresh = self._ask(key, group)
        if changes == self._changes:
            _remember(self._accounts, account, fresh, self._count_max)
        return fresh

    def known_container(
        self, account: str, container: str
    ) -> Known[ContainerNode] | None:
        """The container with its nodes, if there is one."""
        name = (account, container)
        known = self._containers.get(name)
        if known is not None:
            if known.until > self._monotonic():
                return known
            self._ask_again(known)
        return self._fresh_container(account, container)

    def _fresh_container(
        self, account: str, container: str
    ) -> Known[ContainerNode] | None:
        name = (account, container)
        key, group = self._placement.container(account, container)
        changes = self._changes
        fresh = self._ask(key, group)
        if fresh is not None and self._is_deleted_account(account):
            fresh = None
        if changes == self._changes:
            _remember(self._containers, name, fresh, self._count_max)
        return fresh

    def _is_deleted_account(self, account: str) -> bool:
        """Whether the containers are only waiting to be removed with it."""
        if self.known_account(account) is not None:
            return False
        key, group = self._placement.account(account)
        return view_database(self._rounds, group, key).was_deleted

    def forget_account(self, account: str) -> None:
        """It was changed here: ask again next time."""
        self._changes += 1
        self._accounts.pop(account, None)

    def forget_container(self, account: str, container: str) -> None:
        """It was changed here: ask again next time."""
        self._changes += 1
        self._containers.pop((account, container), None)

    def _ask_again(self, known: Known[D]) -> None:
        """Of many who find it old, one asks: the others may use it meanwhile."""
        known.until = self._monotonic() + REFRESH_SECONDS

    def _ask(self, key: bytes, group: Group[D]) -> Known[D] | None:
        view = view_database(self._rounds, group, key)
        if view.info is None:
            if view.is_reduced:
                # Not 404: those that do not answer may know it.
                raise Unavailable("too few replicas to know that it does not exist")
            return None
        seconds = self._seconds * (1 - SPREAD * key[-1] / 255)
        return Known(view.info, key, group, self._monotonic() + seconds)


K = TypeVar("K")


def _remember(
    cache: dict[K, Known[D]], name: K, known: Known[D] | None, count_max: int
) -> None:
    cache.pop(name, None)
    if known is None:
        return
    if len(cache) >= count_max:
        # Insertion order is age: the oldest is the first to run out anyway.
        del cache[next(iter(cache))]
    cache[name] = known
