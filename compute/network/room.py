"""Puts the network room together."""

from __future__ import annotations

from compute.core.api.dialects import network_dialect
from compute.core.api.frame import Api
from compute.core.policy import Policy
from compute.core.rooms.room import Room, RoomParts
from compute.network.api import all_routes
from compute.network.defaults import ensure_defaults
from compute.network.frame.work import NetworkDatabase
from compute.network.policies import DEFAULTS
from compute.network.settings import NetworkSettings

NAME = "network"


def build_room(parts: RoomParts, settings: NetworkSettings) -> Room:
    """The room, its first networks made.  Its tables must be there."""
    database = NetworkDatabase(
        parts.database,
        bus=parts.bus,
        clock=parts.clock,
        identifiers=parts.identifiers,
        policy=Policy(DEFAULTS, parts.policy_overrides),
        settings=settings,
    )
    ensure_defaults(database)
    api = Api(
        all_routes(database, frozenset(DEFAULTS)),
        dialect=network_dialect,
        service_type="network",
        tokens=parts.tokens,
        identifiers=parts.identifiers,
    )
    return Room(NAME, api)
