"""Disks that an administrator has taken over as volumes and snapshots, and lets go.

What may be named are the driver's unmanaged disks, by their names in its list, and
nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.volume import rules
from compute.volume.drivers.unmanaged import UnmanagedDisk
from compute.volume.errors import InvalidStatus
from compute.volume.model import CREATING, ERROR
from compute.volume.parts import Parts
from compute.volume.records import Snapshot, Volume
from compute.volume.service.create import VolumeCreation
from compute.volume.service.hosts import Hosts
from compute.volume.service.new_volumes import Order
from compute.volume.service.quotas import Quotas
from compute.volume.service.sources import FILE, Source
from compute.volume.service.types import Types

_VOLUME, _SNAPSHOT = "volume_extension:volume", "snapshot_extension:snapshot"
MANAGE, UNMANAGE = f"{_VOLUME}_manage", f"{_VOLUME}_unmanage"
MANAGE_SNAPSHOT, UNMANAGE_SNAPSHOT = f"{_SNAPSHOT}_manage", f"{_SNAPSHOT}_unmanage"


@dataclass(frozen=True, slots=True)
class NewSnapshot:
    """What a disk is to be as a snapshot."""

    volume_id: str
    name: str = ""
    description: str | None = None
    metadata: Mapping[str, str] | None = None


class Managing:
    """Each order is one transaction; the disk moves by a job."""

    def __init__(
        self, parts: Parts, quotas: Quotas, types: Types, creation: VolumeCreation
    ) -> None:
        self._parts = parts
        self._quotas = quotas
        self._types = types
        self._creation = creation
        self._hosts = Hosts(parts)

    def host(self, name: str) -> str:
        """Which host operators call so, as pools and services name it; ``NotFound``."""
        return self._hosts.named(name).host

    # ---- volumes -----------------------------------------------------------------

    def manage(
        self,
        context: RequestContext,
        host: str,
        reference: str,
        order: Order,
        *,
        bootable: bool,
    ) -> Volume:
        """A volume of that disk; ``BadRequest`` for a name that is none of the list."""
        parts = self._parts
        parts.enforce(context, MANAGE)
        host = self.host(host)
        rules.check_metadata_count(order.metadata)
        disk = self._named(host, reference)
        source = Source(FILE, disk.name, rules.gib_of(disk.size_bytes), host=host)
        source.bootable = bootable

        def write(connection: Connection) -> Volume:
            volume = self._creation.member(connection, context, order, source)
            if volume.status != ERROR:
                arguments = {
                    "volume_id": volume.id,
                    "size_gib": volume.size_gib,
                    "reference": disk.name,
                }
                kind = "manage_volume"
                parts.add_job(connection, kind, volume.id, arguments, volume.host)
            return volume

        return parts.order(write)

    def unmanage(self, context: RequestContext, volume_id: str) -> None:
        """Forget the volume; its disk stays, among the unmanaged ones."""
        parts = self._parts

        def write(connection: Connection) -> None:
            volume = parts.volume(connection, context, volume_id, UNMANAGE)
            found = rules.check_volume(volume, "unmanage")
            rules.check_ungrouped(volume, "unmanaged")
            _check_plain(volume)
            stores = parts.stores
            if stores.attachments.all(connection, volume_id=volume.id):
                raise InvalidStatus(
                    f"Invalid volume: Volume {volume.id} is still attached"
                )
            if stores.snapshots.all(connection, volume_id=volume.id):
                raise InvalidStatus(
                    f"Invalid volume: Volume {volume.id} still has snapshots: they go"
                    " first"
                )
            arguments = {"volume_id": volume.id}
            kind = "unmanage_volume"
            parts.add_job(connection, kind, volume.id, arguments, volume.host)
            parts.tell(connection, context, "volume.unmanage", volume.id)
            parts.set_status(connection, volume, found.during)

        parts.order(write)

    # ---- snapshots ---------------------------------------------------------------

    def manage_snapshot(
        self, context: RequestContext, reference: str, new: NewSnapshot
    ) -> Snapshot:
        """A snapshot of the volume of that disk, which is no larger than it."""
        parts = self._parts
        metadata = new.metadata or {}
        rules.check_metadata_count(metadata)

        def look(connection: Connection) -> Volume:
            volume = parts.volume(connection, context, new.volume_id, MANAGE_SNAPSHOT)
            _check_plain(volume)
            rules.check_volume(volume, "create_snapshot_forced")
            return volume

        # Its host may be another one, which no transaction waits for.
        host = parts.database.read(look).host
        disk = self._named(host, reference)
        size = rules.gib_of(disk.size_bytes)

        def write(connection: Connection) -> Snapshot:
            volume = look(connection)
            if volume.host != host:
                raise InvalidStatus(f"Invalid volume: Volume {volume.id} has moved")
            if size > volume.size_gib:
                raise BadRequest(
                    f"Invalid input received: {disk.name} has {size} GB, volume"
                    f" {volume.id} {volume.size_gib}"
                )
            volume_type = self._types.known(connection, volume.type_id)
            owner = volume.project_id
            self._quotas.check(
                connection, owner, volume_type, snapshots=1, gigabytes=size
            )
            now = parts.clock.time()
            snapshot = Snapshot(
                id=parts.identifiers.uuid(),
                project_id=owner,
                user_id=context.user_id,
                volume_id=volume.id,
                status=CREATING,
                size_gib=size,
                created_at=now,
                updated_at=now,
                name=new.name,
                description=new.description,
                metadata=metadata,
            )
            parts.stores.snapshots.add(connection, snapshot)
            arguments: dict[str, Any] = {
                "snapshot_id": snapshot.id,
                "size_gib": size,
                "reference": disk.name,
            }
            kind = "manage_snapshot"
            parts.add_job(connection, kind, volume.id, arguments, volume.host)
            parts.tell(connection, context, "snapshot.manage", snapshot.id)
            return snapshot

        return parts.order(write)

    def unmanage_snapshot(self, context: RequestContext, snapshot_id: str) -> None:
        """Forget the snapshot; its disk stays, among the unmanaged ones."""
        parts = self._parts

        def write(connection: Connection) -> None:
            rule = UNMANAGE_SNAPSHOT
            snapshot = parts.snapshot(connection, context, snapshot_id, rule)
            found = rules.check_snapshot(snapshot, "unmanage")
            rules.check_snapshot_ungrouped(snapshot)
            volume = parts.stores.volumes.get(connection, snapshot.volume_id)
            if volume is not None:
                _check_plain(volume)
            now = parts.clock.time()
            parts.stores.snapshots.change(
                connection, snapshot, status=found.during, updated_at=now
            )
            arguments = {"snapshot_id": snapshot.id}
            kind = "unmanage_snapshot"
            host = volume.host if volume else ""
            parts.add_job(connection, kind, snapshot.volume_id, arguments, host)
            parts.tell(connection, context, "snapshot.unmanage", snapshot.id)

        parts.order(write)

    # ---- inside ------------------------------------------------------------------

    def _named(self, host: str, reference: str) -> UnmanagedDisk:
        for disk in self._parts.places.at(host).unmanaged.found():
            if disk.name == reference:
                if disk.problem:
                    raise BadRequest(
                        f"Invalid input received: {reference}: {disk.problem}"
                    )
                return disk
        raise BadRequest(
            "Manage existing volume failed due to invalid backend reference: there is"
            " no unmanaged disk of that name"
        )


def _check_plain(volume: Volume) -> None:
    """``BadRequest`` for what nobody could open again without its key."""
    if volume.is_encrypted:
        raise BadRequest(
            "Invalid input received: encrypted volumes and their snapshots are neither"
            " managed nor unmanaged"
        )
