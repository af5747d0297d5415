"""The metric room's first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "metric_0001"
down_revision = None
branch_labels = ("metric",)
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make them."""
    _archive_policies()
    _archive_policy_rules()
    _beginnings()
    _chunks()
    _debris()
    _metrics()
    _pending()
    _resource_types()
    _resources()
    _revisions()
    _series()


def _archive_policies() -> None:
    op.create_table(
        "metric_archive_policies",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("back_window", sa.Integer(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("aggregation_methods", sa.JSON(), nullable=False),
        **OPTIONS,
    )


def _archive_policy_rules() -> None:
    op.create_table(
        "metric_archive_policy_rules",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("archive_policy_name", sa.String(255), nullable=False),
        sa.Column("metric_pattern", sa.String(255), nullable=False),
        **OPTIONS,
    )


def _beginnings() -> None:
    op.create_table(
        "metric_beginnings",
        sa.Column("name", sa.String(255), primary_key=True),
        **OPTIONS,
    )


def _chunks() -> None:
    op.create_table(
        "metric_chunks",
        sa.Column("object", sa.String(255), primary_key=True),
        sa.Column("metric_id", sa.String(64), nullable=False),
        sa.Column("granularity", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        **OPTIONS,
    )
    op.create_index("ix_metric_chunks_metric_id", "metric_chunks", ["metric_id"])


def _debris() -> None:
    op.create_table(
        "metric_debris",
        sa.Column("object", sa.String(255), primary_key=True),
        sa.Column("after", sa.Double(), nullable=False),
        **OPTIONS,
    )
    op.create_index("ix_metric_debris_after", "metric_debris", ["after"])


def _metrics() -> None:
    op.create_table(
        "metric_metrics",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("resource_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("unit", sa.String(255), nullable=False),
        sa.Column("archive_policy_name", sa.String(255), nullable=False),
        sa.Column("created_by_user_id", sa.String(64), nullable=False),
        sa.Column("created_by_project_id", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        **OPTIONS,
    )
    op.create_index(
        "ix_metric_metrics_archive_policy_name",
        "metric_metrics",
        ["archive_policy_name"],
    )
    op.create_index(
        "ix_metric_metrics_created_by_project_id",
        "metric_metrics",
        ["created_by_project_id"],
    )
    op.create_index("ix_metric_metrics_resource_id", "metric_metrics", ["resource_id"])


def _pending() -> None:
    op.create_table(
        "metric_pending",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("metric_id", sa.String(64), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("came_at", sa.Double(), nullable=False),
        sa.Column(
            "body",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"),
            nullable=False,
        ),
        **OPTIONS,
    )
    op.create_index("ix_metric_pending_metric_id", "metric_pending", ["metric_id"])


def _resource_types() -> None:
    op.create_table(
        "metric_resource_types",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        **OPTIONS,
    )


def _resources() -> None:
    op.create_table(
        "metric_resources",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("type", sa.String(255), nullable=False),
        sa.Column("original_id", sa.String(255), nullable=False),
        sa.Column("created_by_user_id", sa.String(64), nullable=False),
        sa.Column("created_by_project_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=False),
        sa.Column("revision_start", sa.Double(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        **OPTIONS,
    )
    op.create_index(
        "ix_metric_resources_creator", "metric_resources", ["created_by_project_id"]
    )
    op.create_index("ix_metric_resources_original", "metric_resources", ["original_id"])
    op.create_index("ix_metric_resources_project", "metric_resources", ["project_id"])
    op.create_index("ix_metric_resources_type", "metric_resources", ["type"])


def _revisions() -> None:
    op.create_table(
        "metric_revisions",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(255), nullable=False),
        sa.Column("original_id", sa.String(255), nullable=False),
        sa.Column("created_by_user_id", sa.String(64), nullable=False),
        sa.Column("created_by_project_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=False),
        sa.Column("revision_start", sa.Double(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("revision_end", sa.Double(), nullable=False),
        **OPTIONS,
    )
    op.create_index("ix_metric_revisions_id", "metric_revisions", ["id"])


def _series() -> None:
    op.create_table(
        "metric_series",
        sa.Column("metric_id", sa.String(64), primary_key=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column(
            "body",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"),
            nullable=False,
        ),
        **OPTIONS,
    )
