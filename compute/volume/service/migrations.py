"""Volumes that move to another host: ordered, and reset.

The new host does the work (``jobs/migrating.py``); here its job is written.
"""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.jobs.store import Job
from compute.core.sql.database import Connection
from compute.volume import migrating, rules
from compute.volume.host_records import ServiceRecord
from compute.volume.jobs.migrating import KINDS
from compute.volume.jobs.migrating import MIGRATE as MIGRATE_KIND
from compute.volume.jobs.migrating import MIGRATE_ATTACHED as ATTACHED_KIND
from compute.volume.model import (
    CREATING,
    DOWNLOADING,
    IN_USE,
    STARTING,
    UNDER_WAY,
)
from compute.volume.parts import Parts, queue_of
from compute.volume.placing import check_target
from compute.volume.records import Volume, VolumeType
from compute.volume.service.guests import check_goes_along
from compute.volume.service.hosts import Hosts
from compute.volume.service.types import Types

_RULE = "volume_extension:volume_admin_actions:"
MIGRATE = _RULE + "migrate_volume"
COMPLETE = _RULE + "migrate_volume_completion"


class Migrations:
    """Each call is one transaction."""

    def __init__(self, parts: Parts, types: Types) -> None:
        self._parts = parts
        self._types = types
        self._hosts = Hosts(parts)

    def migrate(
        self, context: RequestContext, volume_id: str, host: str, *, locked: bool
    ) -> None:
        """Let it move there; ``locked``: in a status in which nothing can be done with
        it meanwhile."""
        parts = self._parts
        parts.enforce(context, MIGRATE)
        self.check_guest(
            parts.database.read(
                lambda connection: parts.volume(connection, context, volume_id, MIGRATE)
            )
        )

        def write(connection: Connection) -> None:
            volume = parts.volume(connection, context, volume_id, MIGRATE)
            target = parts.stores.services.named(connection, host)
            if target is None:
                raise BadRequest(
                    "Invalid input received: Invalid host: No available service named"
                    f" '{host}'"
                )
            volume_type = self._types.known(connection, volume.type_id)
            # As Cinder has it: one that is in use is not locked.
            is_locked = locked and volume.status != IN_USE
            action = "migrate_locked" if is_locked else "migrate"
            self.begin(connection, volume, target, volume_type, action)
            parts.tell(connection, context, "volume.migrate", volume_id)

        parts.order(write)

    def move_for_type(
        self, connection: Connection, volume: Volume, wanted: VolumeType
    ) -> None:
        """``begin`` for a volume whose type is to be one that its host does not have.
        ``BadRequest`` when no host has it."""
        host = self._hosts.choose(connection, wanted)
        if not host:
            raise BadRequest(
                f"No valid backend was found for volumes of type {wanted.name}"
            )
        target = self._hosts.find(connection, host)
        self.begin(connection, volume, target, wanted, "retype_moving")

    def begin(
        self,
        connection: Connection,
        volume: Volume,
        target: ServiceRecord,
        volume_type: VolumeType,
        action: str,
    ) -> None:
        """Write the job that takes it there, where it will be of that type."""
        parts, stores = self._parts, self._parts.stores
        made = {"source_volume_id": volume.id, "status": (CREATING, DOWNLOADING)}
        migrating.check_movable(
            volume,
            stores.attachments.all(connection, volume_id=volume.id),
            stores.snapshots.all(connection, volume_id=volume.id),
            stores.volumes.all(connection, **made),
            is_worked_on=bool(stores.jobs.open_of(connection, volume.id)),
        )
        is_used = volume.status == IN_USE
        if is_used:
            action = "migrate_attached"
        during = rules.check_volume(volume, action).during
        check_target(
            target,
            volume.host,
            volume_type,
            volume.size_gib,
            up=self._hosts.is_up(target),
        )
        arguments = {
            "volume_id": volume.id,
            "source": volume.host,
            "target": target.host,
            "type_id": volume_type.id if volume_type.id != volume.type_id else "",
        }
        kind = MIGRATE_KIND
        if is_used:
            kind = ATTACHED_KIND
            arguments["attachment_id"] = parts.identifiers.uuid()
        parts.add_job(connection, kind, volume.id, arguments, target.host)
        status = migrating.moved(volume, STARTING)
        parts.set_status(
            connection, volume, during or volume.status, migration_status=status
        )

    def reset(self, connection: Connection, volume: Volume, to: str) -> str:
        """An administrator's word on how far it has come; a migration that is under way
        ends: its bytes would be out of date.  Work that waits for a host which is away
        is given up, and what that host has of the volume with it."""
        jobs, now = self._parts.stores.jobs, self._parts.clock.time()
        status = migrating.reset(to)
        if volume.migration_status in UNDER_WAY:
            self._check_not_over(connection, volume)
            jobs.cancel(connection, volume.id)
        for job in jobs.open_of(connection, volume.id):
            if job.kind in KINDS and self._is_away(connection, job):
                jobs.abandon(connection, job.id, now, "its status was reset")
        return status

    def _check_not_over(self, connection: Connection, volume: Volume) -> None:
        for job in self._parts.stores.jobs.open_of(connection, volume.id):
            is_there = job.arguments.get("target") == volume.host
            if job.kind == ATTACHED_KIND and is_there:
                raise BadRequest(
                    f"Invalid volume: the guest of {volume.id} is going over to"
                    f" {volume.host}: that ends by itself"
                )

    def check_guest(self, volume: Volume) -> None:
        """``InvalidStatus`` when the guest that has it could not go along: asked of
        its server's room, before anything is written."""
        parts = self._parts
        if volume.status == IN_USE:
            rows = parts.stores.attachments
            for each in parts.database.read(
                lambda connection: rows.all(connection, volume_id=volume.id)
            ):
                check_goes_along(parts, each)

    def _is_away(self, connection: Connection, job: Job) -> bool:
        hosts = self._hosts.known(connection)
        return not any(
            queue_of(each.host) == job.queue and self._hosts.is_up(each)
            for each in hosts
        )

    def complete(self, context: RequestContext, volume_id: str) -> None:
        """Who moves a volume here completes that himself: there is nothing that waits
        for somebody's word.  ``BadRequest``."""
        parts = self._parts
        parts.enforce(context, COMPLETE)
        parts.database.read(
            lambda connection: parts.volume(connection, context, volume_id, COMPLETE)
        )
        raise BadRequest(
            f"Invalid volume: no migration of {volume_id} waits to be completed"
        )
