"""What a new room begins with, made once: what is deleted later stays deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.core.sql.rows import Rows
from compute.metric import defaults, store, tables

R = TypeVar("R")


def begin(connection: Connection) -> None:
    """Make what was never made.  Safe to repeat."""
    select = sa.select(tables.beginnings.c.name)
    known = set(connection.execute(select).scalars())
    made = [
        *_add(connection, known, "policy", store.policies, defaults.ARCHIVE_POLICIES),
        *_add(connection, known, "type", store.resource_types, defaults.RESOURCE_TYPES),
        *_add(connection, known, "rule", store.rules, defaults.ARCHIVE_POLICY_RULES),
    ]
    if made:
        connection.execute(tables.beginnings.insert(), [{"name": it} for it in made])


def _add(
    connection: Connection,
    known: set[str],
    kind: str,
    rows: Rows[R],
    wanted: Iterable[R],
) -> list[str]:
    made = []
    for each in wanted:
        name = getattr(each, "name")  # noqa: B009  (every kind of these has one)
        mark = f"{kind}:{name}"
        if mark not in known:
            made.append(mark)
            if rows.find(connection, name) is None:
                rows.insert(connection, each)
    return made
