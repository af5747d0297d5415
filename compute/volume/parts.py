"""What every service of the room works with, put together once by ``room.py``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from compute.core.bus import Bus
from compute.core.context import RequestContext
from compute.core.errors import Forbidden, NotFound, Stale
from compute.core.identifiers import Identifiers
from compute.core.policy import Policy
from compute.core.sql.database import Connection, Database
from compute.image.client import ImageClient
from compute.instance.client import InstanceClient
from compute.volume.drivers.port import VolumeDriver
from compute.volume.group_records import Group, GroupSnapshot
from compute.volume.keys import Keys
from compute.volume.messages import Failure, message
from compute.volume.places import Places
from compute.volume.records import Attachment, Backup, Message, Snapshot, Volume
from compute.volume.settings import VolumeSettings
from compute.volume.stores.whole import Stores
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable

T = TypeVar("T")
# A record that others change at this very moment is read and decided again.
TRIES_MAX = 8


JOBS_TOPIC = "volume.jobs"
"""What is published when some volume host has something to do."""
SPEEDS_TOPIC = "volume.speeds"
"""What is published when volumes may be faster or slower than before."""


def queue_of(host: str) -> str:
    """Where a volume host's jobs wait for it."""
    return f"volumes@{host}"


@dataclass(frozen=True, slots=True)
class Parts:
    """The world, as the room's services see it.  ``host``: the name of the volume host
    that this process is, whose files ``driver`` keeps; ``places``: everybody's."""

    database: Database
    bus: Bus
    clock: Clock
    identifiers: Identifiers
    policy: Policy
    settings: VolumeSettings
    images: ImageClient
    driver: VolumeDriver
    host: str
    servers: InstanceClient
    keys: Keys
    places: Places
    stores: Stores = field(default_factory=Stores)

    def wake(self) -> None:
        """Some volume host has something to do."""
        self.bus.publish(JOBS_TOPIC)

    def speeds_changed(self) -> None:
        """Servers are to be told how fast their volumes may be."""
        self.bus.publish(SPEEDS_TOPIC)

    def change(self, function: Callable[[Connection], T]) -> T:
        """Run a transaction that reads, decides and saves; again when ``Stale``."""
        for _ in range(TRIES_MAX):
            try:
                return self.database.run(function)
            except Stale:
                continue
        raise Unavailable("the volume is being changed by too many at once")

    def order(self, function: Callable[[Connection], T]) -> T:
        """``change``, and wake who does the job that it added."""
        found = self.change(function)
        self.wake()
        return found

    def add_job(
        self,
        connection: Connection,
        kind: str,
        subject_id: str,
        arguments: Mapping[str, Any],
        host: str,
    ) -> str:
        """A job of that volume host ("": ours, of what is on none); those of one
        subject run one after the other."""
        job_id = self.identifiers.uuid()
        self.stores.jobs.add(
            connection,
            job_id=job_id,
            kind=kind,
            queue=queue_of(host or self.host),
            subject_id=subject_id,
            arguments=arguments,
            now=self.clock.time(),
        )
        return job_id

    def tell(
        self,
        connection: Connection,
        context: RequestContext,
        kind: str,
        subject_id: str,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Append an event."""
        now = self.clock.time()
        self.stores.events.append(connection, context, now, kind, subject_id, facts)

    def report(
        self,
        connection: Connection,
        failure: Failure,
        owner: str,
        thing_id: str,
        request_id: str = "",
    ) -> None:
        """Leave a message for the project whose thing it is."""
        self.stores.messages.add(
            connection,
            message(
                failure,
                key=self.identifiers.uuid(),
                project_id=owner,
                resource_id=thing_id,
                request_id=request_id,
                now=self.clock.time(),
            ),
        )

    def enforce(self, context: RequestContext, rule: str, owner: Any = None) -> None:
        """May the caller do that with a thing of the owner's?  ``Forbidden``."""
        self.policy.enforce(context, rule, _target(owner, context))

    def allows(self, context: RequestContext, rule: str, owner: Any = None) -> bool:
        """May the caller?"""
        return self.policy.allows(context, rule, _target(owner, context))

    # ---- things that somebody may see, or 404 -----------------------------------

    def volume(
        self, connection: Connection, context: RequestContext, key: str, rule: str
    ) -> Volume:
        """A volume, for somebody who may do what the rule says."""
        found = self.stores.volumes.get(connection, key)
        return self._visible(context, found, rule, "Volume", key)

    def snapshot(
        self, connection: Connection, context: RequestContext, key: str, rule: str
    ) -> Snapshot:
        """A snapshot."""
        found = self.stores.snapshots.get(connection, key)
        return self._visible(context, found, rule, "Snapshot", key)

    def attachment(
        self, connection: Connection, context: RequestContext, key: str, rule: str
    ) -> Attachment:
        """An attachment."""
        found = self.stores.attachments.get(connection, key)
        return self._visible(context, found, rule, "Volume attachment", key)

    def backup(
        self, connection: Connection, context: RequestContext, key: str, rule: str
    ) -> Backup:
        """A backup."""
        found = self.stores.backups.get(connection, key)
        return self._visible(context, found, rule, "Backup", key)

    def group(
        self, connection: Connection, context: RequestContext, key: str, rule: str
    ) -> Group:
        """A group."""
        found = self.stores.groups.get(connection, key)
        return self._visible(context, found, rule, "Group", key)

    def group_snapshot(
        self, connection: Connection, context: RequestContext, key: str, rule: str
    ) -> GroupSnapshot:
        """A group's snapshot."""
        found = self.stores.group_snapshots.get(connection, key)
        return self._visible(context, found, rule, "GroupSnapshot", key)

    def message(
        self, connection: Connection, context: RequestContext, key: str, rule: str
    ) -> Message:
        """A message that has not expired."""
        found = self.stores.messages.get(connection, key)
        if found is not None and found.expires_at <= self.clock.time():
            found = None
        return self._visible(context, found, rule, "Message", key)

    def _visible(
        self, context: RequestContext, found: T | None, rule: str, kind: str, key: str
    ) -> T:
        if found is None:
            raise NotFound(f"{kind} {key} could not be found.")
        try:
            self.enforce(context, rule, found)
        except Forbidden:
            owner = getattr(found, "project_id", "")
            if owner != context.project_id:
                raise NotFound(f"{kind} {key} could not be found.") from None
            raise
        return found

    # ---- small changes that many do ----------------------------------------------

    def set_status(
        self, connection: Connection, volume: Volume, status: str, **more: Any
    ) -> Volume:
        """The volume's next status; the former one is remembered."""
        values: dict[str, Any] = {
            "status": status,
            "previous_status": volume.status,
            "updated_at": self.clock.time(),
            **more,
        }
        return self.stores.volumes.change(connection, volume, **values)


def _target(owner: Any, context: RequestContext) -> dict[str, str]:
    """What policy rules compare with."""
    if owner is None or not dataclasses.is_dataclass(owner):
        return {"project_id": context.project_id, "user_id": context.user_id}
    return {
        "project_id": getattr(owner, "project_id", ""),
        "user_id": getattr(owner, "user_id", ""),
    }
