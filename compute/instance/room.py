"""The instance room, put together."""

from __future__ import annotations

from compute.core.api.dialects import compute_dialect
from compute.core.api.frame import Api
from compute.core.policy import Policy
from compute.core.rooms.absent import AbsentService
from compute.core.rooms.room import Room, RoomParts
from compute.image.client import ImageClient
from compute.instance.api.internal.routes import internal_routes
from compute.instance.api.presenting import Presenter
from compute.instance.api.public import public_verbs
from compute.instance.api.versions import ROUTES
from compute.instance.frame.routes import VERSIONS, routes_of
from compute.instance.placing import Placer
from compute.instance.policies import DEFAULTS
from compute.instance.service.room_jobs import RoomJobs
from compute.instance.service.watchdog import Watchdog
from compute.instance.services import make_services
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
    services = make_services(wiring, settings)
    presenter = Presenter(wiring)
    callers = {**parts.callers, "volume": volume_caller(parts)}
    api = Api(
        [
            *ROUTES,
            *routes_of(public_verbs(wiring, services, presenter, callers)),
            *internal_routes(wiring, services, presenter),
        ],
        dialect=compute_dialect,
        tokens=parts.tokens,
        identifiers=parts.identifiers,
        has_strict_paths=True,
        versions=VERSIONS,
        extra_request_id_header="x-compute-request-id",
    )
    owner = parts.identifiers.uuid()
    jobs = Loop(
        RoomJobs(wiring, services.finishing, services.server_desk, owner),
        idle_seconds=ROOM_JOBS_SECONDS,
    )
    parts.bus.subscribe(host_topic(ROOM_QUEUE), lambda message: jobs.hint())
    watchdog = Loop(
        Watchdog(wiring, services.finishing, services.actions),
        idle_seconds=WATCHDOG_SECONDS,
    )
    return Room("compute", api, (jobs, watchdog))
