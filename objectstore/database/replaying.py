"""Reading the databases' journal after a start."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from objectstore.database.journal_records import Record, decode
from objectstore.kernel.errors import Corrupt
from objectstore.kernel.journal import Damage, Journal, Position

# Records are sorted by database so many at a time, so that each database is
# opened once; some 20 MiB.
SORTED_TOGETHER = 5000

_log = logging.getLogger("objectstore.database")


def records_by_database(
    journal: Journal, start: Position
) -> Iterator[tuple[bytes, list[Record]]]:
    """(key, its records in the order of writing), keys in order; a key may come
    again later.

    What is damaged is reported and left out: the other replicas have it.
    """
    gathered: dict[bytes, list[Record]] = {}
    count = 0
    for found in journal.replay(start):
        try:
            if isinstance(found, Damage):
                raise Corrupt(f"a part of the journal is lost: {found}")
            record = decode(found)
        except Corrupt as error:
            _log.error("%s", error)
            continue
        gathered.setdefault(record.key, []).append(record)
        count += 1
        if count == SORTED_TOGETHER:
            yield from sorted(gathered.items())
            gathered, count = {}, 0
    yield from sorted(gathered.items())
