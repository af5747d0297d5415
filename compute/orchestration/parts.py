"""What the engine, and the services that give it work, are made from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

import sqlalchemy as sa

from compute.core.bus import Bus
from compute.core.identifiers import Identifiers
from compute.core.jobs.store import OPEN_STATES
from compute.core.rooms.authority import Authority
from compute.core.sql.database import Connection, Database
from compute.core.sql.room_database import RoomDatabase
from compute.orchestration import tables
from compute.orchestration.blueprint import Blueprint
from compute.orchestration.model import Event, Resource, Stack
from compute.orchestration.registry import Registry
from compute.orchestration.settings import OrchestrationSettings
from compute.orchestration.store import Stores
from objectstore.client.caller import Caller
from objectstore.kernel.clock import Clock

TOPIC = "orchestration"
QUEUE = "orchestration"
STACK_TYPE = "OS::Heat::Stack"
REASON_CHARACTERS_MAX = 2000


@dataclass(slots=True)
class Parts(RoomDatabase):
    """One for each process."""

    database: Database
    stores: Stores
    bus: Bus
    clock: Clock
    random: Random
    registry: Registry
    settings: OrchestrationSettings
    authority: Authority
    callers: Mapping[str, Caller]
    owner: str
    identifiers: Identifiers = field(init=False)
    # By stack and operation: see ``blueprints.py``.
    blueprints: OrderedDict[tuple[str, int], Blueprint] = field(
        default_factory=OrderedDict
    )

    def __post_init__(self) -> None:
        self.identifiers = Identifiers(self.random)

    def wake(self) -> None:
        """There may be work."""
        self.bus.publish(TOPIC)

    def nudge(self, connection: Connection, stack_id: str) -> None:
        """Let the stack's job be taken up at once, once this has committed."""
        jobs = tables.jobs
        connection.execute(
            sa.update(jobs)
            .where(jobs.c.subject_id == stack_id, jobs.c.state.in_(OPEN_STATES))
            .values(not_before=0.0)
        )

    def tell_stack(self, connection: Connection, stack: Stack) -> None:
        """An event: how the stack stands now."""
        self._tell(connection, stack, stack.name, STACK_TYPE, stack.id, stack)

    def tell_resource(
        self, connection: Connection, stack: Stack, row: Resource
    ) -> None:
        """An event: how the resource stands now."""
        self._tell(connection, stack, row.name, row.type, row.physical_id, row)

    def _tell(
        self,
        connection: Connection,
        stack: Stack,
        name: str,
        kind: str,
        physical_id: str,
        subject: Stack | Resource,
    ) -> None:
        event = Event(
            number=0,
            id=self.identifiers.uuid(),
            stack_id=stack.id,
            root_id=stack.root_id,
            resource=name,
            resource_type=kind,
            physical_id=physical_id,
            action=subject.action,
            status=subject.status,
            reason=subject.reason,
            at=self.now(),
        )
        self.stores.add_event(connection, event)
