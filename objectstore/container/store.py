"""The containers of one device: databases of object rows, and what each has yet
to tell its account.

A container *owes a report* while its PUT and DELETE times and counts differ from
those last reported.  Which do is remembered from change to change in memory, and
found out by looking through all databases, slowly, after a start.  A report that
is lost or repeated is harmless: the next one says the same or newer.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from objectstore.database.broker import Broker
from objectstore.database.broker_cache import OPEN_DATABASES_MAX
from objectstore.database.row_kinds import OBJECT_ROWS
from objectstore.database.store import DatabaseStore
from objectstore.kernel.device import Device
from objectstore.kernel.errors import Corrupt
from objectstore.kernel.space import SpaceGuard
from objectstore.kernel.timestamps import HybridClock
from objectstore.kernel.turns import Line
from objectstore.wire.records import ContainerRow

DIRECTORY = "containers"
# Reports made by one call, and databases looked at for them: some 0.3 ms each
# when they have to be opened.
REPORTS_MAX = 100


class Report(NamedTuple):
    """What a container's account should hear."""

    key: bytes
    account: str
    row: ContainerRow


class ContainerStore:
    """See the module."""

    def __init__(
        self, databases: DatabaseStore, clock: HybridClock, line: Line
    ) -> None:
        self.databases = databases
        self._line = line
        self._clock = clock
        self._changed: dict[bytes, None] = {}
        # Not looked at since the start.
        self._unknown: Iterator[bytes] | None = databases.keys()
        databases.changes.on_change(self._note)

    @classmethod
    def open(
        cls,
        device: Device,
        clock: HybridClock,
        *,
        open_databases_max: int = OPEN_DATABASES_MAX,
        space: SpaceGuard | None = None,
        line: Line | None = None,
    ) -> ContainerStore:
        """Open the device's containers.  Blocks.

        ``line``: of all that is folded in this process.
        """
        databases = DatabaseStore.open(
            device,
            DIRECTORY,
            OBJECT_ROWS,
            open_databases_max=open_databases_max,
            space=space,
        )
        return cls(databases, clock, line or Line())

    def close(self) -> None:
        """Make everything safe and close."""
        self.databases.close()

    def unreported(self, limit: int) -> list[Report]:
        """Up to ``limit`` containers that owe a report, as they are now.

        Bounded work: fewer than ``limit``, even none, does not mean that there
        are no more while ``is_looking_around``.  Others run in between.
        """
        self._look_further()
        reports: list[Report] = []
        for key in list(islice(self._changed, REPORTS_MAX)):
            if len(reports) == limit:
                break
            # Taken out, and put back at the end if it does owe one: every
            # container gets its turn, also when some account is away.
            self._changed.pop(key, None)
            broker = self._find(key)
            if broker is not None and broker.pending_rows:
                self._line.wait()
                broker = self._find(key)
            if broker is None or not broker.facts.put_timestamp:
                continue
            row = self._row(broker)
            if _signature(row) != broker.reported:
                self._changed[key] = None
                reports.append(Report(key, broker.facts.account, row))
        return reports

    @property
    def unreported_count(self) -> int:
        """Containers that owe a report, or have to be looked at for one."""
        return len(self._changed)

    @property
    def is_looking_around(self) -> bool:
        """Whether databases are left that nobody has looked at since the start."""
        return self._unknown is not None

    def is_reported(self, broker: Broker) -> bool:
        """Whether the account knows all of the container."""
        return _signature(self._row(broker)) == broker.reported

    def reported(self, report: Report) -> None:
        """The account has durably heard it."""
        broker = self._find(report.key)
        if broker is None:
            return
        broker.reported = _signature(report.row)
        # With rows that wait it is to be looked at again: no need to fold them now.
        if not broker.pending_rows and self.is_reported(broker):
            self._changed.pop(report.key, None)

    def _note(self, key: bytes) -> None:
        self._changed[key] = None

    def _find(self, key: bytes) -> Broker | None:
        try:
            return self.databases.find(key)
        except Corrupt:
            return None  # has been put aside: no business of the account

    def _look_further(self) -> None:
        for _ in range(REPORTS_MAX):
            key = next(self._unknown, None) if self._unknown is not None else None
            if key is None:
                self._unknown = None
                return
            self._changed[key] = None

    def _row(self, broker: Broker) -> ContainerRow:
        facts, totals = broker.facts, broker.totals()
        return ContainerRow(
            facts.container,
            facts.put_timestamp,
            facts.deleted_timestamp,
            totals.objects,
            totals.used,
            self._clock.now(),
            facts.policy,
        )


def _signature(row: ContainerRow) -> tuple[int, ...]:
    return (
        row.timestamp,
        row.deleted_timestamp,
        row.object_count,
        row.bytes_used,
        row.policy,
    )
