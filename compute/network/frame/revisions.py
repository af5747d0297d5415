"""How many changes there have been, and which of them concerned what.

Every transaction that changes something raises the room's *revision* by one, and notes
it for each *subject* that it concerned (``subjects``).  What was made of some subjects
is as new as the newest of theirs.

A process of another version may raise the revision and note nothing.  So the changes
that were accounted for are counted too: as long as both counts are the same, the notes
are whole; where they are not, the next transaction says that everything has changed.

Notes of subjects that are gone would stay for ever.  So when there are too many, the
oldest are taken away, and everything counts as changed when the newest of these did:
what was made of older subjects is made once more, and what is newer stays as it is.
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
# Some 200 bytes each: of a cloud with as many subjects that live, views of what has not
# changed for long are told once more now and then.
NOTES_MAX = 200_000
NOTES_KEPT = NOTES_MAX // 2
# How many changes pass between two counts of the notes.
CHANGES_BETWEEN_COUNTS = 1000


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
    if revision % CHANGES_BETWEEN_COUNTS == 0:
        forget_oldest(connection, NOTES_MAX, NOTES_KEPT)


def forget_oldest(connection: Connection, most: int, kept: int) -> None:
    """If there are more notes than ``most``: keep about that many of the newest."""
    changes = tables.changes
    count = sa.select(sa.func.count()).select_from(changes)
    if int(connection.execute(count).scalar_one()) <= most:
        return
    newest = sa.select(changes.c.revision).order_by(changes.c.revision.desc())
    forgotten = int(connection.execute(newest.offset(kept).limit(1)).scalar_one())
    connection.execute(changes.delete().where(changes.c.revision <= forgotten))
    if EVERYTHING not in last_changes(connection, [EVERYTHING]):
        row = {"subject": EVERYTHING, "revision": forgotten}
        connection.execute(changes.insert(), [row])


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
