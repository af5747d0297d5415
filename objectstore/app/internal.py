"""The store as its own daemons use it: through the quorums, without HTTP.

The expirer and the reaper work on one device but act on every replica; what they do
goes through the same rounds and rows as a client's request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise, promised
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.timestamps import HybridClock, from_seconds
from objectstore.policy.policies import Policies
from objectstore.proxy.known.databases import View, view_database
from objectstore.proxy.known.facts import Known
from objectstore.proxy.known.lookups import look_up
from objectstore.proxy.objects.row_step import record_row
from objectstore.proxy.parts import Parts
from objectstore.proxy.rounds.placement import Placement
from objectstore.proxy.settings import ProxySettings
from objectstore.wire.nodes import ContainerNode
from objectstore.wire.records import (
    ContainerRow,
    ListingQuery,
    ObjectName,
    ObjectState,
    Subdirectory,
)
from objectstore.wire.rows import row_of


class InternalStore:
    """Implements ``account.reaper.Contents`` and the expirer's ``Expire``.

    ``placement`` is asked at the first use: it is made after the devices.
    """

    def __init__(
        self,
        placement: Callable[[], Placement],
        policies: Policies,
        settings: ProxySettings,
        clock: Clock,
        timestamps: HybridClock,
    ) -> None:
        def make() -> Parts:
            return Parts(placement(), policies, settings, clock, timestamps, "")

        self._make: Callable[[], Parts] = make
        self._parts: Parts | None = None

    @property
    def parts(self) -> Parts:
        """What the proxy's handlers work with."""
        if self._parts is None:
            self._parts = self._make()
        return self._parts

    # ---- objects ------------------------------------------------------------

    def expire(self, key: bytes, state: ObjectState) -> Promise[bool]:
        """Remove the object if it still ends when ``state`` says; whether it did.

        The tombstone carries the time of that end (never of now): it kills this
        version, and no PUT that came after the end.
        """
        return promised(self._expire, key, state)

    def _expire(self, key: bytes, state: ObjectState) -> bool:
        parts, name = self.parts, state.name
        _, group = parts.placement.object(
            name.account, name.container, name.object, name.policy
        )
        found = look_up(parts.rounds, group, key, want_body=False)
        if found.is_reduced:
            raise Unavailable("too few replicas to know that nothing newer is there")
        held = found.state
        if held is None or not held.exists or held.delete_at != state.delete_at:
            return False
        at = max(from_seconds(held.delete_at), held.newest + 1)
        self._bury(key, held.name, at)
        return True

    def _bury(self, key: bytes, name: ObjectName, timestamp: int) -> None:
        """A tombstone on a majority, and its row."""
        parts = self.parts
        _, group = parts.placement.object(
            name.account, name.container, name.object, name.policy
        )
        tombstone = ObjectState(name, deleted_timestamp=timestamp)
        written = parts.rounds.write(
            group, lambda node: node.delete(key, tombstone), key=key
        )
        known = self._container(name.account, name.container)
        if known is not None:
            record_row(parts, known, row_of(tombstone), key, written)

    def _container(self, account: str, container: str) -> Known[ContainerNode] | None:
        """The container, also one that nobody sees any more since its account is
        deleted."""
        parts = self.parts
        known = parts.facts.known_container(account, container)
        if known is None:
            key, group = parts.placement.container(account, container)
            info = view_database(parts.rounds, group, key).info
            known = None if info is None else Known(info, key, group, 0.0)
        return known

    def delete_objects(
        self, account: str, container: str, objects: list[tuple[str, int]]
    ) -> int:
        """See ``Contents``."""
        parts = self.parts
        asked = []
        for object_name, policy in objects:
            name = ObjectName(account, container, object_name, policy)
            key, _ = parts.placement.object(account, container, object_name, policy)
            asked.append(promised(self._bury, key, name, parts.timestamps.now()))
        removed = 0
        for promise in asked:
            try:
                promise.wait()
            except Unavailable:
                continue
            removed += 1
        return removed

    # ---- containers and accounts ----------------------------------------------

    def containers(self, account: str, marker: str, limit: int) -> list[str]:
        """See ``Contents``; also of an account that is marked as deleted."""
        key, group = self.parts.placement.account(account)
        view = view_database(self.parts.rounds, group, key)
        return [row.name for row in _page(view, marker, limit)]

    def objects(
        self, account: str, container: str, limit: int
    ) -> list[tuple[str, int]]:
        """See ``Contents``."""
        key, group = self.parts.placement.container(account, container)
        view = view_database(self.parts.rounds, group, key)
        return [(row.name, row.policy) for row in _page(view, "", limit)]

    def delete_container(self, account: str, container: str) -> None:
        """See ``Contents``."""
        parts = self.parts
        key, group = parts.placement.container(account, container)
        timestamp = parts.timestamps.now()
        parts.rounds.write(
            group, lambda node: node.delete(key, timestamp), handoffs=False, key=key
        )
        parts.facts.forget_container(account, container)
        row = ContainerRow(container, 0, timestamp, 0, 0, 0)
        account_key, replicas = parts.placement.account(account)
        parts.rounds.write(
            replicas,
            lambda node: node.merge(account_key, account, [row]),
            handoffs=False,
            key=account_key,
        )

    def delete_account(self, account: str) -> None:
        """See ``Contents``."""
        parts = self.parts
        key, group = parts.placement.account(account)
        timestamp = parts.timestamps.now()
        try:
            parts.rounds.write(
                group, lambda node: node.delete(key, timestamp), handoffs=False, key=key
            )
        finally:
            parts.facts.forget_account(account)


def _page(view: View[Any], marker: str, limit: int) -> list[Any]:
    if view.is_reduced:
        raise Unavailable("too few replicas to know what is there")
    if not any(info.exists for _, info in view.holders):
        return []
    try:
        page = view.page(ListingQuery(marker=marker, limit=limit))
    except Rejected:
        return []
    return [row for row in page if not isinstance(row, Subdirectory)]
