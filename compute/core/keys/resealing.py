"""Seals rows anew: after a rotation of keys, and those that were written in clear."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from compute.core.keys.repository import alone, rotate_keys, seconds_unsettled
from compute.core.keys.sealing import KEYS_KEPT, Resealed, Vault
from compute.core.sql.database import Database

# In one transaction: others wait for it.
ROWS_AT_ONCE = 50
# A rotation's lock, beside the keys.
ROTATION = ".rotation"


def reseal(database: Database, sealed: Iterable[Resealed]) -> int:
    """Seal all there is with the primary key; how many rows."""
    return sum(_walk(database, each, only_clear=False) for each in sealed)


def seal_clear(database: Database, sealed: Iterable[Resealed]) -> int:
    """Seal what was written before there was a key; how many rows."""
    return sum(_walk(database, each, only_clear=True) for each in sealed)


def rotate(
    database: Database,
    sealed: Iterable[Resealed],
    vault: Vault,
    keys: Path,
    *,
    wait: Callable[[float], object] = time.sleep,
) -> tuple[int, int]:
    """Make the staged key primary and seal everything with it; the key's number, and
    how many rows.  One at a time, and none before all processes have left the key that
    goes: what is sealed with it would be lost."""
    found = list(sealed)
    with alone(keys, ROTATION):
        wait(seconds_unsettled(keys, time.time()))
        vault.reload()
        # What the last rotation left is done first.
        reseal(database, found)
        primary = rotate_keys(keys, KEYS_KEPT)
        vault.reload()
        return primary, reseal(database, found)


def _walk(database: Database, sealed: Resealed, *, only_clear: bool) -> int:
    after: Any = None
    count = 0
    while True:
        step = partial(
            sealed.reseal, after=after, limit=ROWS_AT_ONCE, only_clear=only_clear
        )
        last, changed = database.run(step)
        count += changed
        if last is None:
            return count
        after = last
