"""The room's SQL tables.

Optional texts are "" and never NULL, so that they compare alike on every database;
NULL stands only where several "nothing"s must not collide in a unique key.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from compute.core.database import Id, Instant, Name, table
from compute.core.event_log import event_table

metadata = sa.MetaData()

Address = sa.String(64)  # an address or a prefix, in its canonical form
Word = sa.String(64)  # one of a few words that a program knows
NUMBER_DIGITS = 32  # an address as a hexadecimal number: sorts as addresses do


def _resource(name: str, *columns: Any) -> sa.Table:
    """A table of things that the API shows, with what all of them have."""
    return table(
        f"network_{name}",
        metadata,
        sa.Column("id", Id(), primary_key=True),
        sa.Column("project_id", Id(), nullable=False, index=True),
        sa.Column("name", Name(), nullable=False),
        sa.Column("description", Name(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        *columns,
    )


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _text(name: str, kind: Any = Word, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, kind, nullable=False, index=index)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False)


networks = _resource(
    "networks",
    _flag("admin_up"),
    _text("status"),
    sa.Column("mtu", sa.Integer(), nullable=False),
    _flag("external"),
    _flag("shared"),
    _flag("is_default"),
    _flag("port_security"),
    _text("network_type"),
    _text("physical_network"),
    _text("dns_domain", Name()),
    _json("availability_zone_hints"),
)

subnets = _resource(
    "subnets",
    sa.Column(
        "network_id", Id(), sa.ForeignKey(networks.c.id), nullable=False, index=True
    ),
    sa.Column("version", sa.Integer(), nullable=False),
    _text("cidr", Address),
    _text("gateway", Address),
    _flag("dhcp"),
    _text("ra_mode"),
    _text("address_mode"),
    _json("dns_servers"),
    _json("host_routes"),
    _json("pools"),
    _json("service_types"),
    _text("subnet_pool_id", Id()),
)

ports = _resource(
    "ports",
    sa.Column(
        "network_id", Id(), sa.ForeignKey(networks.c.id), nullable=False, index=True
    ),
    _text("mac"),
    _flag("admin_up"),
    _text("status"),
    _text("device_id", Name(), index=True),
    _text("device_owner", Name()),
    _text("host", Name(), index=True),
    _text("vnic_type"),
    _json("profile"),
    _flag("port_security"),
    _json("address_pairs"),
    _json("dhcp_options"),
    _text("dns_name", Name()),
    sa.UniqueConstraint("network_id", "mac", name="network_ports_mac"),
)

# Who has which address.  The primary key is what makes a second owner impossible.
addresses = table(
    "network_addresses",
    metadata,
    sa.Column("subnet_id", Id(), sa.ForeignKey(subnets.c.id), primary_key=True),
    sa.Column("address", Address, primary_key=True),
    sa.Column("number", sa.String(NUMBER_DIGITS), nullable=False),
    sa.Column("port_id", Id(), sa.ForeignKey(ports.c.id), nullable=False, index=True),
    sa.Column("position", sa.Integer(), nullable=False),
    sa.Index("network_addresses_number", "subnet_id", "number"),
)

security_groups = _resource(
    "security_groups",
    _flag("stateful"),
    # The project whose default group this is: at most one each.
    sa.Column("default_of", Id(), nullable=True),
    sa.UniqueConstraint("default_of", name="network_security_groups_default"),
)

security_rules = _resource(
    "security_rules",
    sa.Column(
        "group_id",
        Id(),
        sa.ForeignKey(security_groups.c.id),
        nullable=False,
        index=True,
    ),
    _text("direction"),
    _text("ethertype"),
    _text("protocol"),
    sa.Column("port_min", sa.Integer(), nullable=True),
    sa.Column("port_max", sa.Integer(), nullable=True),
    _text("remote_prefix", Address),
    _text("remote_group_id", Id(), index=True),
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
    _text("direction"),
    _text("ethertype"),
    _text("protocol"),
    sa.Column("port_min", sa.Integer(), nullable=True),
    sa.Column("port_max", sa.Integer(), nullable=True),
    _text("remote_prefix", Address),
    _text("remote_group_id", Id()),
    _text("remote_address_group_id", Id()),
    _flag("in_default"),
    _flag("in_others"),
)

address_groups = _resource("address_groups", _json("addresses"))

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
    _flag("admin_up"),
    _text("status"),
    _text("host", Name(), index=True),
    _text("external_network_id", Id()),
    _text("gateway_port_id", Id()),
    _flag("snat"),
    _json("routes"),
    _json("availability_zone_hints"),
)

floating_ips = _resource(
    "floating_ips",
    _text("external_network_id", Id(), index=True),
    _text("floating_port_id", Id(), index=True),
    _text("address", Address),
    sa.Column("port_id", Id(), nullable=True),
    sa.Column("fixed_address", Address, nullable=True),
    _text("router_id", Id(), index=True),
    _text("status"),
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
    _text("port_id", Id(), index=True),
    _text("fixed_address", Address),
    _text("protocol"),
    sa.Column("outer_first", sa.Integer(), nullable=False),
    sa.Column("outer_last", sa.Integer(), nullable=False),
    sa.Column("inner_first", sa.Integer(), nullable=False),
    sa.Column("inner_last", sa.Integer(), nullable=False),
    sa.UniqueConstraint(
        "floating_ip_id",
        "protocol",
        "outer_first",
        name="network_port_forwardings_outer",
    ),
)

subnet_pools = _resource(
    "subnet_pools",
    sa.Column("version", sa.Integer(), nullable=False),
    _json("prefixes"),
    sa.Column("prefix_length_default", sa.Integer(), nullable=False),
    sa.Column("prefix_length_min", sa.Integer(), nullable=False),
    sa.Column("prefix_length_max", sa.Integer(), nullable=False),
    _flag("shared"),
    _flag("is_default"),
    _text("address_scope_id", Id()),
    # What one project's subnets may take; NULL: any number.
    sa.Column("quota", sa.Integer(), nullable=True),
)

address_scopes = _resource(
    "address_scopes",
    sa.Column("version", sa.Integer(), nullable=False),
    _flag("shared"),
)

rbac_policies = _resource(
    "rbac_policies",
    _text("object_type"),
    _text("object_id", Id(), index=True),
    _text("action"),
    _text("target_project", Id()),
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
    sa.Column("amount", sa.Integer(), nullable=False),
)

# Ports that servers will have: counted like ports, given up as these are made.
reservations = table(
    "network_port_reservations",
    metadata,
    sa.Column("device_id", Id(), primary_key=True),
    sa.Column("project_id", Id(), nullable=False, index=True),
    sa.Column("amount", sa.Integer(), nullable=False),
    sa.Column("expires_at", Instant(), nullable=False),
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
    sa.Column("created_at", Instant(), nullable=False),
    sa.Column("started_at", Instant(), nullable=False),
    sa.Column("heartbeat_at", Instant(), nullable=False),
    _flag("admin_up"),
    _text("description", Name()),
    sa.Column("revision", sa.BigInteger(), nullable=False),
    sa.Column("problem", sa.Text(), nullable=False),
)

# Where a host's tunnels end; of agents that have said so.
tunnels = table(
    "network_tunnels",
    metadata,
    sa.Column("host", Name(), primary_key=True),
    _text("address", Address),
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
    _text("host", Name(), index=True),
    _flag("wired"),
)

# One row: how many changes there have been.  Hosts' views carry it.
counters = table(
    "network_counters",
    metadata,
    sa.Column("name", Word, primary_key=True),
    sa.Column("value", sa.BigInteger(), nullable=False),
)

events = event_table("network", metadata)
