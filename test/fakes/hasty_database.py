"""An SQLite database for tests that try logic, not disks or threads.

It is the real one, without the waits: transactions run where they are asked for,
and commits are not synced.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from compute.core.database import Database


def hasty_database(directory: Path) -> Database:
    """A database in that directory."""
    url = f"sqlite:///{directory}/cloud.sqlite"
    return Database(url, offload=_at_once, sqlite_synchronous="OFF")


def _at_once(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)
