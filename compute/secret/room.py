"""Puts the key manager together."""

from __future__ import annotations

from compute.core.api.dialects import secret_dialect
from compute.core.api.frame import Api, Route
from compute.core.context import TokenChecker
from compute.core.keys.sealing import vault_of
from compute.core.policy import Policy
from compute.core.rooms.room import Room, RoomParts
from compute.secret.api import versions
from compute.secret.api.access import access_apis
from compute.secret.api.consumers import consumers_apis
from compute.secret.api.containers import ContainersApi
from compute.secret.api.frame import VERSIONS, Frame
from compute.secret.api.internal import InternalApi
from compute.secret.api.metadata import MetadataApi
from compute.secret.api.orders import OrdersApi
from compute.secret.api.quotas import QuotasApi
from compute.secret.api.secrets import SecretsApi
from compute.secret.api.stores import StoresApi
from compute.secret.api.whole_references import SecretApi
from compute.secret.parts import Parts
from compute.secret.policies import DEFAULTS
from compute.secret.settings import SecretSettings
from compute.secret.store import Stores
from compute.secret.upkeep import Upkeep
from objectstore.kernel.loop import Loop

NAME = "key-manager"
UPKEEP_SECONDS = 60.0


def build_room(parts: RoomParts, settings: SecretSettings) -> Room:
    """The room.  Its tables must be there."""
    inner = Parts(
        database=parts.database,
        clock=parts.clock,
        random=parts.random,
        settings=settings,
        policy=Policy(DEFAULTS, parts.policy_overrides),
        stores=Stores(vault_of(parts.state_directory, parts.clock)),
    )
    upkeep = Loop(Upkeep(inner), idle_seconds=UPKEEP_SECONDS)
    return Room(NAME, api_of(inner, parts.tokens), (upkeep,))


def api_of(inner: Parts, tokens: TokenChecker) -> Api:
    """The application."""
    return SecretApi(
        all_routes(Frame(inner)),
        dialect=secret_dialect,
        versions=VERSIONS,
        tokens=tokens,
        identifiers=inner.identifiers,
    )


def all_routes(frame: Frame) -> list[Route]:
    """Every route."""
    return [
        *versions.routes(),
        *SecretsApi(frame).routes(),
        *MetadataApi(frame).routes(),
        *ContainersApi(frame).routes(),
        *[route for each in consumers_apis(frame) for route in each.routes()],
        *[route for each in access_apis(frame) for route in each.routes()],
        *OrdersApi(frame).routes(),
        *QuotasApi(frame).routes(),
        *StoresApi(frame).routes(),
        *InternalApi(frame).routes(),
    ]
