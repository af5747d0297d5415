"""Puts the alarm room together."""

from __future__ import annotations

from collections.abc import Mapping

from compute.alarm.api.alarms import AlarmsApi
from compute.alarm.api.frame import Frame
from compute.alarm.api.quotas import QuotasApi
from compute.alarm.api.rich_queries import RichQueriesApi
from compute.alarm.api.surroundings import SurroundingsApi
from compute.alarm.delivery import Delivery
from compute.alarm.evaluator import Evaluator
from compute.alarm.measures import MetricRoom
from compute.alarm.parts import TOPIC, Parts
from compute.alarm.places import Places
from compute.alarm.policies import DEFAULTS
from compute.alarm.settings import AlarmSettings
from compute.alarm.store import Stores
from compute.alarm.upkeep import Upkeep
from compute.alarm.watcher import SHELVES, Watcher
from compute.alarm.webhooks import Webhooks, url_rules
from compute.core.api.dialects import alarm_dialect
from compute.core.api.frame import Api, Route
from compute.core.context import TokenChecker
from compute.core.keys.sealing import vault_of
from compute.core.policy import Policy
from compute.core.rooms.absent import AbsentService
from compute.core.rooms.authority import Authority
from compute.core.rooms.room import Room, RoomParts
from compute.metric.client import MetricClient
from objectstore.kernel.loop import Loop
from objectstore.kernel.settings import BadSettings, Mistake

NAME = "alarming"
# How soon an alarm that is due is looked at; orders wake the loop earlier.
EVALUATION_SECONDS = 1.0
# Actions are told of; this is for those that are to be tried again.
DELIVERY_SECONDS = 1.0
# How often rooms are asked what has changed, where an alarm waits for that.
EVENT_SECONDS = 2.0
UPKEEP_SECONDS = 60.0


def build_room(parts: RoomParts, settings: AlarmSettings) -> Room:
    """The room.  Its tables must be there.  ``BadSettings``."""
    inner = alarm_parts(parts, settings)
    metric = parts.callers.get("metric") or AbsentService("metric")
    measures = MetricRoom(MetricClient(metric, parts.service))
    orchestration = parts.callers["orchestration"]
    api = api_of(inner, parts.tokens, parts.policy_overrides)
    evaluation = Loop(Evaluator(inner, measures), idle_seconds=EVALUATION_SECONDS)
    delivery = Loop(Delivery(inner, orchestration), idle_seconds=DELIVERY_SECONDS)
    parts.bus.subscribe(TOPIC, lambda message: evaluation.hint())
    parts.bus.subscribe(TOPIC, lambda message: delivery.hint())
    watchers = [
        Loop(
            Watcher(inner, room, parts.callers[room], parts.service, shelf),
            idle_seconds=EVENT_SECONDS,
        )
        for room, shelf in SHELVES.items()
    ]
    upkeep = Loop(Upkeep(inner), idle_seconds=UPKEEP_SECONDS)
    return Room(NAME, api, (evaluation, delivery, upkeep, *watchers))


def alarm_parts(parts: RoomParts, settings: AlarmSettings) -> Parts:
    """What the services and loops are made from."""
    places = Places(parts.callers["identity"], parts.service, parts.clock)
    try:
        rules = url_rules(settings)
    except ValueError as error:
        raise BadSettings(
            [Mistake("", NAME, "webhook_networks_allowed", str(error))]
        ) from None
    return Parts(
        database=parts.database,
        bus=parts.bus,
        clock=parts.clock,
        random=parts.random,
        settings=settings,
        authority=Authority(
            parts.callers["identity"],
            parts.tokens,
            parts.service,
            parts.clock,
            service_type=NAME,
            purpose="An alarm acts with a token",
        ),
        places=places,
        webhooks=Webhooks(
            rules,
            places,
            seconds=settings.action_seconds,
            to_ourselves=settings.webhook_to_ourselves,
        ),
        owner=f"{parts.host} {parts.state_directory}"[-255:],
        stores=Stores(vault_of(parts.state_directory, parts.clock)),
    )


def api_of(inner: Parts, tokens: TokenChecker, overrides: Mapping[str, str]) -> Api:
    """The application; ``overrides``: of the policy's rules."""
    frame = Frame(inner, Policy(DEFAULTS, overrides))
    return Api(
        all_routes(frame),
        dialect=alarm_dialect,
        service_type=NAME,
        tokens=tokens,
        identifiers=inner.identifiers,
    )


def all_routes(frame: Frame) -> list[Route]:
    """Every route."""
    return [
        *SurroundingsApi(frame).routes(),
        *AlarmsApi(frame).routes(),
        *RichQueriesApi(frame).routes(),
        *QuotasApi(frame).routes(),
    ]
