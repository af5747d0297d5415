"""The room's SQL tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from compute.core.database import Id, Name, table
from compute.core.event_log import event_table
from compute.network.columns import (
    NUMBER_DIGITS,
    Address,
    Word,
    document,
    flag,
    moment,
    part_of,
    text,
    whole,
)

metadata = sa.MetaData()


def _resource(name: str, *columns: Any) -> sa.Table:
    """A table of things that the API shows, with what all of them have."""
    return table(
        f"network_{name}",
        metadata,
        sa.Column("id", Id(), primary_key=True),
        sa.Column("project_id", Id(), nullable=False, index=True),
        sa.Column("name", Name(), nullable=False),
        sa.Column("description", Name(), nullable=False),
        whole("revision"),
        moment("created_at"),
        moment("updated_at"),
        *columns,
    )


def _policy() -> sa.Column[str]:
    """The QoS policy that a thing has."""
    return sa.Column(
        "qos_policy_id", Id(), nullable=False, index=True, server_default=""
    )


networks = _resource(
    "networks",
    _policy(),
    flag("admin_up"),
    text("status"),
    whole("mtu"),
    flag("external"),
    flag("shared"),
    flag("is_default"),
    flag("port_security"),
    text("network_type"),
    text("physical_network"),
    text("dns_domain", Name()),
    document("availability_zone_hints"),
)

subnets = _resource(
    "subnets",
    part_of("network_id", networks),
    whole("version"),
    text("cidr", Address),
    text("gateway", Address),
    flag("dhcp"),
    text("ra_mode"),
    text("address_mode"),
    document("dns_servers"),
    document("host_routes"),
    document("pools"),
    document("service_types"),
    text("subnet_pool_id", Id()),
)

ports = _resource(
    "ports",
    _policy(),
    part_of("network_id", networks),
    text("mac"),
    flag("admin_up"),
    text("status"),
    text("device_id", Name(), index=True),
    text("device_owner", Name()),
    text("host", Name(), index=True),
    text("vnic_type"),
    document("profile"),
    flag("port_security"),
    document("address_pairs"),
    document("dhcp_options"),
    text("dns_name", Name()),
    sa.UniqueConstraint("network_id", "mac", name="network_ports_mac"),
)

# Who has which address.  The primary key is what makes a second owner impossible.
addresses = table(
    "network_addresses",
    metadata,
    sa.Column("subnet_id", Id(), sa.ForeignKey(subnets.c.id), primary_key=True),
    sa.Column("address", Address, primary_key=True),
    sa.Column("number", sa.String(NUMBER_DIGITS), nullable=False),
    part_of("port_id", ports),
    whole("position"),
    sa.Index("network_addresses_number", "subnet_id", "number"),
)

security_groups = _resource(
    "security_groups",
    flag("stateful"),
    # The project whose default group this is: at most one each.
    sa.Column("default_of", Id(), nullable=True),
    sa.UniqueConstraint("default_of", name="network_security_groups_default"),
)

security_rules = _resource(
    "security_rules",
    part_of("group_id", security_groups),
    text("direction"),
    text("ethertype"),
    text("protocol"),
    sa.Column("port_min", sa.Integer(), nullable=True),
    sa.Column("port_max", sa.Integer(), nullable=True),
    text("remote_prefix", Address),
    text("remote_group_id", Id(), index=True),
    sa.Column(
        "remote_address_group_id",
        Id(),
        nullable=False,
        index=True,
        server_default="",
    ),
)

# What new groups begin with.
default_rules = _resource(
    "default_rules",
    text("direction"),
    text("ethertype"),
    text("protocol"),
    sa.Column("port_min", sa.Integer(), nullable=True),
    sa.Column("port_max", sa.Integer(), nullable=True),
    text("remote_prefix", Address),
    text("remote_group_id", Id()),
    text("remote_address_group_id", Id()),
    flag("in_default"),
    flag("in_others"),
)

address_groups = _resource("address_groups", document("addresses"))

port_groups = table(
    "network_port_groups",
    metadata,
    sa.Column("port_id", Id(), sa.ForeignKey(ports.c.id), primary_key=True),
    sa.Column(
        "group_id",
        Id(),
        sa.ForeignKey(security_groups.c.id),
        primary_key=True,
        index=True,
    ),
)

routers = _resource(
    "routers",
    flag("admin_up"),
    text("status"),
    text("host", Name(), index=True),
    text("external_network_id", Id()),
    text("gateway_port_id", Id()),
    flag("snat"),
    document("routes"),
    document("availability_zone_hints"),
)

floating_ips = _resource(
    "floating_ips",
    _policy(),
    text("external_network_id", Id(), index=True),
    text("floating_port_id", Id(), index=True),
    text("address", Address),
    sa.Column("port_id", Id(), nullable=True),
    sa.Column("fixed_address", Address, nullable=True),
    text("router_id", Id(), index=True),
    text("status"),
    # The room's revision when it was last (dis)associated.
    sa.Column("changed_at", sa.BigInteger(), nullable=False),
    sa.UniqueConstraint("port_id", "fixed_address", name="network_floating_ips_fixed"),
)

# Ports of a floating IP, each sent on to a port of a guest's address; first and last.
port_forwardings = _resource(
    "port_forwardings",
    sa.Column(
        "floating_ip_id",
        Id(),
        sa.ForeignKey(floating_ips.c.id),
        nullable=False,
    ),
    text("port_id", Id(), index=True),
    text("fixed_address", Address),
    text("protocol"),
    whole("outer_first"),
    whole("outer_last"),
    whole("inner_first"),
    whole("inner_last"),
    sa.UniqueConstraint(
        "floating_ip_id",
        "protocol",
        "outer_first",
        name="network_port_forwardings_outer",
    ),
)

subnet_pools = _resource(
    "subnet_pools",
    whole("version"),
    document("prefixes"),
    whole("prefix_length_default"),
    whole("prefix_length_min"),
    whole("prefix_length_max"),
    flag("shared"),
    flag("is_default"),
    text("address_scope_id", Id()),
    # What one project's subnets may take; NULL: any number.
    sa.Column("quota", sa.Integer(), nullable=True),
)

address_scopes = _resource(
    "address_scopes",
    whole("version"),
    flag("shared"),
)

qos_policies = _resource("qos_policies", flag("shared"), flag("is_default"))

bandwidth_rules = _resource(
    "bandwidth_rules",
    sa.Column("policy_id", Id(), sa.ForeignKey(qos_policies.c.id), nullable=False),
    whole("max_kbps"),
    whole("max_burst_kbps"),
    text("direction"),
    sa.UniqueConstraint(
        "policy_id", "direction", name="network_bandwidth_rules_direction"
    ),
)

dscp_rules = _resource(
    "dscp_rules",
    sa.Column("policy_id", Id(), sa.ForeignKey(qos_policies.c.id), nullable=False),
    whole("dscp_mark"),
    sa.UniqueConstraint("policy_id", name="network_dscp_rules_policy"),
)

rbac_policies = _resource(
    "rbac_policies",
    text("object_type"),
    text("object_id", Id(), index=True),
    text("action"),
    text("target_project", Id()),
    sa.UniqueConstraint(
        "object_id", "action", "target_project", name="network_rbac_policies_once"
    ),
)

tags = table(
    "network_tags",
    metadata,
    sa.Column("resource_id", Id(), primary_key=True),
    sa.Column("tag", Name(), primary_key=True),
)

quotas = table(
    "network_quotas",
    metadata,
    sa.Column("project_id", Id(), primary_key=True),
    sa.Column("resource", Word, primary_key=True),
    whole("amount"),
)

# Ports that servers will have: counted like ports, given up as these are made.
reservations = table(
    "network_port_reservations",
    metadata,
    sa.Column("device_id", Id(), primary_key=True),
    sa.Column("project_id", Id(), nullable=False, index=True),
    whole("amount"),
    moment("expires_at"),
)

topologies = table(
    "network_topologies",
    metadata,
    sa.Column("project_id", Id(), primary_key=True),
    sa.Column("network_id", Id(), nullable=False),
    sa.Column("router_id", Id(), nullable=False),
)

agents = table(
    "network_agents",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("host", Name(), nullable=False, unique=True),
    moment("created_at"),
    moment("started_at"),
    moment("heartbeat_at"),
    flag("admin_up"),
    text("description", Name()),
    sa.Column("revision", sa.BigInteger(), nullable=False),
    sa.Column("problem", sa.Text(), nullable=False),
)

# Where a host's tunnels end; of agents that have said so.
tunnels = table(
    "network_tunnels",
    metadata,
    sa.Column("host", Name(), primary_key=True),
    text("address", Address),
)

# The number by which tunnels tell networks apart; of networks that have had ports.
segments = table(
    "network_segments",
    metadata,
    sa.Column("network_id", Id(), primary_key=True),
    sa.Column("number", sa.Integer(), nullable=False, unique=True),
)

# A second host that is wired for a port: its guest is about to move there.
bindings = table(
    "network_bindings",
    metadata,
    sa.Column("port_id", Id(), primary_key=True),
    text("host", Name(), index=True),
    flag("wired"),
)

# One row: how many changes there have been.  Hosts' views carry it.
counters = table(
    "network_counters",
    metadata,
    sa.Column("name", Word, primary_key=True),
    sa.Column("value", sa.BigInteger(), nullable=False),
)

events = event_table("network", metadata)
