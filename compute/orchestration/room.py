"""Puts the orchestration room together."""

from __future__ import annotations

from collections.abc import Mapping

from compute.core.api.dialects import orchestration_dialect
from compute.core.api.frame import Api, Route
from compute.core.context import TokenChecker
from compute.core.identifiers import Identifiers
from compute.core.keys.sealing import vault_of
from compute.core.policy import Policy
from compute.core.rooms.authority import Authority
from compute.core.rooms.room import Room, RoomParts
from compute.orchestration.api.configs import ConfigsApi
from compute.orchestration.api.deployments import DeploymentsApi
from compute.orchestration.api.events import EventsApi
from compute.orchestration.api.frame import Frame
from compute.orchestration.api.previews import PreviewsApi
from compute.orchestration.api.resources import ResourcesApi
from compute.orchestration.api.snapshots import SnapshotsApi
from compute.orchestration.api.stacks import StacksApi
from compute.orchestration.api.surroundings import SurroundingsApi
from compute.orchestration.api.templates import TemplatesApi
from compute.orchestration.engine.upkeep import Upkeep
from compute.orchestration.engine.worker import StackWorker
from compute.orchestration.parts import TOPIC, Parts
from compute.orchestration.policies import DEFAULTS
from compute.orchestration.registry import all_types
from compute.orchestration.settings import OrchestrationSettings
from compute.orchestration.store import Stores
from objectstore.kernel.loop import Loop

NAME = "orchestration"
# The shortest pause of a stack that waits; a message tells of what can go on at once.
WORKER_SECONDS = 0.5
UPKEEP_SECONDS = 60.0


def build_room(parts: RoomParts, settings: OrchestrationSettings) -> Room:
    """The room.  Its tables must be there."""
    engine = engine_parts(parts, settings)
    api = api_of(
        engine, parts.host, parts.tokens, parts.identifiers, parts.policy_overrides
    )
    worker = Loop(StackWorker(engine), idle_seconds=WORKER_SECONDS)
    parts.bus.subscribe(TOPIC, lambda message: worker.hint())
    upkeep = Loop(Upkeep(engine), idle_seconds=UPKEEP_SECONDS)
    return Room(NAME, api, (worker, upkeep))


def api_of(
    engine: Parts,
    host: str,
    tokens: TokenChecker,
    identifiers: Identifiers,
    overrides: Mapping[str, str],
) -> Api:
    """The application; ``overrides``: of the policy's rules."""
    frame = Frame(engine, Policy(DEFAULTS, overrides))
    return Api(
        all_routes(frame, host),
        dialect=orchestration_dialect,
        service_type="orchestration",
        tokens=tokens,
        identifiers=identifiers,
    )


def engine_parts(parts: RoomParts, settings: OrchestrationSettings) -> Parts:
    """What the engine is made from."""
    return Parts(
        database=parts.database,
        stores=Stores(vault_of(parts.state_directory, parts.clock), settings.lease),
        bus=parts.bus,
        clock=parts.clock,
        random=parts.random,
        registry=all_types(parts.region),
        settings=settings,
        authority=Authority(
            parts.callers["identity"],
            parts.tokens,
            parts.service,
            parts.clock,
            service_type=NAME,
            purpose="Stacks are worked on",
        ),
        callers=parts.callers,
        owner=f"{parts.host} {parts.state_directory}"[-255:],
    )


def all_routes(frame: Frame, host: str) -> list[Route]:
    """Every route."""
    return [
        *SurroundingsApi(frame, host).routes(),
        *StacksApi(frame).routes(),
        *PreviewsApi(frame).routes(),
        *ResourcesApi(frame).routes(),
        *SnapshotsApi(frame).routes(),
        *EventsApi(frame).routes(),
        *TemplatesApi(frame).routes(),
        *ConfigsApi(frame).routes(),
        *DeploymentsApi(frame).routes(),
    ]
