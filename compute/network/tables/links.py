"""Networks, subnets, and ports with their addresses."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id, Name, table
from compute.network.columns import (
    NUMBER_DIGITS,
    Address,
    added_document,
    added_text,
    document,
    flag,
    part_of,
    text,
    whole,
)
from compute.network.tables.frame import metadata, policy, resource

networks = resource(
    "networks",
    policy(),
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

subnets = resource(
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
    added_document("packet_rules"),
    added_document("ntp_servers"),
)

ports = resource(
    "ports",
    policy(),
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
    added_text("dns_domain", Name()),
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

# A second host that is wired for a port: its guest is about to move there.
bindings = table(
    "network_bindings",
    metadata,
    sa.Column("port_id", Id(), primary_key=True),
    text("host", Name(), index=True),
    flag("wired"),
)

# The number by which tunnels tell networks apart; of networks that have had ports.
segments = table(
    "network_segments",
    metadata,
    sa.Column("network_id", Id(), primary_key=True),
    sa.Column("number", sa.Integer(), nullable=False, unique=True),
)
