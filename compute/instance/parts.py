"""What every service of the room works with, put together once by ``room.py``."""

from __future__ import annotations

from dataclasses import dataclass, field

from compute.core.bus import Bus
from compute.core.context import RequestContext
from compute.core.errors import Forbidden, NotFound
from compute.core.identifiers import Identifiers
from compute.core.jobs.store import JobStore
from compute.core.policy import Policy
from compute.core.sql.database import Connection, Database
from compute.core.sql.event_log import EventLog
from compute.image.client import ImageClient
from compute.instance.placing import Placer
from compute.instance.records import Server
from compute.instance.settings import InstanceSettings
from compute.instance.stores.allocations import AllocationStore
from compute.instance.stores.catalog import (
    AggregateStore,
    FlavorStore,
    GroupStore,
    KeyPairStore,
)
from compute.instance.stores.history import ActionStore, ConsoleTokenStore, QuotaStore
from compute.instance.stores.hosts import HostStore
from compute.instance.stores.migrations import MigrationStore
from compute.instance.stores.servers import ServerStore
from compute.instance.tables import EVENTS, JOBS
from compute.network.client import NetworkClient
from compute.volume.client import VolumeClient
from objectstore.kernel.clock import Clock

# The queue of jobs that the control plane does itself.
ROOM_QUEUE = "@control-plane"
# Its kind of job that belongs to no server: what was taken for one that never was.
DROP_VOLUME = "drop_volume"
# A job of this subject changes no server (it may be of none): it waits for none.
QUESTION_SUBJECT = "question-"


def host_topic(host: str) -> str:
    """What is published when a host has something to do."""
    return f"instance.host.{host}"


def answer_topic(job_id: str) -> str:
    """What is published when a question to a host is answered."""
    return f"instance.answer.{job_id}"


@dataclass(frozen=True, slots=True)
class Stores:
    """The room's SQL."""

    servers: ServerStore = field(default_factory=ServerStore)
    hosts: HostStore = field(default_factory=HostStore)
    allocations: AllocationStore = field(default_factory=AllocationStore)
    flavors: FlavorStore = field(default_factory=FlavorStore)
    keypairs: KeyPairStore = field(default_factory=KeyPairStore)
    groups: GroupStore = field(default_factory=GroupStore)
    aggregates: AggregateStore = field(default_factory=AggregateStore)
    actions: ActionStore = field(default_factory=ActionStore)
    migrations: MigrationStore = field(default_factory=MigrationStore)
    quotas: QuotaStore = field(default_factory=QuotaStore)
    consoles: ConsoleTokenStore = field(default_factory=ConsoleTokenStore)
    jobs: JobStore = field(default_factory=lambda: JobStore(JOBS))
    events: EventLog = field(default_factory=lambda: EventLog(EVENTS))


@dataclass(frozen=True, slots=True)
class Parts:
    """The world, as the room's services see it."""

    database: Database
    bus: Bus
    clock: Clock
    identifiers: Identifiers
    policy: Policy
    settings: InstanceSettings
    network: NetworkClient
    images: ImageClient
    volumes: VolumeClient
    placer: Placer
    stores: Stores = field(default_factory=Stores)

    def wake(self, host: str) -> None:
        """The host (or the room itself) has something to do."""
        self.bus.publish(host_topic(host))

    def enforce(
        self, context: RequestContext, rule: str, server: Server | None = None
    ) -> None:
        """May the caller?  Raises ``Forbidden``."""
        self.policy.enforce(context, rule, target_of(server, context))

    def allows(
        self, context: RequestContext, rule: str, server: Server | None = None
    ) -> bool:
        """May the caller?"""
        return self.policy.allows(context, rule, target_of(server, context))

    def visible(
        self,
        connection: Connection,
        context: RequestContext,
        server_id: str,
        rule: str,
    ) -> Server:
        """The server, for somebody who may see it and do what the rule says.

        Another project's server is not there for who may not see it: 404, whatever
        the rule.
        """
        server = self.stores.servers.get(connection, server_id)
        if server is None:
            raise NotFound(f"Instance {server_id} could not be found.")
        try:
            self.enforce(context, rule, server)
        except Forbidden:
            if server.project_id != context.project_id and not self.allows(
                context, "os_compute_api:servers:show", server
            ):
                raise NotFound(f"Instance {server_id} could not be found.") from None
            raise
        return server


def target_of(server: Server | None, context: RequestContext) -> dict[str, str]:
    """What policy rules compare with."""
    if server is None:
        return {"project_id": context.project_id, "user_id": context.user_id}
    return {"project_id": server.project_id, "user_id": server.user_id}
