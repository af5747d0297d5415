"""The volume room, put together: API, services, driver, loops."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

from compute.core.api.dialects import volume_dialect
from compute.core.api.frame import Api, Route
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
from compute.volume.api.frame import VERSIONS, Verb, routes_of
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
from compute.volume.service.leftovers import Leftovers
from compute.volume.services import Services, make_services
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
    account = ServiceAccount(
        outside.callers["object-store"], outside.tokens, outside.service
    )
    objects = BackupObjects(account)
    services = make_services(parts)
    services.types.ensure_default()
    presenter = Presenter(parts)
    api = Api(
        [
            *ROUTES,
            *routes_of(_verbs(parts, services, presenter)),
            *_internal_routes(parts, services, presenter, objects),
        ],
        dialect=volume_dialect,
        tokens=outside.tokens,
        identifiers=outside.identifiers,
        has_strict_paths=True,
        versions=VERSIONS,
        service_type="block-storage",
    )
    return Room("volume", api, _loops(parts, objects, outside.url))


def _verbs(parts: Parts, services: Services, presenter: Presenter) -> list[Verb]:
    """What clients ask for."""
    types, volumes = services.types, services.volumes
    older = OlderActions(services.older_attachments)
    return [
        *VolumesApi(
            parts, volumes, services.orders, services.creation, presenter
        ).verbs(),
        *VolumeMetadataApi(parts, volumes).verbs(),
        *VolumeEncryptionApi(parts).verbs(),
        *ActionsApi(
            parts,
            volumes,
            services.retyping,
            services.orders,
            older,
            services.managing,
            services.migrations,
            services.reimaging,
            presenter,
        ).verbs(),
        *SnapshotsApi(parts, services.snapshots, services.managing, presenter).verbs(),
        *SnapshotSetsApi(services.snapshot_sets, presenter).verbs(),
        *SnapshotSharesApi(parts, services.snapshot_shares, presenter).verbs(),
        *ManageableApi(parts, services.managing, presenter).verbs(),
        *AttachmentsApi(parts, services.attachments, presenter).verbs(),
        *TypesApi(parts, types).verbs(),
        *TypeDetailsApi(parts, types).verbs(),
        *TypeEncryptionApi(parts, types).verbs(),
        *DefaultTypesApi(parts, types).verbs(),
        *QosApi(parts, types).verbs(),
        *GroupTypesApi(parts, services.group_types).verbs(),
        *GroupsApi(parts, services.groups).verbs(),
        *GroupSnapshotsApi(parts, services.group_snapshots).verbs(),
        *BackupsApi(parts, services.backups).verbs(),
        *BackupRecordsApi(parts).verbs(),
        *TransfersApi(parts, services.transfers).verbs(),
        *MessagesApi(parts).verbs(),
        *QuotasApi(parts, services.quotas).verbs(),
        *SurroundingsApi(parts).verbs(),
        *BackendsApi(parts).verbs(),
        *ServiceLogsApi(parts).verbs(),
        *ClustersApi(parts).verbs(),
    ]


def _internal_routes(
    parts: Parts, services: Services, presenter: Presenter, objects: BackupObjects
) -> list[Route]:
    """What other rooms, agents, volume hosts and the doctor ask for."""
    internal = InternalApi(parts, services.creation, presenter, services.attachments)
    return [
        *internal.routes(),
        *LeftoversApi(parts, Leftovers(parts, objects)).routes(),
        *InternalProjectsApi(parts).routes(),
        *PlacesApi(parts).routes(),
    ]


def _loops(parts: Parts, objects: BackupObjects, url: str) -> tuple[Loop, ...]:
    """A message tells of each job; leases are renewed as often, too."""
    looked_for = parts.settings.jobs_looked_for
    jobs = Loop(VolumeWorker(parts, objects), idle_seconds=looked_for)
    parts.bus.subscribe(JOBS_TOPIC, lambda message: jobs.hint())
    speeds = Loop(Speeds(parts), idle_seconds=SPEEDS_SECONDS)
    parts.bus.subscribe(SPEEDS_TOPIC, lambda message: speeds.hint())
    upkeep = Loop(Upkeep(parts, url), idle_seconds=UPKEEP_SECONDS)
    return jobs, upkeep, speeds
