"""The room's SQL tables, one file for each folder of the room that they are of."""

from __future__ import annotations

from compute.network.tables.frame import metadata
from compute.network.tables.hosts import (
    agents,
    changes,
    counters,
    events,
    tunnels,
)
from compute.network.tables.links import (
    addresses,
    bindings,
    networks,
    ports,
    segments,
    subnets,
)
from compute.network.tables.metering import metering_labels, metering_rules
from compute.network.tables.projects import (
    address_scopes,
    quotas,
    rbac_policies,
    reservations,
    subnet_pools,
    tags,
    topologies,
)
from compute.network.tables.qos import (
    bandwidth_rules,
    dscp_rules,
    packet_rate_rules,
    qos_policies,
)
from compute.network.tables.routing import (
    conntrack_helpers,
    floating_ips,
    port_forwardings,
    routers,
)
from compute.network.tables.security import (
    address_groups,
    default_rules,
    port_groups,
    security_groups,
    security_rules,
)
from compute.network.tables.trunks import subports, trunks

__all__ = [
    "address_groups",
    "address_scopes",
    "addresses",
    "agents",
    "bandwidth_rules",
    "bindings",
    "changes",
    "conntrack_helpers",
    "counters",
    "default_rules",
    "dscp_rules",
    "events",
    "floating_ips",
    "metadata",
    "metering_labels",
    "metering_rules",
    "networks",
    "packet_rate_rules",
    "port_forwardings",
    "port_groups",
    "ports",
    "qos_policies",
    "quotas",
    "rbac_policies",
    "reservations",
    "routers",
    "security_groups",
    "security_rules",
    "segments",
    "subnet_pools",
    "subnets",
    "subports",
    "tags",
    "topologies",
    "trunks",
    "tunnels",
]
