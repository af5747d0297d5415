"""The identity room, put together."""

from __future__ import annotations

from compute.core.api.dialects import identity_dialect
from compute.core.api.frame import Api
from compute.core.keys.repository import KeyRepository, create_keys
from compute.core.policy import Policy
from compute.core.rooms.room import Room, RoomParts
from compute.core.sql import migrations
from compute.identity.api import versions
from compute.identity.api.application_credentials import ApplicationCredentialsApi
from compute.identity.api.credentials import CredentialsApi
from compute.identity.api.domains import DomainsApi
from compute.identity.api.ec2 import Ec2Api
from compute.identity.api.endpoint_filters import EndpointFiltersApi
from compute.identity.api.endpoint_groups import EndpointGroupsApi
from compute.identity.api.endpoints import EndpointsApi
from compute.identity.api.federated_sign_in import FederatedSignInApi
from compute.identity.api.grants import GrantsApi
from compute.identity.api.groups import GroupsApi
from compute.identity.api.identity_providers import IdentityProvidersApi
from compute.identity.api.limits import LimitsApi
from compute.identity.api.mappings import MappingsApi
from compute.identity.api.projects import ProjectsApi
from compute.identity.api.regions import RegionsApi
from compute.identity.api.registered_limits import RegisteredLimitsApi
from compute.identity.api.role_assignments import RoleAssignmentsApi
from compute.identity.api.roles import RolesApi
from compute.identity.api.service_providers import ServiceProvidersApi
from compute.identity.api.services import ServicesApi
from compute.identity.api.sign_in_pages import SignInPagesApi
from compute.identity.api.tags import TagsApi
from compute.identity.api.tokens import TokensApi
from compute.identity.api.trusts import TrustsApi
from compute.identity.api.users import UsersApi
from compute.identity.federation.operator_file import known_providers
from compute.identity.federation.service import Federation
from compute.identity.parts import Parts
from compute.identity.passwords import Passwords
from compute.identity.policies import DEFAULTS
from compute.identity.settings import IdentitySettings
from compute.identity.tasks import PruneRevocations
from compute.identity.tokens.sealing import Sealer
from compute.identity.tokens.service import TokenService
from objectstore.kernel.loop import Loop

NAME = "identity"
TOKEN_KEYS = "token-keys"
CREDENTIAL_KEYS = "credential-keys"
PRUNE_SECONDS = 600.0

_SUBJECTS = (
    TokensApi,
    UsersApi,
    GroupsApi,
    ProjectsApi,
    TagsApi,
    DomainsApi,
    RolesApi,
    GrantsApi,
    RoleAssignmentsApi,
    ServicesApi,
    EndpointsApi,
    EndpointFiltersApi,
    EndpointGroupsApi,
    RegionsApi,
    CredentialsApi,
    Ec2Api,
    ApplicationCredentialsApi,
    TrustsApi,
    RegisteredLimitsApi,
    LimitsApi,
    IdentityProvidersApi,
    MappingsApi,
    ServiceProvidersApi,
)


def build_parts(parts: RoomParts, settings: IdentitySettings) -> Parts:
    """What the operations work with: tables up to date, keys made when there are
    none.  Enough for bootstrap and the command line."""
    database, clock, state = parts.database, parts.clock, parts.state_directory
    migrations.upgrade(database, [NAME])
    create_keys(state / TOKEN_KEYS)
    create_keys(state / CREDENTIAL_KEYS)
    sealer = Sealer(KeyRepository(state / TOKEN_KEYS, clock))
    return Parts(
        database=database,
        clock=clock,
        identifiers=parts.identifiers,
        settings=settings,
        policy=Policy(DEFAULTS, parts.policy_overrides),
        passwords=Passwords(
            clock,
            log2_cost=settings.scrypt_log2_cost,
            at_once=settings.hashes_at_once,
            memory_seconds=settings.password_memory,
        ),
        tokens=TokenService(database, clock, parts.bus, sealer, settings),
        credential_keys=KeyRepository(state / CREDENTIAL_KEYS, clock),
        providers=known_providers(settings.federation_file, state),
    )


def build_room(parts: RoomParts, settings: IdentitySettings) -> Room:
    """The room: it checks tokens itself, so ``parts.tokens`` is not asked."""
    return room_of(build_parts(parts, settings))


def room_of(inner: Parts) -> Room:
    """The room around parts that are there already."""
    routes = versions.routes()
    for subject in _SUBJECTS:
        routes += subject(inner).routes()
    federation = Federation(inner, inner.providers)
    routes += FederatedSignInApi(federation, inner).routes()
    routes += SignInPagesApi(federation, inner).routes()
    api = Api(
        routes,
        dialect=identity_dialect,
        serves_domains=True,
        tokens=inner.tokens,
        identifiers=inner.identifiers,
        service_type="identity",
    )
    loop = Loop(PruneRevocations(inner), idle_seconds=PRUNE_SECONDS)
    return Room(NAME, api, (loop,))
