"""All routes of the network room."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import Route
from compute.network.extensions import ExtensionApi
from compute.network.frame.resource import Definition, ResourceApi
from compute.network.frame.work import NetworkDatabase
from compute.network.hosts.agents_api import AgentApi
from compute.network.hosts.availability import AvailabilityApi
from compute.network.hosts.hosted import HostedApi
from compute.network.hosts.internal_api import InternalApi
from compute.network.links import networks, ports, subnets
from compute.network.links.address_pairs import AddressPairActions
from compute.network.links.bindings import BindingApi
from compute.network.metering import labels as metering_labels
from compute.network.metering import rules as metering_rules
from compute.network.projects import address_scopes, rbac, subnet_pools
from compute.network.projects.pool_onboarding import PoolOnboarding
from compute.network.projects.pool_prefixes import PoolPrefixActions
from compute.network.projects.quotas import QuotaApi
from compute.network.projects.reservations import ReservationApi
from compute.network.projects.tags import TagApi
from compute.network.projects.topology import TopologyApi
from compute.network.qos import packet_rates, policies, rules
from compute.network.qos.guarantees import GuaranteeApi
from compute.network.qos.rule_types import RuleTypeApi
from compute.network.routing import (
    conntrack_helpers,
    floating_ips,
    port_forwardings,
    routers,
)
from compute.network.routing.floating_ip_pools import PoolApi
from compute.network.routing.interfaces import RouterActions
from compute.network.security import (
    address_groups,
    default_rules,
    group_rules,
    groups,
)
from compute.network.security.address_groups import AddressGroupActions
from compute.network.trunks import trunks
from compute.network.trunks.actions import TrunkActions
from compute.network.versions import version_routes

DEFINITIONS: tuple[Definition[Any], ...] = (
    networks.DEFINITION,
    subnets.DEFINITION,
    ports.DEFINITION,
    routers.DEFINITION,
    floating_ips.DEFINITION,
    port_forwardings.DEFINITION,
    conntrack_helpers.DEFINITION,
    groups.DEFINITION,
    group_rules.DEFINITION,
    subnet_pools.DEFINITION,
    address_scopes.DEFINITION,
    rbac.DEFINITION,
    address_groups.DEFINITION,
    default_rules.DEFINITION,
    policies.DEFINITION,
    *rules.DEFINITIONS,
    packet_rates.DEFINITION,
    trunks.DEFINITION,
    metering_labels.DEFINITION,
    metering_rules.DEFINITION,
)


def all_routes(database: NetworkDatabase, rule_names: frozenset[str]) -> list[Route]:
    """Every route; ``rule_names``: the policy rules that there are."""
    routes = version_routes()
    for definition in DEFINITIONS:
        routes += ResourceApi(definition, database, rule_names).routes()
        if "tags" in definition.collection.lacks:
            continue
        tags = TagApi(definition.collection, database)
        plural = definition.collection.plural
        for spelling in dict.fromkeys((plural, plural.replace("-", "_"))):
            routes += tags.routes(spelling)
    for api in (
        RouterActions(database),
        AddressGroupActions(database),
        AddressPairActions(database),
        PoolApi(database),
        PoolPrefixActions(database),
        PoolOnboarding(database),
        QuotaApi(database),
        TopologyApi(database),
        AgentApi(database),
        HostedApi(database),
        AvailabilityApi(database),
        BindingApi(database),
        InternalApi(database),
        ReservationApi(database),
        GuaranteeApi(database),
        RuleTypeApi(),
        TrunkActions(database),
        ExtensionApi(),
    ):
        routes += api.routes()
    return routes
