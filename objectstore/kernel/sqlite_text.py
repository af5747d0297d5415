"""Damage that Python meets where SQLite saw none: text that is none."""

from __future__ import annotations

import sqlite3

_SAID = "Could not decode to UTF-8"


def is_damaged_text(error: sqlite3.Error) -> bool:
    """Whether a column's bytes are no UTF-8, which nobody has written.

    ``sqlite3`` itself finds it, so the error has no code of SQLite's.
    """
    return isinstance(error, sqlite3.OperationalError) and str(error).startswith(_SAID)
