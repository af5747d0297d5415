"""How many changes there have been, and which of them concerned what.

Every transaction that changes something raises the room's *revision* by one, and notes
it for each *subject* that it concerned (``subjects``).  What was made of some subjects
is as new as the newest of theirs.

A process of another version may raise the revision and note nothing.  So the changes
that were accounted for are counted too: as long as both counts are the same, the notes
are whole; where they are not, the next transaction says that everything has changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.core.sql.rows import portions
from compute.network import tables
from compute.network.frame.subjects import EVERYTHING

COUNTER = "revision"
ACCOUNTED = "accounted"


def current_revision(connection: Connection) -> int:
    """How many changes there have been."""
    return _counts(connection).get(COUNTER, 0)


def accounted_revision(connection: Connection) -> int | None:
    """The same; None where it is not known what each of the changes concerned."""
    counts = _counts(connection)
    revision = counts.get(COUNTER, 0)
    return revision if counts.get(ACCOUNTED, 0) == revision else None


def raise_revision(connection: Connection, subjects: Collection[str]) -> None:
    """Count one change, and note what it concerned."""
    counters = tables.counters
    # First, for here all writers meet: who is second must not have noted anything yet.
    connection.execute(
        sa.update(counters)
        .where(counters.c.name.in_((COUNTER, ACCOUNTED)))
        .values(value=counters.c.value + 1)
    )
    counts = _counts(connection)
    revision = counts.get(COUNTER, 1)
    noted = {*subjects}
    if COUNTER not in counts:
        _set(connection, COUNTER, revision)
    if counts.get(ACCOUNTED) != revision:
        noted.add(EVERYTHING)
        _set(connection, ACCOUNTED, revision)
    changes = tables.changes
    for part in portions(sorted(noted)):
        connection.execute(changes.delete().where(changes.c.subject.in_(part)))
        connection.execute(
            changes.insert(),
            [{"subject": subject, "revision": revision} for subject in part],
        )


def last_changes(
    connection: Connection, subjects: Collection[str]
) -> Mapping[str, int]:
    """The newest change of each of these subjects that ever had one."""
    changes = tables.changes
    found: dict[str, int] = {}
    for part in portions(sorted(subjects)):
        rows = connection.execute(changes.select().where(changes.c.subject.in_(part)))
        found.update((row.subject, int(row.revision)) for row in rows)
    return found


def _counts(connection: Connection) -> dict[str, int]:
    counters = tables.counters
    rows = connection.execute(
        counters.select().where(counters.c.name.in_((COUNTER, ACCOUNTED)))
    )
    return {row.name: int(row.value) for row in rows}


def _set(connection: Connection, name: str, value: int) -> None:
    counters = tables.counters
    connection.execute(counters.delete().where(counters.c.name == name))
    connection.execute(counters.insert().values(name=name, value=value))
