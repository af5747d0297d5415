"""The instance room's first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "instance_0001"
down_revision = None
branch_labels = ("instance",)
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}
# Grows for ever; SQLite numbers rows by itself only in this type.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    _actions()
    _aggregates()
    _allocations()
    _console_tokens()
    _events()
    _flavors()
    _groups()
    _hosts()
    _jobs()
    _keypairs()
    _quotas()
    _servers()


def _actions() -> None:
    op.create_table(
        "instance_actions",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("server_id", sa.String(64), nullable=False, index=True),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("action", sa.String(255), nullable=False),
        sa.Column("start_time", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("events", sa.JSON(), nullable=False),
        **OPTIONS,
    )


def _aggregates() -> None:
    op.create_table(
        "instance_aggregates",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("uuid", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(255), nullable=False, unique=True),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("hosts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=True),
        **OPTIONS,
    )


def _allocations() -> None:
    op.create_table(
        "instance_allocations",
        sa.Column("server_id", sa.String(64), primary_key=True),
        sa.Column("host", sa.String(255), nullable=False, index=True),
        sa.Column("vcpus", sa.Integer(), nullable=False),
        sa.Column("memory_mib", sa.Integer(), nullable=False),
        sa.Column("disk_gib", sa.Integer(), nullable=False),
        **OPTIONS,
    )


def _console_tokens() -> None:
    op.create_table(
        "instance_console_tokens",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("server_id", sa.String(64), nullable=False, index=True),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        **OPTIONS,
    )


def _events() -> None:
    op.create_table(
        "instance_events",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(255), nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=False, index=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        **OPTIONS,
    )


def _flavors() -> None:
    op.create_table(
        "instance_flavors",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("flavor_id", sa.String(255), nullable=False, unique=True),
        sa.Column("name", sa.String(255), nullable=False, unique=True),
        sa.Column("vcpus", sa.Integer(), nullable=False),
        sa.Column("ram", sa.Integer(), nullable=False),
        sa.Column("disk", sa.Integer(), nullable=False),
        sa.Column("ephemeral", sa.Integer(), nullable=False),
        sa.Column("swap", sa.Integer(), nullable=False),
        sa.Column("rxtx_factor", sa.Double(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("extra_specs", sa.JSON(), nullable=False),
        sa.Column("access", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=True),
        **OPTIONS,
    )


def _groups() -> None:
    op.create_table(
        "instance_groups",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False, index=True),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("policy", sa.String(32), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        **OPTIONS,
    )


def _hosts() -> None:
    op.create_table(
        "instance_hosts",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("host", sa.String(255), nullable=False, unique=True),
        sa.Column("hypervisor_id", sa.String(64), nullable=False),
        sa.Column("service_id", sa.String(64), nullable=False),
        sa.Column("hypervisor_type", sa.String(32), nullable=False),
        sa.Column("hypervisor_version", sa.Integer(), nullable=False),
        sa.Column("vcpus", sa.Integer(), nullable=False),
        sa.Column("memory_mib", sa.Integer(), nullable=False),
        sa.Column("disk_gib", sa.Integer(), nullable=False),
        sa.Column("vcpus_used", sa.Integer(), nullable=False),
        sa.Column("memory_used_mib", sa.Integer(), nullable=False),
        sa.Column("disk_used_gib", sa.Integer(), nullable=False),
        sa.Column("servers", sa.Integer(), nullable=False),
        sa.Column("building", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(255), nullable=False),
        sa.Column("forced_down", sa.Boolean(), nullable=False),
        sa.Column("last_seen", sa.Double(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("inventory", sa.JSON(), nullable=False),
        sa.Column("address", sa.String(255), nullable=False),
        **OPTIONS,
    )


def _jobs() -> None:
    op.create_table(
        "instance_jobs",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(255), nullable=False),
        sa.Column("queue", sa.String(255), nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=False, index=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("step", sa.String(255), nullable=False),
        sa.Column("undoing", sa.Boolean(), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("lease_until", sa.Double(), nullable=False),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        **OPTIONS,
    )
    op.create_index(
        "instance_jobs_by_queue", "instance_jobs", ["queue", "state", "created_at"]
    )


def _keypairs() -> None:
    op.create_table(
        "instance_keypairs",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("type", sa.String(8), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(255), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.UniqueConstraint("user_id", "name", name="instance_keypairs_name"),
        **OPTIONS,
    )


def _quotas() -> None:
    op.create_table(
        "instance_quotas",
        sa.Column("owner", sa.String(140), primary_key=True),
        sa.Column("resource", sa.String(64), primary_key=True),
        sa.Column("ceiling", sa.Integer(), nullable=False),
        **OPTIONS,
    )


def _servers() -> None:
    op.create_table(
        "instance_servers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("hostname", sa.String(255), nullable=False),
        sa.Column("description", sa.String(255), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("launched_at", sa.Double(), nullable=True),
        sa.Column("terminated_at", sa.Double(), nullable=True),
        sa.Column("vm_state", sa.String(32), nullable=False),
        sa.Column("task_state", sa.String(32), nullable=False),
        sa.Column("power_state", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("availability_zone", sa.String(255), nullable=False),
        sa.Column("requested_zone", sa.String(255), nullable=False),
        sa.Column("reservation_id", sa.String(64), nullable=False),
        sa.Column("launch_index", sa.Integer(), nullable=False),
        sa.Column("flavor", sa.JSON(), nullable=False),
        sa.Column("flavor_id", sa.String(255), nullable=False),
        sa.Column("vcpus", sa.Integer(), nullable=False),
        sa.Column("memory_mib", sa.Integer(), nullable=False),
        sa.Column("disk_gib", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.String(64), nullable=False),
        sa.Column("image", sa.JSON(), nullable=False),
        sa.Column("key_name", sa.String(255), nullable=False),
        sa.Column("key_type", sa.String(8), nullable=False),
        sa.Column("key_public", sa.Text(), nullable=False),
        sa.Column("config_drive", sa.Boolean(), nullable=False),
        sa.Column("user_data", sa.Text(), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("personality", sa.JSON(), nullable=False),
        sa.Column("networks", sa.JSON(), nullable=True),
        sa.Column("security_groups", sa.JSON(), nullable=False),
        sa.Column("vifs", sa.JSON(), nullable=False),
        sa.Column("block_devices", sa.JSON(), nullable=False),
        sa.Column("hints", sa.JSON(), nullable=False),
        sa.Column("group_id", sa.String(64), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("locked_by", sa.String(16), nullable=False),
        sa.Column("locked_reason", sa.String(255), nullable=True),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("fault", sa.JSON(), nullable=True),
        sa.Column("access_ipv4", sa.String(45), nullable=False),
        sa.Column("access_ipv6", sa.String(45), nullable=False),
        sa.Column("disk_config", sa.String(16), nullable=False),
        sa.Column("root_device", sa.String(255), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("resize", sa.JSON(), nullable=True),
        sa.Column("rescue_image_id", sa.String(64), nullable=False),
        sa.Column("shelved_image_id", sa.String(64), nullable=False),
        sa.Column("sealed_password", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        **OPTIONS,
    )
    op.create_index(
        "instance_servers_by_group", "instance_servers", ["group_id", "deleted"]
    )
    op.create_index("instance_servers_by_host", "instance_servers", ["host", "deleted"])
    op.create_index(
        "instance_servers_by_project",
        "instance_servers",
        ["project_id", "deleted", "created_at"],
    )
    op.create_index(
        "instance_servers_by_task", "instance_servers", ["deleted", "task_state"]
    )
