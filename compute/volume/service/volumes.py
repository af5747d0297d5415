"""What changes a volume's record, and needs no work on its bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.volume import rules, sharing
from compute.volume.keys import kept_cipher
from compute.volume.model import DELETING, READ_ONLY_KEY, STATUSES
from compute.volume.parts import Parts
from compute.volume.records import Volume
from compute.volume.service.hosts import Hosts
from compute.volume.service.migrations import Migrations
from compute.volume.service.quotas import Quotas
from compute.volume.service.types import Types

ON_DEMAND = "on-demand"
"""A retyping that may move the volume."""
Decide = Callable[[Connection, Volume], Mapping[str, Any]]


class Volumes:
    """Each call is one transaction."""

    def __init__(
        self, parts: Parts, quotas: Quotas, types: Types, migrations: Migrations
    ) -> None:
        self._parts = parts
        self._migrations = migrations
        self._hosts = Hosts(parts)
        self._quotas = quotas
        self._types = types

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

    def retype(
        self, context: RequestContext, volume_id: str, type_key: str, policy: str
    ) -> None:
        """Another type.  One that the volume's host does not have moves it to another,
        if the policy is ``on-demand``.  A guest that has it is told of other limits."""
        parts = self._parts

        def decide(connection: Connection, volume: Volume) -> Mapping[str, Any] | None:
            rules.check_ungrouped(volume, "retyped")
            wanted = self._types.get(connection, context, type_key)
            if wanted.id == volume.type_id:
                raise BadRequest(
                    f"Invalid input received: Volume {volume.id} is of type"
                    f" {wanted.name} already"
                )
            is_shared = sharing.is_multiattach(wanted)
            if is_shared != volume.multiattach:
                self._parts.enforce(context, sharing.RULE, volume)
                held = self._parts.stores.attachments.all(
                    connection, volume_id=volume.id
                )
                sharing.check_change(volume, held)
            sharing.check_plain(is_shared=is_shared, is_encrypted=volume.is_encrypted)
            rows = self._parts.stores.type_encryptions
            if kept_cipher(connection, rows, wanted.id) != kept_cipher(
                connection, rows, volume.type_id
            ):
                raise BadRequest(
                    "Invalid input received: Retype cannot change encryption"
                    " requirements: make a volume of the other type, and copy there"
                )
            more = {"volumes": 1, "gigabytes": volume.size_gib}
            limits = self._quotas.of(connection, volume.project_id)
            of_type = {
                f"{name}_{wanted.name}": limits.get(f"{name}_{wanted.name}", -1)
                for name in more
            }
            used = self._quotas.used(connection, volume.project_id)
            rules.check_quota(of_type, used, more, wanted)
            if not self._hosts.has(connection, volume.host, wanted):
                if policy != ON_DEMAND:
                    raise BadRequest(
                        f"No valid backend was found for volumes of type {wanted.name}"
                        " where the volume is: retype it with migration_policy"
                        f" {ON_DEMAND}"
                    )
                self._migrations.move_for_type(connection, volume, wanted)
                return None
            return {"type_id": wanted.id, "multiattach": is_shared}

        def write(connection: Connection) -> None:
            volume = parts.volume(connection, context, volume_id, "volume:retype")
            rules.check_volume(volume, "retype")
            parts.tell(connection, context, "volume.retype", volume_id)
            if (values := decide(connection, volume)) is not None:
                now = parts.clock.time()
                rows = parts.stores.volumes
                rows.change(connection, volume, **values, updated_at=now)

        parts.order(write)
        parts.speeds_changed()
