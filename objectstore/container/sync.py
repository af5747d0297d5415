"""Container sync: the loop that makes another cluster's container like ours.

Looks through the device's containers for those that say where they go
(``X-Container-Sync-To``) and of which this device is the first primary.  Their rows,
tombstones included, are compared with the other side's listing, page by page, and what
is newer here is sent: nothing needs to be remembered, and whatever was missed is found
the next time.  A container whose rows have not changed since a round without failures
is not looked at again until it changes, or until ``AGAIN_SECONDS`` are over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import orjson

from objectstore.container.store import ContainerStore
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Corrupt, Rejected, Unavailable
from objectstore.kernel.loop import Progress
from objectstore.kernel.sync_realms import Realms, Target, parse_target
from objectstore.kernel.timestamps import UNITS_PER_SECOND
from objectstore.wire.records import ListingQuery, ObjectRow

SYNC_TO = "X-Container-Sync-To"
SYNC_KEY = "X-Container-Sync-Key"
# The other side may have lost something that was sent.
AGAIN_SECONDS = 3600.0
# Rows compared by one step: one request to the other side, and what it shows.
ROWS_PER_STEP = 1000
CONTAINERS_PER_STEP = 100
# Refused versions of one device that are remembered as told; then they are told anew.
REFUSED_MAX = 10_000

Rank = Callable[[bytes], int]
_log = logging.getLogger("objectstore.container_sync")


class Peer(Protocol):
    """The two ends, for one container.  Methods raise ``Unavailable``, and ``Rejected``
    for what would be refused again."""

    def listing(self, marker: str, limit: int) -> Sequence[tuple[str, int]]:
        """(name, time of the newest change) of the next objects over there."""

    def send(self, row: ObjectRow) -> None:
        """Write the object over there as it is here."""

    def remove(self, row: ObjectRow) -> None:
        """Delete it over there, with the tombstone's time."""


MakePeer = Callable[[str, str, Target, str], Peer]
"""(account, container, target, the owner's key) to the two ends."""


@dataclass(slots=True)
class _Round:
    """A comparison under way."""

    key: bytes
    digest: str
    peer: Peer
    name: str  # ACCOUNT/CONTAINER, for the log
    marker: str = ""
    failures: int = 0


def newest(row: ObjectRow) -> int:
    """When the row's object was changed last."""
    return max(row.timestamp, row.modified)


def differences(
    rows: Iterable[ObjectRow], there: Mapping[str, int]
) -> Iterator[ObjectRow]:
    """The rows whose objects must be sent or removed.  Pure.

    ``there`` has all names over there within the rows' range.  What is newer over
    there is left alone, and so is what only they know of.
    """
    for row in rows:
        known = there.get(row.name)
        if row.deleted:
            if known is not None and known < row.timestamp:
                yield row
        elif known is None or known < newest(row):
            yield row


class ContainerSyncStep:
    """See the module."""

    name = "container-sync"

    def __init__(
        self,
        store: ContainerStore,
        clock: Clock,
        realms: Realms,
        rank: Rank,
        make_peer: MakePeer,
    ) -> None:
        self._store = store
        self._clock = clock
        self._realms = realms
        self._rank = rank
        self._make_peer = make_peer
        self._keys: Iterator[bytes] = iter(())
        self._round: _Round | None = None
        # Containers that are the same over there: row digest, and when that was.
        self._same: dict[bytes, tuple[str, float]] = {}
        # Versions that the log has been told of as refused: (key, name, timestamp).
        self._refused: set[tuple[bytes, str, int]] = set()

    def step(self) -> Progress:
        """Compare one page of one container, or look for the next container."""
        if not self._realms:
            return Progress.IDLE
        if self._round is None:
            return self._look()
        self._compare(self._round)
        return Progress.BUSY

    def _look(self) -> Progress:
        for _ in range(CONTAINERS_PER_STEP):
            key = next(self._keys, None)
            if key is None:
                self._keys = self._store.databases.keys()
                return Progress.DONE
            self._round = self._begin(key)
            if self._round is not None:
                break
        return Progress.BUSY

    def _begin(self, key: bytes) -> _Round | None:
        """The comparison with what the container names; None: nothing to do."""
        try:
            broker = self._store.databases.find(key)
        except Corrupt:
            return None
        if broker is None or self._rank(key):
            return None
        info = broker.info()
        wanted, user_key = info.metadata.get(SYNC_TO), info.metadata.get(SYNC_KEY)
        if not (wanted and user_key and info.exists):
            return None
        same = self._same.get(key)
        fresh = same is not None and self._clock.monotonic() < same[1] + AGAIN_SECONDS
        if fresh and same is not None and same[0] == info.row_digest:
            return None
        facts = broker.facts
        name = f"{facts.account}/{facts.container}"
        try:
            target = parse_target(self._realms, wanted)
            peer = self._make_peer(facts.account, facts.container, target, user_key)
        except (Rejected, Unavailable) as error:
            _log.warning("container sync of %s: %s", name, error)
            return None
        return _Round(key, info.row_digest, peer, name)

    def _compare(self, round_: _Round) -> None:
        """One page; the round ends with the last one, or when they are away."""
        try:
            broker = self._store.databases.find(round_.key)
            if broker is None:
                self._round = None
                return
            query = ListingQuery(limit=ROWS_PER_STEP, marker=round_.marker)
            page = broker.rows(query)
            rows = [row for row in page.rows if isinstance(row, ObjectRow)]
            end = "" if page.complete or not rows else rows[-1].name
            there = self._there(round_.peer, round_.marker, end)
            for row in differences(rows, there):
                self._carry_over(round_, row)
        except (Rejected, Unavailable, Corrupt) as error:
            # Whatever its peer answers, it must not hold up the other containers.
            _log.warning("container sync of %s: %s", round_.name, error)
            self._round = None
            return
        if end:
            round_.marker = end
            return
        if not round_.failures:
            self._same[round_.key] = (round_.digest, self._clock.monotonic())
        self._round = None

    def _carry_over(self, round_: _Round, row: ObjectRow) -> None:
        try:
            if row.deleted:
                round_.peer.remove(row)
            else:
                round_.peer.send(row)
        except (Rejected, Unavailable) as error:
            # One object must not hold up the others; the next round tries again.
            round_.failures += 1
            version = (round_.key, row.name, newest(row))
            if version not in self._refused:
                _log.warning(
                    "container sync of %s: %s: %s", round_.name, row.name, error
                )
            if isinstance(error, Rejected):
                # It will be so in each round, hundreds of times a day.
                if len(self._refused) >= REFUSED_MAX:
                    self._refused.clear()
                self._refused.add(version)

    @staticmethod
    def _there(peer: Peer, marker: str, end: str) -> dict[str, int]:
        """Everything over there after ``marker``, up to and with ``end``."""
        found: dict[str, int] = {}
        while True:
            page = peer.listing(marker, ROWS_PER_STEP)
            found.update((name, at) for name, at in page if not end or name <= end)
            if len(page) < ROWS_PER_STEP or (end and page[-1][0] >= end):
                return found
            marker = page[-1][0]


def time_of_listing(text: str) -> int:
    """The timestamp that a listing's ``last_modified`` stands for."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return int(moment.timestamp()) * UNITS_PER_SECOND + moment.microsecond // 10


def read_listing(body: bytes, marker: str) -> list[tuple[str, int]]:
    """A page of the other side's listing: (name, time of the newest change) of what
    comes after ``marker``.  ``Unavailable`` for what is no such page."""
    try:
        page = [
            (str(entry["name"]), time_of_listing(entry["last_modified"]))
            for entry in (orjson.loads(body) if body else ())
        ]
    except (ValueError, TypeError, LookupError, OverflowError):
        raise Unavailable("the other cluster answers with no listing") from None
    if page and page[-1][0] <= marker:
        # Asked on and on, it would never end.
        raise Unavailable("the other cluster lists what comes before the marker")
    return page
