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
from compute.instance.parts import ROOM_QUEUE, Parts, host_topic
from compute.instance.placing import Placer
from compute.instance.policies import DEFAULTS
from compute.instance.service.room_jobs import RoomJobs
from compute.instance.service.watchdog import Watchdog
from compute.instance.services import make_services
from compute.instance.settings import InstanceSettings
from compute.network.client import NetworkClient
from compute.volume.client import VolumeClient
from objectstore.client.caller import Caller
from objectstore.kernel.loop import Loop

# The room's own jobs are few, and a message tells of each.
ROOM_JOBS_SECONDS = 2.0
WATCHDOG_SECONDS = 15.0


def volume_caller(outside: RoomParts) -> Caller:
    """The way to the volume service; a cloud may be without."""
    return outside.callers.get("volume", AbsentService("volume"))


def wire(outside: RoomParts, settings: InstanceSettings) -> Parts:
    """What the services work with."""
    return Parts(
        database=outside.database,
        bus=outside.bus,
        clock=outside.clock,
        identifiers=outside.identifiers,
        policy=Policy(DEFAULTS, outside.policy_overrides),
        settings=settings,
        network=NetworkClient(outside.callers["network"], outside.service),
        images=ImageClient(outside.callers["image"], outside.service),
        volumes=VolumeClient(volume_caller(outside), outside.service),
        placer=Placer(
            outside.database,
            outside.clock,
            outside.random,
            kind=settings.scheduler,
            capacity=settings.capacity,
            down_after_seconds=settings.down_after,
            first_host_wait_seconds=settings.first_host_wait,
        ),
    )


def build_room(outside: RoomParts, settings: InstanceSettings) -> Room:
    """Application and loops."""
    parts = wire(outside, settings)
    services = make_services(parts, settings)
    presenter = Presenter(parts)
    callers = {**outside.callers, "volume": volume_caller(outside)}
    api = Api(
        [
            *ROUTES,
            *routes_of(public_verbs(parts, services, presenter, callers)),
            *internal_routes(parts, services, presenter),
        ],
        dialect=compute_dialect,
        tokens=outside.tokens,
        identifiers=outside.identifiers,
        has_strict_paths=True,
        versions=VERSIONS,
        extra_request_id_header="x-compute-request-id",
    )
    owner = outside.identifiers.uuid()
    jobs = Loop(
        RoomJobs(parts, services.finishing, services.server_desk, owner),
        idle_seconds=ROOM_JOBS_SECONDS,
    )
    outside.bus.subscribe(host_topic(ROOM_QUEUE), lambda message: jobs.hint())
    watchdog = Loop(
        Watchdog(parts, services.finishing, services.actions),
        idle_seconds=WATCHDOG_SECONDS,
    )
    return Room("compute", api, (jobs, watchdog))
