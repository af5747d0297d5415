"""The volume room, put together: API, services, driver, loops."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

from compute.core.api.dialects import volume_dialect
from compute.core.api.frame import Api
from compute.core.policy import Policy
from compute.core.rooms.absent import AbsentService
from compute.core.rooms.room import Room, RoomParts
from compute.core.rooms.service_account import ServiceAccount
from compute.image.client import ImageClient
from compute.instance.client import InstanceClient
from compute.secret.client import SecretClient
from compute.volume.api.actions import ActionsApi
from compute.volume.api.attachments import AttachmentsApi
from compute.volume.api.backends import BackendsApi
from compute.volume.api.backup_records import BackupRecordsApi
from compute.volume.api.backups import BackupsApi
from compute.volume.api.clusters import ClustersApi
from compute.volume.api.default_types import DefaultTypesApi
from compute.volume.api.frame import VERSIONS, routes_of
from compute.volume.api.group_snapshots import GroupSnapshotsApi
from compute.volume.api.group_types import GroupTypesApi
from compute.volume.api.groups import GroupsApi
from compute.volume.api.internal import InternalApi
from compute.volume.api.internal_projects import InternalProjectsApi
from compute.volume.api.leftovers import LeftoversApi
from compute.volume.api.manageable import ManageableApi
from compute.volume.api.messages import MessagesApi
from compute.volume.api.older_actions import OlderActions
from compute.volume.api.places import PlacesApi
from compute.volume.api.presenting import Presenter
from compute.volume.api.qos import QosApi
from compute.volume.api.quotas import QuotasApi
from compute.volume.api.service_logs import ServiceLogsApi
from compute.volume.api.snapshot_sets import SnapshotSetsApi
from compute.volume.api.snapshot_shares import SnapshotSharesApi
from compute.volume.api.snapshots import SnapshotsApi
from compute.volume.api.surroundings import SurroundingsApi
from compute.volume.api.transfers import TransfersApi
from compute.volume.api.type_details import TypeDetailsApi
from compute.volume.api.type_encryption import TypeEncryptionApi
from compute.volume.api.types import TypesApi
from compute.volume.api.versions import ROUTES
from compute.volume.api.volume_encryption import VolumeEncryptionApi
from compute.volume.api.volume_metadata import VolumeMetadataApi
from compute.volume.api.volumes import VolumesApi
from compute.volume.backups.ring import BackupObjects
from compute.volume.drivers.files import FilesDriver
from compute.volume.drivers.listening import LOOPBACK, Listening
from compute.volume.drivers.memory import MemoryDriver
from compute.volume.drivers.port import VolumeDriver
from compute.volume.jobs.speeds import Speeds
from compute.volume.jobs.upkeep import Upkeep
from compute.volume.jobs.worker import VolumeWorker
from compute.volume.keys import Keys
from compute.volume.parts import JOBS_TOPIC, SPEEDS_TOPIC, Parts
from compute.volume.places import Places
from compute.volume.policies import DEFAULTS
from compute.volume.service.attachments import Attachments
from compute.volume.service.backups import Backups
from compute.volume.service.create import VolumeCreation
from compute.volume.service.group_snapshots import GroupSnapshots
from compute.volume.service.group_types import GroupTypes
from compute.volume.service.groups import Groups
from compute.volume.service.leftovers import Leftovers
from compute.volume.service.managing import Managing
from compute.volume.service.migrations import Migrations
from compute.volume.service.older_attachments import OlderAttachments
from compute.volume.service.orders import VolumeOrders
from compute.volume.service.quotas import Quotas
from compute.volume.service.reimaging import Reimaging
from compute.volume.service.snapshot_sets import SnapshotSets
from compute.volume.service.snapshot_shares import SnapshotShares
from compute.volume.service.snapshots import Snapshots
from compute.volume.service.transfers import Transfers
from compute.volume.service.types import Types
from compute.volume.service.volumes import Volumes
from compute.volume.settings import DriverKind, VolumeSettings
from compute.volume.stores.whole import Stores
from objectstore.kernel.loop import Loop

UPKEEP_SECONDS = 20.0
# A message tells of each change; who could not be told is tried again.
SPEEDS_SECONDS = 10.0


def build_room(outside: RoomParts, settings: VolumeSettings) -> Room:
    """The room, ready to run."""
    host = outside.host or socket.gethostname()
    driver = build_driver(outside, settings, host)
    room = room_of(wire(outside, settings, driver, host), outside)
    if settings.ends_with_us and isinstance(driver, FilesDriver):
        return replace(room, ends=driver.stop)
    return room


def build_driver(
    outside: RoomParts, settings: VolumeSettings, host: str
) -> VolumeDriver:
    """Where the bytes are."""
    if settings.driver is DriverKind.MEMORY:
        return MemoryDriver(host)
    directory = settings.directory or Path(outside.state_directory)
    first, count = settings.tcp_port_first, settings.tcp_ports
    address = settings.tcp_address or outside.address or LOOPBACK
    listening = Listening(host, address, range(first, first + count))

    def random_hex(count: int) -> str:
        return f"{outside.random.getrandbits(8 * count):0{2 * count}x}"

    return FilesDriver(directory, listening, random_hex)


def wire(
    outside: RoomParts, settings: VolumeSettings, driver: VolumeDriver, host: str
) -> Parts:
    """What the services work with."""
    stores = Stores()
    services = stores.services
    return Parts(
        database=outside.database,
        bus=outside.bus,
        clock=outside.clock,
        identifiers=outside.identifiers,
        policy=Policy(DEFAULTS, outside.policy_overrides),
        settings=settings,
        images=ImageClient(outside.callers["image"], outside.service),
        driver=driver,
        host=host,
        servers=InstanceClient(
            outside.callers.get("compute", AbsentService("compute")), outside.service
        ),
        keys=Keys(
            SecretClient(
                outside.callers.get("key-manager", AbsentService("key-manager")),
                outside.service,
            )
        ),
        places=Places(
            host, driver, outside.database, services, outside.service, outside.peer
        ),
        stores=stores,
    )


def room_of(parts: Parts, outside: RoomParts) -> Room:
    """Application and loops."""
    quotas, types = Quotas(parts), Types(parts)
    types.ensure_default()
    migrations = Migrations(parts, types)
    volumes = Volumes(parts, quotas, types, migrations)
    orders = VolumeOrders(parts, quotas, types)
    attachments = Attachments(parts)
    older = OlderActions(OlderAttachments(parts, attachments))
    creation = VolumeCreation(parts, quotas, types)
    managing = Managing(parts, quotas, types, creation)
    reimaging = Reimaging(parts, creation)
    snapshots = Snapshots(parts, quotas, types)
    group_types = GroupTypes(parts)
    groups = Groups(parts, quotas, types, group_types, creation, orders)
    presenter = Presenter(parts)
    account = ServiceAccount(
        outside.callers["object-store"], outside.tokens, outside.service
    )
    objects = BackupObjects(account)
    verbs = [
        *VolumesApi(parts, volumes, orders, creation, presenter).verbs(),
        *VolumeMetadataApi(parts, volumes).verbs(),
        *VolumeEncryptionApi(parts).verbs(),
        *ActionsApi(
            parts,
            volumes,
            orders,
            older,
            managing,
            migrations,
            reimaging,
            presenter,
        ).verbs(),
        *SnapshotsApi(parts, snapshots, managing, presenter).verbs(),
        *SnapshotSetsApi(SnapshotSets(parts, quotas, types), presenter).verbs(),
        *SnapshotSharesApi(parts, SnapshotShares(parts), presenter).verbs(),
        *ManageableApi(parts, managing, presenter).verbs(),
        *AttachmentsApi(parts, attachments, presenter).verbs(),
        *TypesApi(parts, types).verbs(),
        *TypeDetailsApi(parts, types).verbs(),
        *TypeEncryptionApi(parts, types).verbs(),
        *DefaultTypesApi(parts, types).verbs(),
        *QosApi(parts, types).verbs(),
        *GroupTypesApi(parts, group_types).verbs(),
        *GroupsApi(parts, groups).verbs(),
        *GroupSnapshotsApi(parts, GroupSnapshots(parts, quotas, types)).verbs(),
        *BackupsApi(parts, Backups(parts, quotas, types, creation)).verbs(),
        *BackupRecordsApi(parts).verbs(),
        *TransfersApi(parts, Transfers(parts, quotas, types)).verbs(),
        *MessagesApi(parts).verbs(),
        *QuotasApi(parts, quotas).verbs(),
        *SurroundingsApi(parts).verbs(),
        *BackendsApi(parts).verbs(),
        *ServiceLogsApi(parts).verbs(),
        *ClustersApi(parts).verbs(),
    ]
    internal = InternalApi(parts, creation, presenter, attachments)
    api = Api(
        [
            *ROUTES,
            *routes_of(verbs),
            *internal.routes(),
            *LeftoversApi(parts, Leftovers(parts, objects)).routes(),
            *InternalProjectsApi(parts).routes(),
            *PlacesApi(parts).routes(),
        ],
        dialect=volume_dialect,
        tokens=outside.tokens,
        identifiers=outside.identifiers,
        has_strict_paths=True,
        versions=VERSIONS,
        service_type="block-storage",
    )
    # A message tells of each job; leases are renewed as often, too.
    looked_for = parts.settings.jobs_looked_for
    jobs = Loop(VolumeWorker(parts, objects), idle_seconds=looked_for)
    parts.bus.subscribe(JOBS_TOPIC, lambda message: jobs.hint())
    speeds = Loop(Speeds(parts), idle_seconds=SPEEDS_SECONDS)
    parts.bus.subscribe(SPEEDS_TOPIC, lambda message: speeds.hint())
    upkeep = Loop(Upkeep(parts, outside.url), idle_seconds=UPKEEP_SECONDS)
    return Room("volume", api, (jobs, upkeep, speeds))
