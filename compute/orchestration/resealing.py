"""Seals rows anew: after a rotation, and those that were written in clear."""

from __future__ import annotations

from functools import partial
from typing import Any

from compute.core.database import Database
from compute.orchestration.store import Rows, Stores

# In one transaction: others wait for it.
ROWS_AT_ONCE = 50


def reseal(database: Database, stores: Stores) -> int:
    """Seal all there is with the primary key; how many rows."""
    return sum(_walk(database, rows, only_clear=False) for rows in stores.sealed())


def seal_clear(database: Database, stores: Stores) -> int:
    """Seal what was written before there was a key; how many rows."""
    return sum(_walk(database, rows, only_clear=True) for rows in stores.sealed())


def _walk(database: Database, rows: Rows[Any], *, only_clear: bool) -> int:
    after, count = "", 0
    while True:
        step = partial(
            rows.reseal, after=after, limit=ROWS_AT_ONCE, only_clear=only_clear
        )
        last, changed = database.run(step)
        count += changed
        if not last:
            return count
        after = last
