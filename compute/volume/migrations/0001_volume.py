"""The volume room's first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "volume_0001"
down_revision = None
branch_labels = ("volume",)
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make them."""
    _attachments()
    _backups()
    _default_types()
    _events()
    _jobs()
    _qos_specs()
    _quotas()
    _services()
    _snapshots()
    _transfers()
    _types()
    _volumes()


def _attachments() -> None:
    op.create_table(
        "volume_attachments",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("volume_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("access", sa.String(4), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("instance_id", sa.String(64), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("mountpoint", sa.String(255), nullable=False),
        sa.Column("connector", sa.JSON(), nullable=False),
        sa.Column("connection", sa.JSON(), nullable=False),
        sa.Column("attached_at", sa.Double(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        **OPTIONS,
    )
    op.create_index(
        "volume_attachments_by_instance", "volume_attachments", ["instance_id"]
    )
    op.create_index(
        "volume_attachments_by_project",
        "volume_attachments",
        ["project_id", "created_at"],
    )
    op.create_index("volume_attachments_by_volume", "volume_attachments", ["volume_id"])


def _backups() -> None:
    op.create_table(
        "volume_backups",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("volume_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("size_gib", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("availability_zone", sa.String(255), nullable=False),
        sa.Column("container", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("snapshot_id", sa.String(64), nullable=False),
        sa.Column("parent_id", sa.String(64), nullable=False),
        sa.Column("object_count", sa.Integer(), nullable=False),
        sa.Column("manifest_sha256", sa.String(64), nullable=False),
        sa.Column("fail_reason", sa.Text(), nullable=True),
        sa.Column("data_at", sa.Double(), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        **OPTIONS,
    )
    op.create_index("volume_backups_by_parent", "volume_backups", ["parent_id"])
    op.create_index(
        "volume_backups_by_project", "volume_backups", ["project_id", "created_at"]
    )
    op.create_index("volume_backups_by_volume", "volume_backups", ["volume_id"])


def _default_types() -> None:
    op.create_table(
        "volume_default_types",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("type_id", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        **OPTIONS,
    )


def _events() -> None:
    op.create_table(
        "volume_events",
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
    op.create_index("ix_volume_events_subject_id", "volume_events", ["subject_id"])


def _jobs() -> None:
    op.create_table(
        "volume_jobs",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(255), nullable=False),
        sa.Column("queue", sa.String(255), nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=False),
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
    op.create_index("ix_volume_jobs_subject_id", "volume_jobs", ["subject_id"])
    op.create_index(
        "volume_jobs_by_queue", "volume_jobs", ["queue", "state", "created_at"]
    )


def _qos_specs() -> None:
    op.create_table(
        "volume_qos_specs",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("consumer", sa.String(16), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("specs", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.UniqueConstraint("name"),
        **OPTIONS,
    )


def _quotas() -> None:
    op.create_table(
        "volume_quotas",
        sa.Column("owner", sa.String(140), primary_key=True),
        sa.Column("resource", sa.String(255), primary_key=True),
        sa.Column("ceiling", sa.Integer(), nullable=False),
        **OPTIONS,
    )


def _services() -> None:
    op.create_table(
        "volume_services",
        sa.Column("host", sa.String(255), primary_key=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(255), nullable=False),
        sa.Column("last_seen", sa.Double(), nullable=False),
        **OPTIONS,
    )


def _snapshots() -> None:
    op.create_table(
        "volume_snapshots",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("volume_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("size_gib", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("progress", sa.String(8), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        **OPTIONS,
    )
    op.create_index(
        "volume_snapshots_by_project", "volume_snapshots", ["project_id", "created_at"]
    )
    op.create_index("volume_snapshots_by_volume", "volume_snapshots", ["volume_id"])


def _transfers() -> None:
    op.create_table(
        "volume_transfers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("volume_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("key_hash", sa.String(128), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("with_snapshots", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.UniqueConstraint("volume_id"),
        **OPTIONS,
    )
    op.create_index(
        "volume_transfers_by_project", "volume_transfers", ["project_id", "created_at"]
    )


def _types() -> None:
    op.create_table(
        "volume_types",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("extra_specs", sa.JSON(), nullable=False),
        sa.Column("projects", sa.JSON(), nullable=False),
        sa.Column("qos_id", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.UniqueConstraint("name"),
        **OPTIONS,
    )


def _volumes() -> None:
    op.create_table(
        "volume_volumes",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("previous_status", sa.String(32), nullable=False),
        sa.Column("size_gib", sa.Integer(), nullable=False),
        sa.Column("extending_to_gib", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("type_id", sa.String(64), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("availability_zone", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("bootable", sa.Boolean(), nullable=False),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("multiattach", sa.Boolean(), nullable=False),
        sa.Column("snapshot_id", sa.String(64), nullable=False),
        sa.Column("source_volume_id", sa.String(64), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("image_metadata", sa.JSON(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        **OPTIONS,
    )
    op.create_index(
        "volume_volumes_by_project", "volume_volumes", ["project_id", "created_at"]
    )
    op.create_index("volume_volumes_by_status", "volume_volumes", ["status"])
    op.create_index("volume_volumes_by_type", "volume_volumes", ["type_id"])
