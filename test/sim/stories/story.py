"""A story: one client's doings with one feature, one request after the other.

It has places of its own, so nobody else changes what it has written, and it knows by
its ``promises`` what it may find.  How it goes on is drawn from the seed; what goes
wrong around it is none of its concern.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from random import Random

from objectstore.kernel import concurrency
from test.sim.teller import Teller, Told

# Longer than tame clocks differ.
THINK_SECONDS = (0.1, 0.8)
SETTLE_TRIES = 40
SETTLE_SECONDS = 5.0


class Story:
    """See the module.  ``wrong``: what it saw and must not have seen."""

    def __init__(self, teller: Teller, random: Random, *, is_ordered: bool) -> None:
        self.wrong: list[str] = []
        self.acknowledged = 0
        self.teller = teller
        self.random = random
        self.is_ordered = is_ordered
        self._count = 0

    def run(self, until: Callable[[], bool]) -> None:
        """Act until it is time to stop."""
        while not until():
            self.pause()
            self.act()

    def pause(self) -> None:
        """Think."""
        concurrency.sleep(self.random.uniform(*THINK_SECONDS))

    def begin(self) -> None:
        """Before anything goes wrong: make what it stands on."""

    def act(self) -> None:
        """One thing of its feature."""
        raise NotImplementedError

    def settle(self) -> None:
        """All is well again: end what it was in the middle of."""

    def check(self) -> None:
        """All has come to rest: compare what is there with what was promised."""

    def check_late(self) -> None:
        """The same, hours later: what was to be swept is gone."""

    # ---- what stories have in common -------------------------------------------

    def blame(self, found: Sequence[str]) -> None:
        """Something is wrong."""
        self.wrong += [f"{self.teller.name}: {each}" for each in found]

    def must(self, told: Told, what: str) -> Told:
        """Of a request that cannot fail when all is well."""
        if not told.is_done:
            self.blame([f"{what} is answered {told.status} {told.body[:200]!r}"])
        return told

    def insist(self, ask: Callable[[], Told], good: Sequence[int] = ()) -> Told:
        """Ask until it is done, or answered by one of the ``good`` statuses: all is
        well, so this comes soon."""
        told = Told()
        for _ in range(SETTLE_TRIES):
            told = ask()
            if told.is_done or told.status in good:
                return told
            concurrency.sleep(SETTLE_SECONDS)
        self.blame([f"it is never done: {told.status} {told.body[:200]!r}"])
        return told

    def new_body(self, size: int = 0) -> bytes:
        """Bytes that nobody else writes."""
        self._count += 1
        text = f"{self.teller.name} #{self._count};".encode()
        return (text * (size // len(text) + 1))[: max(size, len(text))]

    def note(self, told: Told) -> bool:
        """Count what was acknowledged; whether it was."""
        self.acknowledged += told.is_done
        return told.is_done


def etag(body: bytes) -> str:
    """What a body is known by."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
