"""One transaction of the room: its connection, who asks, and whom to wake after it.

``BalancerDatabase.write(context, function)`` runs ``function(work)``, commits what it
changed, and then wakes the keeper and the hosts that it named.  A function may run
several times: it touches nothing but its ``Work``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from compute.balancer import tables
from compute.balancer.model import (
    Balancer,
    Listener,
    Member,
    Monitor,
    Policy,
    Pool,
    Rule,
    Thing,
    Tree,
)
from compute.balancer.settings import BalancerSettings
from compute.core.bus import Bus
from compute.core.context import RequestContext
from compute.core.errors import Stale
from compute.core.identifiers import Identifiers
from compute.core.policy import Policy as AccessPolicy
from compute.core.sql.database import Connection, Database
from compute.core.sql.event_log import EventLog
from objectstore.kernel.clock import Clock

T = TypeVar("T")
R = TypeVar("R", bound=Thing)

TOPIC_KEEPER = "balancer"


def host_topic(host: str) -> str:
    """What is published when a host's load balancers have changed."""
    return f"balancer.host.{host}"


@dataclass(slots=True)
class Work:
    """What a function of the room has at hand inside one transaction."""

    connection: Connection
    context: RequestContext
    now: float
    identifiers: Identifiers
    policy: AccessPolicy
    settings: BalancerSettings
    events: EventLog
    hosts: set[str] = field(default_factory=set)

    def rows(self, statement: sa.Select[Any]) -> list[Mapping[str, Any]]:
        """What a select finds."""
        return [dict(row._mapping) for row in self.connection.execute(statement)]

    def records(
        self, kind: type[R], table: sa.Table, *where: sa.ColumnElement[bool]
    ) -> list[R]:
        """Records in the order in which they were made."""
        statement = table.select().where(*where)
        ordered = statement.order_by(table.c.created_at, table.c.id)
        return [kind(**row) for row in self.rows(ordered)]

    def find(self, kind: type[R], table: sa.Table, identifier: str) -> R | None:
        """A record by its id."""
        found = self.records(kind, table, table.c.id == identifier)
        return found[0] if found else None

    def insert(self, table: sa.Table, record: R) -> R:
        """A new row."""
        values = {
            item.name: getattr(record, item.name) for item in dataclasses.fields(record)
        }
        self.connection.execute(table.insert().values(**values))
        return record

    def save(self, table: sa.Table, record: R, **values: Any) -> R:
        """Change a record that was read in this transaction."""
        if not values:
            return record
        done = self.connection.execute(
            sa.update(table).where(table.c.id == record.id).values(**values)
        )
        if done.rowcount != 1:
            raise Stale(f"{record.id} is gone")
        return dataclasses.replace(record, **values)

    def delete(self, table: sa.Table, identifier: str) -> None:
        """Take the row and its tags away."""
        tags = tables.tags
        self.connection.execute(tags.delete().where(tags.c.thing_id == identifier))
        self.connection.execute(table.delete().where(table.c.id == identifier))

    def wake(self, hosts: Iterable[str] = ()) -> None:
        """The keeper, and these hosts, should look soon."""
        self.hosts.add("")
        self.hosts.update(hosts)

    def tell(self, kind: str, subject_id: str, **facts: Any) -> None:
        """Write an event."""
        self.events.append(
            self.connection, self.context, self.now, kind, subject_id, facts
        )

    def tree(self, balancer: Balancer) -> Tree:
        """The load balancer with all that it has."""

        def parts(kind: type[R], table: sa.Table) -> tuple[R, ...]:
            return tuple(self.records(kind, table, table.c.balancer_id == balancer.id))

        return Tree(
            balancer,
            parts(Listener, tables.listeners),
            parts(Pool, tables.pools),
            parts(Member, tables.members),
            parts(Monitor, tables.monitors),
            parts(Policy, tables.policies),
            parts(Rule, tables.rules),
        )


class BalancerDatabase:
    """Runs the room's transactions."""

    def __init__(
        self,
        database: Database,
        *,
        bus: Bus,
        clock: Clock,
        identifiers: Identifiers,
        policy: AccessPolicy,
        settings: BalancerSettings,
    ) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._identifiers = identifiers
        self._policy = policy
        self._settings = settings
        self._events = EventLog(tables.events)

    def allows(self, context: RequestContext, rule: str) -> bool:
        """Whether the caller may, by a rule that looks at him alone."""
        return self._policy.allows(context, rule)

    def new_id(self) -> str:
        """The id of a new thing."""
        return self._identifiers.uuid()

    def now(self) -> float:
        """The present moment."""
        return self._clock.time()

    def write(self, context: RequestContext, function: Callable[[Work], T]) -> T:
        """See the module."""

        def transaction(connection: Connection) -> tuple[T, Work]:
            work = self._work(connection, context)
            return function(work), work

        result, work = self._database.run(transaction)
        for host in sorted(work.hosts):
            self._bus.publish(host_topic(host) if host else TOPIC_KEEPER)
        return result

    def read(self, context: RequestContext, function: Callable[[Work], T]) -> T:
        """A function that only reads."""
        return self._database.read(
            lambda connection: function(self._work(connection, context))
        )

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
