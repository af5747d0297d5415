"""One transaction of the room: its connection, who asks, and whom to wake after it.

``NetworkDatabase.write(context, function)`` runs ``function(work)``; what it changed is
committed with the room's revision raised by one, and then the hosts that it named are
woken.  A function may run several times: it touches nothing but its ``Work``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from compute.core.bus import Bus
from compute.core.context import RequestContext
from compute.core.identifiers import Identifiers
from compute.core.policy import Policy
from compute.core.sql.database import Connection, Database, Duplicate
from compute.core.sql.event_log import EventLog
from compute.core.sql.revisions import update_revision
from compute.core.sql.rows import Rows, values_of
from compute.network import tables
from compute.network.frame.concerns import concerned
from compute.network.frame.revisions import current_revision, raise_revision
from compute.network.model import Resource
from compute.network.policies import ADMIN
from compute.network.settings import NetworkSettings
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R", bound=Resource)

TOPIC_ALL = "network"
TOPIC_HOST = "network.host."
# Another process may take the address that was free a moment ago.
DUPLICATE_TRIES_MAX = 10


@dataclass(slots=True)
class Work:
    """What a function of the room has at hand inside one transaction."""

    connection: Connection
    context: RequestContext
    now: float
    identifiers: Identifiers
    policy: Policy
    settings: NetworkSettings
    events: EventLog
    changed: bool = False
    hosts: set[str] = field(default_factory=set)
    subjects: set[str] = field(default_factory=set)
    _revision: int = -1

    @property
    def is_admin(self) -> bool:
        """Whether the caller may see and do everything."""
        return self.policy.allows(self.context, ADMIN)

    @property
    def project_id(self) -> str:
        """The caller's project."""
        return self.context.project_id

    def rows(self, statement: sa.Select[Any]) -> list[Mapping[str, Any]]:
        """What a select finds."""
        return [dict(row._mapping) for row in self.connection.execute(statement)]

    def find(self, kind: type[R], table: sa.Table, identifier: str) -> R | None:
        """A record by its id."""
        return Rows(kind, table).find(self.connection, identifier)

    def records(
        self, kind: type[R], table: sa.Table, *where: sa.ColumnElement[bool]
    ) -> list[R]:
        """Records in the order in which they were made."""
        statement = table.select().where(*where)
        ordered = statement.order_by(table.c.created_at, table.c.id)
        return Rows(kind, table).select(self.connection, ordered)

    def insert(self, table: sa.Table, record: R) -> R:
        """A new row."""
        Rows(type(record), table).insert(self.connection, record)
        self.concern(concerned(self.connection, table, None, values_of(record)))
        return record

    def save(self, table: sa.Table, record: R, **values: Any) -> R:
        """Change a record that was read in this transaction; ``Stale`` if it is not
        the current one.  Nothing when nothing differs."""
        changes = {
            name: value
            for name, value in values.items()
            if getattr(record, name) != value
        }
        if not changes:
            return record
        changes["updated_at"] = self.now
        before = values_of(record)
        self.concern(concerned(self.connection, table, before, {**before, **changes}))
        revision = update_revision(
            self.connection, table, {"id": record.id}, record.revision, changes
        )
        return dataclasses.replace(record, **changes, revision=revision)

    def bump(self, table: sa.Table, record: R) -> R:
        """Something that the record shows changed elsewhere."""
        return self.save_always(table, record)

    def save_always(self, table: sa.Table, record: R) -> R:
        """A new revision of the record without any other change."""
        revision = update_revision(
            self.connection,
            table,
            {"id": record.id},
            record.revision,
            {"updated_at": self.now},
        )
        self.touch()
        return dataclasses.replace(record, revision=revision, updated_at=self.now)

    def delete(self, table: sa.Table, record: Resource) -> None:
        """Take the row and its tags away."""
        self.concern(concerned(self.connection, table, values_of(record), None))
        self.connection.execute(
            tables.tags.delete().where(tables.tags.c.resource_id == record.id)
        )
        Rows(type(record), table).delete(self.connection, record.id)

    def concern(self, subjects: Iterable[str]) -> None:
        """Something changed, which is news for whoever looks at one of these.  For
        records it is said already; say it where a row is no record."""
        self.changed = True
        self.subjects.update(subjects)

    def touch(self, hosts: Iterable[str] = ()) -> None:
        """Something changed, which these hosts should look at soon: a message, and no
        more than that (``concern`` is what makes it news)."""
        self.changed = True
        self.hosts.update(host for host in hosts if host)

    def new(self) -> dict[str, Any]:
        """The id and times of a new record."""
        return {
            "id": self.identifiers.uuid(),
            "created_at": self.now,
            "updated_at": self.now,
        }

    def tell(self, kind: str, subject_id: str, **facts: Any) -> None:
        """Write an event."""
        self.events.append(
            self.connection, self.context, self.now, kind, subject_id, facts
        )

    def revision(self) -> int:
        """The room's revision as it will be when this transaction commits."""
        if self._revision < 0:
            self._revision = current_revision(self.connection) + 1
        self.changed = True
        return self._revision


class NetworkDatabase:
    """Runs the room's transactions."""

    def __init__(
        self,
        database: Database,
        *,
        bus: Bus,
        clock: Clock,
        identifiers: Identifiers,
        policy: Policy,
        settings: NetworkSettings,
    ) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._identifiers = identifiers
        self._policy = policy
        self._settings = settings
        self._events = EventLog(tables.events)
        # All writers meet at the counter and at free addresses: standing in line
        # here is cheaper than losing serialisable races on a server database.  On
        # SQLite they stand in one already, which shares commits.
        self._line: AbstractContextManager[Any] = (
            nullcontext() if database.is_sqlite else concurrency.Semaphore(1)
        )

    def allows(self, context: RequestContext, rule: str) -> bool:
        """Whether the caller may, by a rule that looks at him alone."""
        return self._policy.allows(context, rule)

    def now(self) -> float:
        """The present moment."""
        return self._clock.time()

    def write(self, context: RequestContext, function: Callable[[Work], T]) -> T:
        """See the module."""

        def transaction(connection: Connection) -> tuple[T, Work]:
            work = self._work(connection, context)
            result = function(work)
            if work.changed:
                raise_revision(connection, work.subjects)
            return result, work

        with self._line:
            result, work = self._insist(transaction)
        if work.changed:
            self._bus.publish(TOPIC_ALL)
            for host in sorted(work.hosts):
                self._bus.publish(TOPIC_HOST + host)
        return result

    def read(self, context: RequestContext, function: Callable[[Work], T]) -> T:
        """A function that only reads."""
        return self._database.read(
            lambda connection: function(self._work(connection, context))
        )

    def _insist(self, transaction: Callable[[Connection], T]) -> T:
        for _ in range(DUPLICATE_TRIES_MAX):
            try:
                return self._database.run(transaction)
            except Duplicate:
                concurrency.sleep(0)
        raise Unavailable("others were always faster")

    def _work(self, connection: Connection, context: RequestContext) -> Work:
        return Work(
            connection,
            context,
            self._clock.time(),
            self._identifiers,
            self._policy,
            self._settings,
            self._events,
        )
