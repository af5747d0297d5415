"""Puts the metric room together."""

from __future__ import annotations

from compute.core.api.dialects import metric_dialect
from compute.core.api.frame import Api, Route
from compute.core.policy import Policy
from compute.core.rooms.room import Room, RoomParts
from compute.core.rooms.service_account import ServiceAccount
from compute.core.sql.database import Duplicate
from compute.image.client import ImageClient
from compute.instance.client import InstanceClient
from compute.metric.api.acceptable import as_json
from compute.metric.api.aggregates import AggregatesApi
from compute.metric.api.batch import BatchApi
from compute.metric.api.frame import Frame
from compute.metric.api.internal import InternalApi
from compute.metric.api.metrics import MetricsApi
from compute.metric.api.policies import PoliciesApi
from compute.metric.api.resource_metrics import ResourceMetricsApi
from compute.metric.api.resource_types import ResourceTypesApi
from compute.metric.api.resources import ResourcesApi
from compute.metric.api.surroundings import SurroundingsApi
from compute.metric.api.value_search import ValueSearchApi
from compute.metric.keeping.folding import Folding
from compute.metric.keeping.loops import FoldingLoop, Sweeping
from compute.metric.keeping.objects import Objects, RingObjects
from compute.metric.keeping.reading import Reading
from compute.metric.parts import Parts
from compute.metric.policies import DEFAULTS
from compute.metric.service.beginning import begin
from compute.metric.settings import MetricSettings
from compute.metric.stock import StockTaking
from compute.volume.client import VolumeClient
from objectstore.kernel.loop import Loop

NAME = "metric"
FOLDING_SECONDS = 30.0
SWEEPING_SECONDS = 300.0


def build_room(parts: RoomParts, settings: MetricSettings) -> Room:
    """The room.  Its tables must be there."""
    account = ServiceAccount(parts.callers["object-store"], parts.tokens, parts.service)
    return room_of(parts, settings, RingObjects(account))


def room_of(parts: RoomParts, settings: MetricSettings, objects: Objects) -> Room:
    """The room, with its chunks in ``objects``."""
    try:
        parts.database.run(begin)
    except Duplicate:
        parts.database.run(begin)  # another process did some of it just now
    folding = Folding(parts.database, objects, parts.identifiers, parts.clock)
    folder = FoldingLoop(parts.database, folding, parts.clock, settings.fold_after)
    folding_loop = Loop(folder, idle_seconds=FOLDING_SECONDS)

    def hurry(metric_id: str) -> None:
        folder.eager_for(metric_id)
        folding_loop.hint()

    inner = Parts(
        database=parts.database,
        clock=parts.clock,
        identifiers=parts.identifiers,
        policy=Policy(DEFAULTS, parts.policy_overrides),
        settings=settings,
        reading=Reading(parts.database, objects),
        folding=folding,
        hurry=hurry,
    )
    api = Api(
        as_json(all_routes(Frame(inner), parts.host)),
        dialect=metric_dialect,
        service_type="metric",
        tokens=parts.tokens,
        identifiers=parts.identifiers,
    )
    sweeping = Loop(
        Sweeping(parts.database, objects, parts.clock), idle_seconds=SWEEPING_SECONDS
    )
    loops = [folding_loop, sweeping]
    if settings.stock_interval and parts.callers:
        stock = StockTaking(
            inner,
            VolumeClient(parts.callers["volume"], parts.service),
            ImageClient(parts.callers["image"], parts.service),
            InstanceClient(parts.callers["compute"], parts.service),
            parts.tokens,
            parts.service,
        )
        loops.append(Loop(stock, idle_seconds=settings.stock_interval))
    return Room(NAME, api, loops)


def all_routes(frame: Frame, host: str) -> list[Route]:
    """Every route."""
    return [
        *SurroundingsApi(frame, host).routes(),
        *PoliciesApi(frame).routes(),
        *MetricsApi(frame).routes(),
        *ResourcesApi(frame).routes(),
        *ResourceMetricsApi(frame).routes(),
        *ResourceTypesApi(frame).routes(),
        *BatchApi(frame).routes(),
        *AggregatesApi(frame).routes(),
        *ValueSearchApi(frame).routes(),
        *InternalApi(frame).routes(),
    ]
