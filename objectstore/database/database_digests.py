"""Digests of databases, remembered while they do not change.

A digest needs the database open, some 0.3 ms: after a start each is opened once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from objectstore.kernel import concurrency

# Some 150 bytes each; beyond, the ones asked for longest ago are found out again.
REMEMBERED_MAX = 200_000
# Databases looked at without letting others run: about 2 ms when closed.
DATABASES_PER_TURN = 5


class DatabaseDigests:
    """``find`` says the digest of a database as it is now; None: it is not here."""

    def __init__(self, find: Callable[[bytes], int | None]) -> None:
        self._find = find
        self._known: dict[bytes, int] = {}
        # Counts changes: a digest found while one happened is not remembered.
        self._changes = 0

    def changed(self, key: bytes) -> None:
        """The database is not as it was."""
        self._changes += 1
        self._known.pop(key, None)

    def of(self, keys: Iterable[bytes]) -> list[tuple[bytes, int]]:
        """(key, digest) of those that are here.  Lets others run meanwhile."""
        found: list[tuple[bytes, int]] = []
        opened = 0
        for key in keys:
            digest = self._known.get(key)
            if digest is None:
                opened += 1
                if opened % DATABASES_PER_TURN == 0:
                    concurrency.sleep(0)
                digest = self.one(key)
            if digest is not None:
                found.append((key, digest))
        return found

    def one(self, key: bytes) -> int | None:
        """The digest of one database."""
        changes = self._changes
        digest = self._find(key)
        if digest is not None and changes == self._changes:
            while len(self._known) >= REMEMBERED_MAX:
                del self._known[next(iter(self._known))]
            self._known[key] = digest
        return digest
