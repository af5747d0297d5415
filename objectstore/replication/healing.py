"""Healing: copies that a device missed are brought to it as soon as it is back.

Two kinds of work, both found without looking through partitions: copies that others
are owed (``owed``), and entries that were put aside here as corrupt, which are
fetched from whoever has them.  A device that does not answer is tried again after
1 s, 2 s ... 10 s.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import Generic, TypeVar

from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.loop import Progress
from objectstore.replication.crew import gather
from objectstore.replication.exchange import Exchange
from objectstore.replication.options import ReplicationSettings
from objectstore.replication.owed import CopiesOwed
from objectstore.replication.places import Peer, Places
from objectstore.replication.status import ReplicationStatus

N = TypeVar("N")

REST_SECONDS = 0.5
KEYS_PER_STEP = 64
# Entries that nobody could give are asked for again after this long.
BAD_RETRY_SECONDS = 30.0

_log = logging.getLogger("objectstore.replication")


class Healing(Generic[N]):
    """A ``kernel.loop.Step``: one batch for each device that is due.

    ``bad`` lists the keys that were put aside on this device, ``repaired`` is told
    of one that is there again, or gone for a good reason.
    """

    def __init__(
        self,
        owed: CopiesOwed,
        places: Callable[[], Places[N]],
        exchange: Exchange[N],
        bad: Callable[[], Iterable[bytes]],
        repaired: Callable[[bytes], None],
        settings: ReplicationSettings,
        clock: Clock,
        status: ReplicationStatus,
    ) -> None:
        self.name = f"{status.kind}-healing"
        self._owed = owed
        self._places = places
        self._exchange = exchange
        self._bad = bad
        self._repaired = repaired
        self._at_once = settings.concurrency
        self._clock = clock
        self._status = status
        self._tried: dict[bytes, float] = {}

    def step(self) -> Progress:
        """See ``kernel.loop.Step``."""
        places = self._places()
        devices = self._owed.due()
        heal = self._heal_device
        delivered = sum(
            gather([partial(heal, places, each) for each in devices], len(devices) or 1)
        )
        fetched = self._fetch_bad(places)
        self._status.copies_owed = len(self._owed)
        self._status.copies_overflowed = self._owed.overflowed
        return Progress.BUSY if delivered or fetched else Progress.IDLE

    # ---- copies owed --------------------------------------------------------------

    def _heal_device(self, places: Places[N], device_id: int) -> int:
        """Deliver a batch; how many went through."""
        peer = places.peer(device_id)
        if peer is None:
            self._owed.drop_device(device_id)
            return 0
        # A device that was away is asked with one key whether it is back.
        limit = KEYS_PER_STEP if self._owed.is_answering(device_id) else 1
        batch = self._owed.first(device_id, limit)
        deliver = self._deliver
        outcomes = gather(
            [partial(deliver, places, peer, *item) for item in batch], self._at_once
        )
        if None in outcomes:
            self._owed.is_away(device_id)
        else:
            self._owed.answers(device_id)
        return sum(outcome or 0 for outcome in outcomes)

    def _deliver(
        self, places: Places[N], peer: Peer[N], key: bytes, demand: int
    ) -> int | None:
        """1 when it went through, 0 when it never will, None: the device is away."""
        is_own = places.is_own_key(key)
        try:
            outcome = self._exchange.sync(key, peer.node, pull=is_own)
        except Unavailable as error:
            _log.debug("%s: device %d: %s", self.name, peer.id, error)
            return None
        except RingstackError as error:
            # The next round meets the key again; here it would only be in the way.
            _log.warning("%s: %s: %s", self.name, key.hex(), error)
            self._status.failures += 1
            self._owed.delivered(peer.id, key, demand)
            return 0
        self._status.count(outcome)
        self._status.copies_healed += outcome.pushed
        self._owed.delivered(peer.id, key, demand)
        if not is_own:
            self._send_home(places, key)
        return 1

    def _send_home(self, places: Places[N], key: bytes) -> None:
        """A handoff's copy: drop it if every primary has it by now."""
        digest = self._exchange.digest(key)
        if digest is None:
            return
        peers = places.primaries(places.partition(key))
        try:
            is_everywhere = bool(peers) and all(
                self._exchange.sync(key, peer.node, pull=False).is_confirmed
                for peer in peers
            )
            if is_everywhere and self._exchange.forget(key, digest):
                self._status.keys_forgotten += 1
        except RingstackError as error:
            _log.info("%s: %s stays a handoff copy: %s", self.name, key.hex(), error)

    # ---- entries put aside --------------------------------------------------------

    def _fetch_bad(self, places: Places[N]) -> int:
        """Bring back some of what was put aside; how many came."""
        bad = list(self._bad())
        self._status.bad_waiting = len(bad)
        if not bad:
            self._tried.clear()
            return 0
        now = self._clock.monotonic()
        waiting = (key for key in bad if self._tried.get(key, now) <= now)
        keys = list(islice(waiting, KEYS_PER_STEP))
        fetch = self._fetch
        return sum(gather([partial(fetch, places, key) for key in keys], self._at_once))

    def _fetch(self, places: Places[N], key: bytes) -> int:
        """Ask every primary: the newest state may be with any of them.  What this
        device has as a handoff only is theirs to keep."""
        if places.is_own_key(key):
            # A deletion so old that nobody is told of it any more is an answer too.
            is_gone = False
            for peer in places.primaries(places.partition(key)):
                is_gone |= self._fetch_from(peer, key)
            if self._exchange.digest(key) is None and not is_gone:
                self._tried[key] = self._clock.monotonic() + BAD_RETRY_SECONDS
                return 0
        self._tried.pop(key, None)
        self._repaired(key)
        return 1

    def _fetch_from(self, peer: Peer[N], key: bytes) -> bool:
        """Fetch what the peer has; whether it knows of a deletion."""
        try:
            outcome = self._exchange.sync(key, peer.node, pull=True)
        except RingstackError as error:
            _log.info("%s: %s, device %d: %s", self.name, key.hex(), peer.id, error)
            return False
        self._status.count(outcome)
        return outcome.is_gone
