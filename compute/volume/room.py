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
from compute.volume.api.manageable import ManageableApi
from compute.volume.api.messages import MessagesApi
from compute.volume.api.older_actions import OlderActions
from compute.volume.api.places import PlacesApi
from compute.volume.api.presenting import Presenter
from compute.volume.api.qos import QosApi
from compute.volume.api.quotas import QuotasApi
from compute.volume.api.service_logs import ServiceLogsApi
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
from compute.volume.places import Places
from compute.volume.policies import DEFAULTS
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
from compute.volume.service.snapshots import Snapshots
from compute.volume.service.transfers import Transfers
from compute.volume.service.types import Types
from compute.volume.service.volumes import Volumes
from compute.volume.settings import DriverKind, VolumeSettings
from compute.volume.stores.whole import Stores
from compute.volume.wiring import JOBS_TOPIC, SPEEDS_TOPIC, Wiring
from objectstore.kernel.loop import Loop

# A message tells of each job; leases are renewed as often, too.
JOBS_SECONDS = 5.0
UPKEEP_SECONDS = 20.0
# A message tells of each change; who could not be told is tried again.
SPEEDS_SECONDS = 10.0


def build_room(parts: RoomParts, settings: VolumeSettings) -> Room:
    """The room, ready to run."""
    host = parts.host or socket.gethostname()
    driver = build_driver(parts, settings, host)
    room = room_of(wire(parts, settings, driver, host), parts)
    if settings.ends_with_us and isinstance(driver, FilesDriver):
        return replace(room, ends=driver.stop)
    return room


def build_driver(parts: RoomParts, settings: VolumeSettings, host: str) -> VolumeDriver:
    """Where the bytes are."""
    if settings.driver is DriverKind.MEMORY:
        return MemoryDriver(host)
    directory = settings.directory or Path(parts.state_directory)
    first, count = settings.tcp_port_first, settings.tcp_ports
    address = settings.tcp_address or parts.address or LOOPBACK
    listening = Listening(host, address, range(first, first + count))

    def random_hex(count: int) -> str:
        return f"{parts.random.getrandbits(8 * count):0{2 * count}x}"

    return FilesDriver(directory, listening, random_hex)


def wire(
    parts: RoomParts, settings: VolumeSettings, driver: VolumeDriver, host: str
) -> Wiring:
    """What the services work with."""
    stores = Stores()
    services = stores.services
    return Wiring(
        database=parts.database,
        bus=parts.bus,
        clock=parts.clock,
        identifiers=parts.identifiers,
        policy=Policy(DEFAULTS, parts.policy_overrides),
        settings=settings,
        images=ImageClient(parts.callers["image"], parts.service),
        driver=driver,
        host=host,
        servers=InstanceClient(
            parts.callers.get("compute", AbsentService("compute")), parts.service
        ),
        keys=Keys(
            SecretClient(
                parts.callers.get("key-manager", AbsentService("key-manager")),
                parts.service,
            )
        ),
        places=Places(
            host, driver, parts.database, services, parts.service, parts.peer
        ),
        stores=stores,
    )


def room_of(wiring: Wiring, parts: RoomParts) -> Room:
    """Application and loops."""
    quotas, types = Quotas(wiring), Types(wiring)
    types.ensure_default()
    migrations = Migrations(wiring, types)
    volumes = Volumes(wiring, quotas, types, migrations)
    orders = VolumeOrders(wiring, quotas, types)
    attachments = Attachments(wiring)
    older = OlderActions(OlderAttachments(wiring, attachments))
    creation = VolumeCreation(wiring, quotas, types)
    managing = Managing(wiring, quotas, types, creation)
    reimaging = Reimaging(wiring, creation)
    snapshots = Snapshots(wiring, quotas, types)
    group_types = GroupTypes(wiring)
    groups = Groups(wiring, quotas, types, group_types, creation, orders)
    presenter = Presenter(wiring)
    account = ServiceAccount(parts.callers["object-store"], parts.tokens, parts.service)
    objects = BackupObjects(account)
    verbs = [
        *VolumesApi(wiring, volumes, orders, creation, presenter).verbs(),
        *VolumeMetadataApi(wiring, volumes).verbs(),
        *VolumeEncryptionApi(wiring).verbs(),
        *ActionsApi(
            wiring,
            volumes,
            orders,
            older,
            managing,
            migrations,
            reimaging,
            presenter,
        ).verbs(),
        *SnapshotsApi(wiring, snapshots, managing, presenter).verbs(),
        *ManageableApi(wiring, managing, presenter).verbs(),
        *AttachmentsApi(wiring, attachments, presenter).verbs(),
        *TypesApi(wiring, types).verbs(),
        *TypeDetailsApi(wiring, types).verbs(),
        *TypeEncryptionApi(wiring, types).verbs(),
        *DefaultTypesApi(wiring, types).verbs(),
        *QosApi(wiring, types).verbs(),
        *GroupTypesApi(wiring, group_types).verbs(),
        *GroupsApi(wiring, groups).verbs(),
        *GroupSnapshotsApi(wiring, GroupSnapshots(wiring, quotas, types)).verbs(),
        *BackupsApi(wiring, Backups(wiring, quotas, types, creation)).verbs(),
        *BackupRecordsApi(wiring).verbs(),
        *TransfersApi(wiring, Transfers(wiring, quotas, types)).verbs(),
        *MessagesApi(wiring).verbs(),
        *QuotasApi(wiring, quotas).verbs(),
        *SurroundingsApi(wiring).verbs(),
        *BackendsApi(wiring).verbs(),
        *ServiceLogsApi(wiring).verbs(),
        *ClustersApi(wiring).verbs(),
    ]
    internal = InternalApi(wiring, creation, presenter, objects, attachments)
    api = Api(
        [
            *ROUTES,
            *routes_of(verbs),
            *internal.routes(),
            *InternalProjectsApi(wiring).routes(),
            *PlacesApi(wiring).routes(),
        ],
        dialect=volume_dialect,
        tokens=parts.tokens,
        identifiers=parts.identifiers,
        has_strict_paths=True,
        versions=VERSIONS,
        service_type="block-storage",
    )
    jobs = Loop(VolumeWorker(wiring, objects), idle_seconds=JOBS_SECONDS)
    wiring.bus.subscribe(JOBS_TOPIC, lambda message: jobs.hint())
    speeds = Loop(Speeds(wiring), idle_seconds=SPEEDS_SECONDS)
    wiring.bus.subscribe(SPEEDS_TOPIC, lambda message: speeds.hint())
    upkeep = Loop(Upkeep(wiring, parts.url), idle_seconds=UPKEEP_SECONDS)
    return Room("volume", api, (jobs, upkeep, speeds))
