"""Puts the load balancer room together."""

from __future__ import annotations

from compute.balancer.api.balancers import BalancersApi
from compute.balancer.api.flavors import SHELVES, FlavorsApi
from compute.balancer.api.internal import InternalApi
from compute.balancer.api.members import BatchApi
from compute.balancer.api.quotas import QuotasApi
from compute.balancer.api.resource import PartApi
from compute.balancer.api.surroundings import SurroundingsApi
from compute.balancer.api.versions import ROUTES
from compute.balancer.changes import (
    listeners,
    members,
    monitors,
    policies,
    pools,
    rules_of_policies,
)
from compute.balancer.frame.definition import Definition
from compute.balancer.frame.work import TOPIC_KEEPER, BalancerDatabase
from compute.balancer.keeper import Keeper
from compute.balancer.policies import DEFAULTS
from compute.balancer.settings import BalancerSettings
from compute.balancer.trust import Trust
from compute.core.api.dialects import balancer_dialect
from compute.core.api.frame import Api, Route
from compute.core.policy import Policy
from compute.core.rooms.room import Room, RoomParts
from compute.network.client import VipClient
from compute.secret.client import SecretClient
from objectstore.kernel.loop import Loop

NAME = "load-balancer"
# A message tells of each change.
KEEPER_SECONDS = 5.0

DEFINITIONS: tuple[Definition, ...] = (  # type: ignore[type-arg]
    listeners.DEFINITION,
    pools.DEFINITION,
    members.definition(pools.KIND),
    monitors.DEFINITION,
    policies.DEFINITION,
    rules_of_policies.definition(policies.KIND),
)


def build_room(parts: RoomParts, settings: BalancerSettings) -> Room:
    """The room.  Its tables must be there."""
    database = BalancerDatabase(
        parts.database,
        bus=parts.bus,
        clock=parts.clock,
        identifiers=parts.identifiers,
        policy=Policy(DEFAULTS, parts.policy_overrides),
        settings=settings,
    )
    network = VipClient(parts.callers["network"], parts.service)
    trust = Trust(database, SecretClient(parts.callers["key-manager"], parts.service))
    api = Api(
        all_routes(database, network, trust),
        dialect=balancer_dialect,
        service_type="load-balancer",
        tokens=parts.tokens,
        identifiers=parts.identifiers,
    )

    def house_project() -> str:
        return parts.tokens.check(parts.service.token(), "").project_id

    keeper = Loop(
        Keeper(database, network, trust, house_project), idle_seconds=KEEPER_SECONDS
    )
    parts.bus.subscribe(TOPIC_KEEPER, lambda message: keeper.hint())
    return Room(NAME, api, (keeper,))


def all_routes(
    database: BalancerDatabase, network: VipClient, trust: Trust
) -> list[Route]:
    """Every route."""
    routes = [*ROUTES, *BalancersApi(database, network, trust).routes()]
    for definition in DEFINITIONS:
        routes += PartApi(definition, database, trust).routes()
    routes += BatchApi(database).routes()
    routes += QuotasApi(database).routes()
    routes += SurroundingsApi(database).routes()
    for shelf in SHELVES:
        routes += FlavorsApi(database, shelf).routes()
    routes += InternalApi(database, trust).routes()
    return routes
