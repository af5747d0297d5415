"""Every service of the room, made once over one set of parts."""

from __future__ import annotations

from dataclasses import dataclass

from compute.volume.parts import Parts
from compute.volume.service.attachments import Attachments
from compute.volume.service.backups import Backups
from compute.volume.service.create import VolumeCreation
from compute.volume.service.group_snapshots import GroupSnapshots
from compute.volume.service.group_types import GroupTypes
from compute.volume.service.groups import Groups
from compute.volume.service.managing import Managing
from compute.volume.service.migrations import Migrations
from compute.volume.service.older_attachments import OlderAttachments
from compute.volume.service.orders import VolumeOrders
from compute.volume.service.quotas import Quotas
from compute.volume.service.reimaging import Reimaging
from compute.volume.service.retyping import Retyping
from compute.volume.service.snapshot_sets import SnapshotSets
from compute.volume.service.snapshot_shares import SnapshotShares
from compute.volume.service.snapshots import Snapshots
from compute.volume.service.transfers import Transfers
from compute.volume.service.types import Types
from compute.volume.service.volumes import Volumes


@dataclass(frozen=True, slots=True)
class Services:
    """One of each."""

    quotas: Quotas
    types: Types
    migrations: Migrations
    volumes: Volumes
    retyping: Retyping
    orders: VolumeOrders
    attachments: Attachments
    older_attachments: OlderAttachments
    creation: VolumeCreation
    managing: Managing
    reimaging: Reimaging
    snapshots: Snapshots
    snapshot_sets: SnapshotSets
    snapshot_shares: SnapshotShares
    group_types: GroupTypes
    groups: Groups
    group_snapshots: GroupSnapshots
    backups: Backups
    transfers: Transfers


def make_services(parts: Parts) -> Services:
    """All of them."""
    quotas, types = Quotas(parts), Types(parts)
    migrations = Migrations(parts, types)
    orders = VolumeOrders(parts, quotas, types)
    attachments = Attachments(parts)
    creation = VolumeCreation(parts, quotas, types)
    group_types = GroupTypes(parts)
    return Services(
        quotas=quotas,
        types=types,
        migrations=migrations,
        volumes=Volumes(parts, migrations),
        retyping=Retyping(parts, quotas, types, migrations),
        orders=orders,
        attachments=attachments,
        older_attachments=OlderAttachments(parts, attachments),
        creation=creation,
        managing=Managing(parts, quotas, types, creation),
        reimaging=Reimaging(parts, creation),
        snapshots=Snapshots(parts, quotas, types),
        snapshot_sets=SnapshotSets(parts, quotas, types),
        snapshot_shares=SnapshotShares(parts),
        group_types=group_types,
        groups=Groups(parts, quotas, types, group_types, creation, orders),
        group_snapshots=GroupSnapshots(parts, quotas, types),
        backups=Backups(parts, quotas, types, creation),
        transfers=Transfers(parts, quotas, types),
    )
