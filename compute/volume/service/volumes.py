"""What changes a volume's record, and needs no work on its bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.volume import rules
from compute.volume.model import DELETING, READ_ONLY_KEY, STATUSES
from compute.volume.parts import Parts
from compute.volume.records import Volume
from compute.volume.service.hosts import Hosts
from compute.volume.service.migrations import Migrations

Decide = Callable[[Connection, Volume], Mapping[str, Any]]


class Volumes:
    """Each call is one transaction."""

    def __init__(self, parts: Parts, migrations: Migrations) -> None:
        self._parts = parts
        self._migrations = migrations
        self._hosts = Hosts(parts)

    def change(
        self,
        context: RequestContext,
        volume_id: str,
        action: str,
        rule: str,
        decide: Decide,
    ) -> Volume:
        """Set what ``decide`` says, if the action is legal now."""
        parts = self._parts

        def write(connection: Connection) -> Volume:
            volume = parts.volume(connection, context, volume_id, rule)
            rules.check_volume(volume, action)
            values = dict(decide(connection, volume))
            parts.tell(connection, context, f"volume.{action}", volume_id)
            if "status" in values:
                return parts.set_status(
                    connection, volume, values.pop("status"), **values
                )
            values["updated_at"] = parts.clock.time()
            return parts.stores.volumes.change(connection, volume, **values)

        return parts.change(write)

    def update(
        self, context: RequestContext, volume_id: str, values: Mapping[str, Any]
    ) -> Volume:
        """Name, description, metadata."""
        if "metadata" in values:
            rules.check_metadata_count(values["metadata"])
        rule = "volume:update"
        return self.change(
            context, volume_id, "update", rule, lambda connection, volume: values
        )

    def change_metadata(
        self,
        context: RequestContext,
        volume_id: str,
        decide: Callable[[dict[str, str]], dict[str, str]],
        column: str = "metadata",
    ) -> dict[str, str]:
        """What ``decide`` makes of it; the metadata then.  ``column``: ``metadata`` or
        ``image_metadata``."""

        def merge(connection: Connection, volume: Volume) -> Mapping[str, Any]:
            after = decide(dict(getattr(volume, column)))
            rules.check_metadata_count(after)
            return {column: after}

        rule = "volume:update_volume_metadata"
        changed = self.change(context, volume_id, "update", rule, merge)
        return dict(getattr(changed, column))

    def set_bootable(
        self, context: RequestContext, volume_id: str, bootable: bool
    ) -> None:
        """Whether servers may boot from it."""
        self.change(
            context,
            volume_id,
            "set_bootable",
            "volume:update",
            lambda connection, volume: {"bootable": bootable},
        )

    def set_read_only(
        self, context: RequestContext, volume_id: str, read_only: bool
    ) -> None:
        """Whether attachments from now on may write.  Clients look for the answer in
        the metadata, also where it is that they may."""

        def decide(connection: Connection, volume: Volume) -> Mapping[str, Any]:
            metadata = {**volume.metadata, READ_ONLY_KEY: str(read_only)}
            return {"read_only": read_only, "metadata": metadata}

        rule = "volume:update_readonly_flag"
        self.change(context, volume_id, "set_readonly", rule, decide)

    def reset_status(
        self, context: RequestContext, volume_id: str, values: Mapping[str, str]
    ) -> None:
        """Administrators know better."""
        parts = self._parts
        status, migration = values.get("status", ""), values.get("migration_status")
        if status and status not in STATUSES:
            raise BadRequest(f"Invalid status: {status} is not a volume's")

        def decide(connection: Connection, volume: Volume) -> Mapping[str, Any]:
            if volume.status == DELETING:
                self._forsake_deletion(connection, volume)
            found: dict[str, Any] = {"status": status} if status else {}
            if migration:
                found["migration_status"] = self._migrations.reset(
                    connection, volume, migration
                )
            return found

        rule = "volume_extension:volume_admin_actions:reset_status"
        volume = parts.database.read(
            lambda connection: parts.volume(connection, context, volume_id, rule)
        )
        action = "take_back" if self._is_stranded(volume) else "reset_status"
        self.change(context, volume_id, action, rule, decide)

    def _is_stranded(self, volume: Volume) -> bool:
        """Whether it waits to be deleted by a host that is down."""
        return volume.status == DELETING and self._hosts.is_down(volume.host)

    def _forsake_deletion(self, connection: Connection, volume: Volume) -> None:
        """When its host is back it lets the volume be."""
        jobs, now = self._parts.stores.jobs, self._parts.clock.time()
        for job in jobs.open_of(connection, volume.id):
            jobs.abandon(connection, job.id, now, "its status was reset")
