"""The load balancer room's first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "balancer_0001"
down_revision = None
branch_labels = ("balancer",)
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make them."""
    _balancers()
    _serving()
    _choosing()
    _accounts()


def _thing(name: str, *columns: Any) -> None:
    """A table of things that the API shows, with what all of them have."""
    op.create_table(
        name,
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(255), nullable=False),
        sa.Column("admin_up", sa.Boolean(), nullable=False),
        sa.Column("provisioning_status", sa.String(64), nullable=False),
        sa.Column("operating_status", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        *columns,
        **OPTIONS,
    )
    _index(name, "project_id")


def _part(name: str, *columns: Any) -> None:
    """A table of what load balancers have."""
    owner = sa.ForeignKey("balancer_balancers.id")
    owned = sa.Column("balancer_id", sa.String(64), owner, nullable=False)
    _thing(name, owned, *columns)
    _index(name, "balancer_id")


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column])


def _balancers() -> None:
    _thing(
        "balancer_balancers",
        sa.Column("vip_address", sa.String(64), nullable=False),
        sa.Column("vip_port_id", sa.String(64), nullable=False),
        sa.Column("vip_subnet_id", sa.String(64), nullable=False),
        sa.Column("vip_network_id", sa.String(64), nullable=False),
        sa.Column("vip_qos_policy_id", sa.String(64), nullable=False),
        sa.Column("owns_port", sa.Boolean(), nullable=False),
        sa.Column("group_id", sa.String(64), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("applied", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("pending_since", sa.Double(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
    )
    _index("balancer_balancers", "host")


def _serving() -> None:
    _part(
        "balancer_listeners",
        sa.Column("protocol", sa.String(64), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("connection_limit", sa.Integer(), nullable=False),
        sa.Column("default_pool_id", sa.String(64), nullable=False),
        sa.Column("insert_headers", sa.JSON(), nullable=False),
        sa.Column("timeout_client_data", sa.Integer(), nullable=False),
        sa.Column("timeout_member_connect", sa.Integer(), nullable=False),
        sa.Column("timeout_member_data", sa.Integer(), nullable=False),
        sa.Column("timeout_tcp_inspect", sa.Integer(), nullable=False),
        sa.Column("allowed_cidrs", sa.JSON(), nullable=False),
        sa.UniqueConstraint("balancer_id", "port", name="balancer_listeners_port"),
    )
    _index("balancer_listeners", "default_pool_id")
    _part(
        "balancer_policies",
        sa.Column("listener_id", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("redirect_pool_id", sa.String(64), nullable=False),
        sa.Column("redirect_url", sa.String(1024), nullable=False),
        sa.Column("redirect_prefix", sa.String(1024), nullable=False),
        sa.Column("redirect_http_code", sa.Integer(), nullable=False),
    )
    _index("balancer_policies", "listener_id")
    _index("balancer_policies", "redirect_pool_id")
    _part(
        "balancer_rules",
        sa.Column("policy_id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("compare_type", sa.String(64), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("value", sa.String(1024), nullable=False),
        sa.Column("invert", sa.Boolean(), nullable=False),
    )
    _index("balancer_rules", "policy_id")


def _choosing() -> None:
    _part(
        "balancer_pools",
        sa.Column("protocol", sa.String(64), nullable=False),
        sa.Column("algorithm", sa.String(64), nullable=False),
        sa.Column("persistence", sa.JSON(), nullable=False),
        sa.Column("tls_enabled", sa.Boolean(), nullable=False),
    )
    _part(
        "balancer_members",
        sa.Column("pool_id", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("backup", sa.Boolean(), nullable=False),
        sa.Column("subnet_id", sa.String(64), nullable=False),
        sa.Column("monitor_address", sa.String(64), nullable=False),
        sa.Column("monitor_port", sa.Integer(), nullable=False),
        sa.UniqueConstraint(
            "pool_id", "address", "port", name="balancer_members_place"
        ),
    )
    _index("balancer_members", "pool_id")
    _part(
        "balancer_monitors",
        sa.Column("pool_id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("delay", sa.Integer(), nullable=False),
        sa.Column("timeout", sa.Integer(), nullable=False),
        sa.Column("max_retries", sa.Integer(), nullable=False),
        sa.Column("max_retries_down", sa.Integer(), nullable=False),
        sa.Column("http_method", sa.String(64), nullable=False),
        sa.Column("url_path", sa.String(255), nullable=False),
        sa.Column("expected_codes", sa.String(64), nullable=False),
        sa.Column("http_version", sa.String(64), nullable=False),
        sa.Column("domain_name", sa.String(255), nullable=False),
        sa.UniqueConstraint("pool_id", name="balancer_monitors_pool"),
    )


def _accounts() -> None:
    op.create_table(
        "balancer_tags",
        sa.Column("thing_id", sa.String(64), primary_key=True),
        sa.Column("tag", sa.String(255), primary_key=True),
        **OPTIONS,
    )
    op.create_table(
        "balancer_quotas",
        sa.Column("project_id", sa.String(64), primary_key=True),
        sa.Column("resource", sa.String(64), primary_key=True),
        sa.Column("amount", sa.Integer(), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "balancer_traffic",
        sa.Column("listener_id", sa.String(64), primary_key=True),
        sa.Column("balancer_id", sa.String(64), nullable=False),
        sa.Column("process", sa.String(64), nullable=False),
        sa.Column("present", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        **OPTIONS,
    )
    _index("balancer_traffic", "balancer_id")
    op.create_table(
        "balancer_hosts",
        sa.Column("host", sa.String(255), primary_key=True),
        sa.Column("heard_at", sa.Double(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "balancer_events",
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
    _index("balancer_events", "subject_id")
