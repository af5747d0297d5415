"""All of the room's SQL, by what it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from compute.core.jobs.store import JobStore
from compute.core.sql.database import Connection
from compute.core.sql.event_log import EventLog
from compute.volume.group_records import Group, GroupSnapshot, GroupType
from compute.volume.group_tables import GROUP_SNAPSHOTS, GROUP_TYPES, GROUPS
from compute.volume.qos import limits_of
from compute.volume.records import (
    Attachment,
    Backup,
    DefaultType,
    Message,
    QosSpecs,
    Snapshot,
    Transfer,
    TypeEncryption,
    Volume,
    VolumeType,
)
from compute.volume.stores.quotas import QuotaStore
from compute.volume.stores.rows import Rows
from compute.volume.stores.services import ServiceStore
from compute.volume.stores.shares import ShareStore
from compute.volume.stores.speeds import SpeedStore
from compute.volume.tables import (
    ATTACHMENTS,
    BACKUPS,
    DEFAULT_TYPES,
    EVENTS,
    JOBS,
    MESSAGES,
    QOS_SPECS,
    SNAPSHOTS,
    TRANSFERS,
    TYPE_ENCRYPTIONS,
    TYPES,
    VOLUMES,
)


@dataclass(frozen=True, slots=True)
class Stores:
    """The room's SQL."""

    volumes: Rows[Volume] = field(default_factory=lambda: Rows(VOLUMES, Volume))
    snapshots: Rows[Snapshot] = field(default_factory=lambda: Rows(SNAPSHOTS, Snapshot))
    attachments: Rows[Attachment] = field(
        default_factory=lambda: Rows(ATTACHMENTS, Attachment)
    )
    types: Rows[VolumeType] = field(default_factory=lambda: Rows(TYPES, VolumeType))
    type_encryptions: Rows[TypeEncryption] = field(
        default_factory=lambda: Rows(TYPE_ENCRYPTIONS, TypeEncryption)
    )
    qos: Rows[QosSpecs] = field(default_factory=lambda: Rows(QOS_SPECS, QosSpecs))
    backups: Rows[Backup] = field(default_factory=lambda: Rows(BACKUPS, Backup))
    transfers: Rows[Transfer] = field(default_factory=lambda: Rows(TRANSFERS, Transfer))
    messages: Rows[Message] = field(default_factory=lambda: Rows(MESSAGES, Message))
    group_types: Rows[GroupType] = field(
        default_factory=lambda: Rows(GROUP_TYPES, GroupType)
    )
    groups: Rows[Group] = field(default_factory=lambda: Rows(GROUPS, Group))
    group_snapshots: Rows[GroupSnapshot] = field(
        default_factory=lambda: Rows(GROUP_SNAPSHOTS, GroupSnapshot)
    )
    default_types: Rows[DefaultType] = field(
        default_factory=lambda: Rows(DEFAULT_TYPES, DefaultType)
    )
    quotas: QuotaStore = field(default_factory=QuotaStore)
    shares: ShareStore = field(default_factory=ShareStore)
    services: ServiceStore = field(default_factory=ServiceStore)
    speeds: SpeedStore = field(default_factory=SpeedStore)
    jobs: JobStore = field(default_factory=lambda: JobStore(JOBS))
    events: EventLog = field(default_factory=lambda: EventLog(EVENTS))

    def is_type_used(self, connection: Connection, type_id: str) -> bool:
        """Whether a volume is of the type, or an encrypted backup, which comes back
        only as one."""
        rows: tuple[Rows[Any], ...] = (self.volumes, self.backups)
        return any(each.all(connection, type_id=type_id) for each in rows)

    def limits(self, connection: Connection, volume: Volume) -> dict[str, int]:
        """How fast the volume may be, as its type says now."""
        volume_type = self.types.get(connection, volume.type_id)
        if volume_type is None or not volume_type.qos_id:
            return {}
        found = self.qos.get(connection, volume_type.qos_id)
        return limits_of(found.specs, volume.size_gib) if found else {}

    def forget_volume(self, connection: Connection, volume_id: str) -> None:
        """A volume without bytes any more, with all rows that are about it alone."""
        rows: tuple[Rows[Any], ...] = (self.attachments, self.snapshots, self.transfers)
        for each in rows:
            for found in each.all(connection, volume_id=volume_id):
                each.delete(connection, found.id)
                if each is self.snapshots:
                    self.shares.forget(connection, found.id)
        self.volumes.delete(connection, volume_id)
