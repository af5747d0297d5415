"""The network room's first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "network_0001"
down_revision = None
branch_labels = ("network",)
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make them."""
    _links()
    _security()
    _routing()
    _pools()
    _projects()
    _hosts()


def _resource(name: str, *columns: Any) -> None:
    """A table of things that the API shows, with what all of them have."""
    op.create_table(
        name,
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(255), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        *columns,
        **OPTIONS,
    )
    _index(name, "project_id")


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column])


def _links() -> None:
    _resource(
        "network_networks",
        sa.Column("admin_up", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(64), nullable=False),
        sa.Column("mtu", sa.Integer(), nullable=False),
        sa.Column("external", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("port_security", sa.Boolean(), nullable=False),
        sa.Column("network_type", sa.String(64), nullable=False),
        sa.Column("physical_network", sa.String(64), nullable=False),
        sa.Column("dns_domain", sa.String(255), nullable=False),
        sa.Column("availability_zone_hints", sa.JSON(), nullable=False),
    )
    _resource(
        "network_subnets",
        sa.Column(
            "network_id",
            sa.String(64),
            sa.ForeignKey("network_networks.id"),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cidr", sa.String(64), nullable=False),
        sa.Column("gateway", sa.String(64), nullable=False),
        sa.Column("dhcp", sa.Boolean(), nullable=False),
        sa.Column("ra_mode", sa.String(64), nullable=False),
        sa.Column("address_mode", sa.String(64), nullable=False),
        sa.Column("dns_servers", sa.JSON(), nullable=False),
        sa.Column("host_routes", sa.JSON(), nullable=False),
        sa.Column("pools", sa.JSON(), nullable=False),
        sa.Column("service_types", sa.JSON(), nullable=False),
        sa.Column("subnet_pool_id", sa.String(64), nullable=False),
    )
    _index("network_subnets", "network_id")
    _resource(
        "network_ports",
        sa.Column(
            "network_id",
            sa.String(64),
            sa.ForeignKey("network_networks.id"),
            nullable=False,
        ),
        sa.Column("mac", sa.String(64), nullable=False),
        sa.Column("admin_up", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(64), nullable=False),
        sa.Column("device_id", sa.String(255), nullable=False),
        sa.Column("device_owner", sa.String(255), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("vnic_type", sa.String(64), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("port_security", sa.Boolean(), nullable=False),
        sa.Column("address_pairs", sa.JSON(), nullable=False),
        sa.Column("dhcp_options", sa.JSON(), nullable=False),
        sa.Column("dns_name", sa.String(255), nullable=False),
        sa.UniqueConstraint("network_id", "mac", name="network_ports_mac"),
    )
    _index("network_ports", "device_id")
    _index("network_ports", "host")
    _index("network_ports", "network_id")
    op.create_table(
        "network_addresses",
        sa.Column(
            "subnet_id",
            sa.String(64),
            sa.ForeignKey("network_subnets.id"),
            primary_key=True,
        ),
        sa.Column("address", sa.String(64), primary_key=True),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column(
            "port_id", sa.String(64), sa.ForeignKey("network_ports.id"), nullable=False
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        **OPTIONS,
    )
    _index("network_addresses", "port_id")
    op.create_index(
        "network_addresses_number", "network_addresses", ["subnet_id", "number"]
    )


def _security() -> None:
    _resource(
        "network_security_groups",
        sa.Column("stateful", sa.Boolean(), nullable=False),
        sa.Column("default_of", sa.String(64), nullable=True),
        sa.UniqueConstraint("default_of", name="network_security_groups_default"),
    )
    _resource(
        "network_security_rules",
        sa.Column(
            "group_id",
            sa.String(64),
            sa.ForeignKey("network_security_groups.id"),
            nullable=False,
        ),
        sa.Column("direction", sa.String(64), nullable=False),
        sa.Column("ethertype", sa.String(64), nullable=False),
        sa.Column("protocol", sa.String(64), nullable=False),
        sa.Column("port_min", sa.Integer(), nullable=True),
        sa.Column("port_max", sa.Integer(), nullable=True),
        sa.Column("remote_prefix", sa.String(64), nullable=False),
        sa.Column("remote_group_id", sa.String(64), nullable=False),
    )
    _index("network_security_rules", "group_id")
    _index("network_security_rules", "remote_group_id")
    op.create_table(
        "network_port_groups",
        sa.Column(
            "port_id",
            sa.String(64),
            sa.ForeignKey("network_ports.id"),
            primary_key=True,
        ),
        sa.Column(
            "group_id",
            sa.String(64),
            sa.ForeignKey("network_security_groups.id"),
            primary_key=True,
        ),
        **OPTIONS,
    )
    _index("network_port_groups", "group_id")


def _routing() -> None:
    _resource(
        "network_routers",
        sa.Column("admin_up", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(64), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("external_network_id", sa.String(64), nullable=False),
        sa.Column("gateway_port_id", sa.String(64), nullable=False),
        sa.Column("snat", sa.Boolean(), nullable=False),
        sa.Column("routes", sa.JSON(), nullable=False),
        sa.Column("availability_zone_hints", sa.JSON(), nullable=False),
    )
    _index("network_routers", "host")
    _resource(
        "network_floating_ips",
        sa.Column("external_network_id", sa.String(64), nullable=False),
        sa.Column("floating_port_id", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("port_id", sa.String(64), nullable=True),
        sa.Column("fixed_address", sa.String(64), nullable=True),
        sa.Column("router_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(64), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint(
            "port_id", "fixed_address", name="network_floating_ips_fixed"
        ),
    )
    _index("network_floating_ips", "external_network_id")
    _index("network_floating_ips", "floating_port_id")
    _index("network_floating_ips", "router_id")


def _pools() -> None:
    _resource(
        "network_subnet_pools",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("prefixes", sa.JSON(), nullable=False),
        sa.Column("prefix_length_default", sa.Integer(), nullable=False),
        sa.Column("prefix_length_min", sa.Integer(), nullable=False),
        sa.Column("prefix_length_max", sa.Integer(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("address_scope_id", sa.String(64), nullable=False),
    )
    _resource(
        "network_address_scopes",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
    )
    _resource(
        "network_rbac_policies",
        sa.Column("object_type", sa.String(64), nullable=False),
        sa.Column("object_id", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target_project", sa.String(64), nullable=False),
        sa.UniqueConstraint(
            "object_id", "action", "target_project", name="network_rbac_policies_once"
        ),
    )
    _index("network_rbac_policies", "object_id")


def _projects() -> None:
    op.create_table(
        "network_tags",
        sa.Column("resource_id", sa.String(64), primary_key=True),
        sa.Column("tag", sa.String(255), primary_key=True),
        **OPTIONS,
    )
    op.create_table(
        "network_quotas",
        sa.Column("project_id", sa.String(64), primary_key=True),
        sa.Column("resource", sa.String(64), primary_key=True),
        sa.Column("amount", sa.Integer(), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "network_topologies",
        sa.Column("project_id", sa.String(64), primary_key=True),
        sa.Column("network_id", sa.String(64), nullable=False),
        sa.Column("router_id", sa.String(64), nullable=False),
        **OPTIONS,
    )


def _hosts() -> None:
    op.create_table(
        "network_agents",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("host", sa.String(255), nullable=False, unique=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("heartbeat_at", sa.Double(), nullable=False),
        sa.Column("admin_up", sa.Boolean(), nullable=False),
        sa.Column("description", sa.String(255), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "network_counters",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.BigInteger(), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "network_events",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(255), nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        **OPTIONS,
    )
    _index("network_events", "subject_id")
