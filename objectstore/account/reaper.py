"""The reaper: empties accounts that were deleted, then deletes them for good.

A deleted account keeps its rows and carries a mark with the time (``wire.marks``);
what is left to remove is what its listing still shows, so the work can be cut off
and taken up anywhere.  As with expiry the first primary acts, and each further one
only after a *turn*.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Protocol

from objectstore.account.store import AccountStore
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Corrupt, Rejected, Unavailable
from objectstore.kernel.loop import Progress
from objectstore.kernel.timestamps import to_seconds
from objectstore.wire.marks import deletion_of

# Accounts looked at by one step, and objects removed by one.
ACCOUNTS_PER_STEP = 20
OBJECTS_PER_STEP = 100
# Deleted accounts are rare, and nobody waits for them.
REST_SECONDS = 60.0

Rank = Callable[[bytes], int]

_log = logging.getLogger("objectstore.reaper")


class Contents(Protocol):
    """What is in an account, through the quorums of its replicas.

    Every method raises ``Unavailable`` when too few of them answer."""

    def containers(self, account: str, marker: str, limit: int) -> list[str]:
        """The next names after ``marker``."""

    def objects(
        self, account: str, container: str, limit: int
    ) -> list[tuple[str, int]]:
        """(name, policy) of the first objects."""

    def delete_objects(
        self, account: str, container: str, objects: list[tuple[str, int]]
    ) -> int:
        """Remove them; how many are gone."""

    def delete_container(self, account: str, container: str) -> None:
        """Remove an empty container; ``Rejected`` while it is not."""

    def delete_account(self, account: str) -> None:
        """Delete the empty account for good."""


class Reaper:
    """A ``kernel.loop.Step`` over one store.

    Counts since the start: ``objects``, ``containers``, ``accounts``, ``failures``.
    """

    def __init__(
        self,
        store: AccountStore,
        clock: Clock,
        contents: Contents,
        rank: Rank,
        *,
        delay_seconds: float,
        turn_seconds: float,
    ) -> None:
        self.name = "account-reaper"
        self.objects = 0
        self.containers = 0
        self.accounts = 0
        self.failures = 0
        self._databases = store.databases
        self._clock = clock
        self._contents = contents
        self._rank = rank
        self._delay_seconds = delay_seconds
        self._turn_seconds = turn_seconds
        self._keys: Iterator[bytes] | None = None
        self._account = ""  # under way
        self._marker = ""  # containers up to here have been tried in this round

    def step(self) -> Progress:
        """See ``kernel.loop.Step``; ``DONE`` after a round over all accounts."""
        if self._account:
            self._reap(self._account)
            return Progress.BUSY
        if self._keys is None:
            self._keys = self._databases.keys()
        keys = list(islice(self._keys, ACCOUNTS_PER_STEP))
        for key in keys:
            if account := self._due(key):
                self._account, self._marker = account, ""
                self._keys = _after(self._databases.keys(key), key)
                return Progress.BUSY
        if len(keys) == ACCOUNTS_PER_STEP:
            return Progress.BUSY
        self._keys = None
        return Progress.DONE

    def _due(self, key: bytes) -> str:
        """The account's name if it is to be emptied, now, by this device."""
        try:
            broker = self._databases.find(key)
        except Corrupt:
            return ""
        if broker is None or not broker.facts.is_live:
            return ""
        deleted = deletion_of(broker.facts.live_metadata)
        wait = self._delay_seconds + self._rank(key) * self._turn_seconds
        if not deleted or to_seconds(deleted) + wait > self._clock.time():
            return ""
        return broker.facts.account

    def _reap(self, account: str) -> None:
        """One bounded unit; an account that cannot go on waits for the next round."""
        try:
            if not self._reap_container(account):
                if not self._contents.containers(account, "", 1):
                    self._contents.delete_account(account)
                    self.accounts += 1
                    _log.info("account %s is reaped", account)
                self._account = ""
        except (Unavailable, Rejected) as error:
            self.failures += 1
            self._account = ""
            _log.warning("account %s: reaped on later: %s", account, error)

    def _reap_container(self, account: str) -> bool:
        """Remove some of the next container; False when there is none."""
        contents = self._contents
        names = contents.containers(account, self._marker, 1)
        if not names:
            return False
        objects = contents.objects(account, names[0], OBJECTS_PER_STEP)
        if objects:
            removed = contents.delete_objects(account, names[0], objects)
            self.objects += removed
            if not removed:
                self.failures += 1
                self._marker = names[0]
            return True
        self._marker = names[0]
        contents.delete_container(account, names[0])
        self.containers += 1
        return True


def _after(keys: Iterator[bytes], key: bytes) -> Iterator[bytes]:
    return (each for each in keys if each != key)
