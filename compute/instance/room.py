"""The instance room, put together."""

from __future__ import annotations

from compute.core.absent import AbsentService
from compute.core.api import Api
from compute.core.dialects import compute_dialect
from compute.core.policy import Policy
from compute.core.room import Room, RoomParts
from compute.image.client import ImageClient
from compute.instance.api.actions import ActionsApi
from compute.instance.api.aggregates import AggregatesApi
from compute.instance.api.attributes import AttributesApi
from compute.instance.api.audit_log import AuditLogApi
from compute.instance.api.consoles import ConsolesApi
from compute.instance.api.doctor import DoctorApi
from compute.instance.api.extensions import ExtensionsApi
from compute.instance.api.fixed_addresses import FixedAddressesApi
from compute.instance.api.flavor_access import FlavorAccessApi
from compute.instance.api.flavor_specs import FlavorSpecsApi
from compute.instance.api.flavors import FlavorsApi
from compute.instance.api.groups import GroupsApi
from compute.instance.api.guest_questions import GuestQuestionsApi
from compute.instance.api.history import HistoryApi
from compute.instance.api.hypervisors import HypervisorsApi
from compute.instance.api.interfaces import InterfacesApi
from compute.instance.api.internal import InternalApi
from compute.instance.api.keypairs import KeypairsApi
from compute.instance.api.migrations import MigrationsApi
from compute.instance.api.moves import MovesApi
from compute.instance.api.not_here import NotHereApi
from compute.instance.api.older_hosts import OlderHostsApi
from compute.instance.api.presenting import Presenter
from compute.instance.api.proxies.floating_ips import FloatingIpProxiesApi
from compute.instance.api.proxies.image_metadata import ImageMetadataApi
from compute.instance.api.proxies.images import ImageProxiesApi
from compute.instance.api.proxies.network_service import NetworkService
from compute.instance.api.proxies.networks import NetworkProxiesApi
from compute.instance.api.proxies.security_groups import SecurityGroupProxiesApi
from compute.instance.api.proxies.volumes import VolumeProxiesApi
from compute.instance.api.quotas import QuotasApi
from compute.instance.api.removed import removed_verbs
from compute.instance.api.servers import ServersApi
from compute.instance.api.services import ServicesApi
from compute.instance.api.surroundings import SurroundingsApi
from compute.instance.api.topology import TopologyApi
from compute.instance.api.usage import UsageApi
from compute.instance.api.versions import ROUTES
from compute.instance.api.volume_attachments import VolumeAttachmentsApi
from compute.instance.api.zones import ZonesApi
from compute.instance.frame.routes import VERSIONS, routes_of
from compute.instance.placing import Placer
from compute.instance.policies import DEFAULTS
from compute.instance.service.actions import ServerActions
from compute.instance.service.agents import AgentDesk
from compute.instance.service.consoles import Consoles
from compute.instance.service.create import ServerCreation
from compute.instance.service.finishing import Finishing
from compute.instance.service.lifecycle import Lifecycle
from compute.instance.service.move_ends import MoveEnds
from compute.instance.service.moving import Moving
from compute.instance.service.ordering import Ordering
from compute.instance.service.questions import Questions
from compute.instance.service.quotas import Quotas
from compute.instance.service.resizing import Resizing
from compute.instance.service.room_jobs import RoomJobs
from compute.instance.service.snapshots import Snapshots
from compute.instance.service.stray_places import StrayPlaces
from compute.instance.service.unshelving import Unshelving
from compute.instance.service.volumes import ServerVolumes
from compute.instance.service.watchdog import Watchdog
from compute.instance.settings import InstanceSettings
from compute.instance.wiring import ROOM_QUEUE, Wiring, host_topic
from compute.network.client import NetworkClient
from compute.volume.client import VolumeClient
from objectstore.client.caller import Caller
from objectstore.kernel.loop import Loop

# The room's own jobs are few, and a message tells of each.
ROOM_JOBS_SECONDS = 2.0
WATCHDOG_SECONDS = 15.0


def volume_caller(parts: RoomParts) -> Caller:
    """The way to the volume service; a cloud may be without."""
    return parts.callers.get("volume", AbsentService("volume"))


def wire(parts: RoomParts, settings: InstanceSettings) -> Wiring:
    """What the services work with."""
    return Wiring(
        database=parts.database,
        bus=parts.bus,
        clock=parts.clock,
        identifiers=parts.identifiers,
        policy=Policy(DEFAULTS, parts.policy_overrides),
        settings=settings,
        network=NetworkClient(parts.callers["network"], parts.service),
        images=ImageClient(parts.callers["image"], parts.service),
        volumes=VolumeClient(volume_caller(parts), parts.service),
        placer=Placer(
            parts.database,
            parts.clock,
            parts.random,
            kind=settings.scheduler,
            capacity=settings.capacity,
            down_after_seconds=settings.down_after,
            first_host_wait_seconds=settings.first_host_wait,
        ),
    )


def build_room(parts: RoomParts, settings: InstanceSettings) -> Room:
    """Application and loops."""
    wiring = wire(parts, settings)
    stores = wiring.stores
    quotas = Quotas(settings.quotas(), stores.quotas, stores.servers)
    actions = ServerActions(wiring)
    ordering = Ordering(wiring, quotas)
    finishing = Finishing(wiring)
    desk = AgentDesk(wiring)
    volumes = ServerVolumes(wiring, actions)
    consoles = Consoles(wiring)
    presenter = Presenter(wiring)
    moving = Moving(wiring, actions)
    snapshots = Snapshots(wiring, actions, ordering)
    resizing = Resizing(wiring, actions, ordering, quotas, moving)
    lifecycle = Lifecycle(wiring, actions, ordering, snapshots)
    creation = ServerCreation(wiring, quotas)
    servers = ServersApi(wiring, ordering, creation, actions, presenter)
    unshelving = Unshelving(wiring, actions, ordering)
    action_api = ActionsApi(
        wiring, actions, lifecycle, resizing, snapshots, unshelving, servers
    )
    questions = Questions(wiring)
    networks = NetworkService(parts.callers["network"])
    verbs = [
        *GuestQuestionsApi(actions, lifecycle, questions, action_api).verbs(),
        *ConsolesApi(wiring, lifecycle, consoles, action_api).verbs(),
        *removed_verbs(),
        *ExtensionsApi().verbs(),
        *AuditLogApi(wiring).verbs(),
        *FixedAddressesApi(wiring, lifecycle, action_api).verbs(),
        *NotHereApi(wiring).verbs(),
        *OlderHostsApi(wiring).verbs(),
        *ImageMetadataApi(parts.callers["image"]).verbs(),
        *ImageProxiesApi(parts.callers["image"]).verbs(),
        *NetworkProxiesApi(networks).verbs(),
        *SecurityGroupProxiesApi(networks, lifecycle).verbs(),
        *FloatingIpProxiesApi(networks, lifecycle, action_api).verbs(),
        *servers.verbs(),
        *action_api.verbs(),
        *AttributesApi(wiring, ordering).verbs(),
        *InterfacesApi(wiring, actions, presenter).verbs(),
        *VolumeAttachmentsApi(volumes).verbs(),
        *VolumeProxiesApi(volume_caller(parts)).verbs(),
        *HistoryApi(wiring).verbs(),
        *FlavorsApi(wiring).verbs(),
        *FlavorSpecsApi(wiring).verbs(),
        *FlavorAccessApi(wiring).verbs(),
        *KeypairsApi(wiring, quotas).verbs(),
        *GroupsApi(wiring, quotas).verbs(),
        *HypervisorsApi(wiring).verbs(),
        *ServicesApi(wiring, desk).verbs(),
        *ZonesApi(wiring).verbs(),
        *AggregatesApi(wiring).verbs(),
        *QuotasApi(wiring, quotas).verbs(),
        *UsageApi(wiring).verbs(),
        *TopologyApi(wiring).verbs(),
        *SurroundingsApi(wiring, volumes).verbs(),
        *MovesApi(wiring, moving, action_api).verbs(),
        *MigrationsApi(wiring).verbs(),
    ]
    moves = MoveEnds(wiring)
    internal = InternalApi(wiring, desk, finishing, consoles, presenter, moves, volumes)
    api = Api(
        [
            *ROUTES,
            *routes_of(verbs),
            *internal.routes(),
            *DoctorApi(wiring, StrayPlaces(wiring)).routes(),
        ],
        dialect=compute_dialect,
        tokens=parts.tokens,
        identifiers=parts.identifiers,
        versions=VERSIONS,
        extra_request_id_header="x-compute-request-id",
    )
    owner = parts.identifiers.uuid()
    jobs = Loop(
        RoomJobs(wiring, finishing, desk, owner), idle_seconds=ROOM_JOBS_SECONDS
    )
    parts.bus.subscribe(host_topic(ROOM_QUEUE), lambda message: jobs.hint())
    watchdog = Loop(Watchdog(wiring, finishing, actions), idle_seconds=WATCHDOG_SECONDS)
    return Room("compute", api, (jobs, watchdog))
