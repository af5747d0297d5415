"""The alarm room's first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "alarm_0001"
down_revision = None
branch_labels = ("alarm",)
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make them."""
    _alarms()
    _changes()
    _feeds()
    _jobs()
    _limits()


def _alarms() -> None:
    op.create_table(
        "alarm_alarms",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("severity", sa.String(64), nullable=False),
        sa.Column("repeat_actions", sa.Boolean(), nullable=False),
        sa.Column("time_constraints", sa.JSON(), nullable=False),
        sa.Column("ok_actions", sa.JSON(), nullable=False),
        sa.Column("alarm_actions", sa.JSON(), nullable=False),
        sa.Column("insufficient_data_actions", sa.JSON(), nullable=False),
        sa.Column("trusts", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("state_at", sa.Double(), nullable=False),
        sa.Column("evaluated_at", sa.Double(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("claim", sa.String(64), nullable=False),
        **OPTIONS,
    )
    op.create_index("ix_alarm_alarms_due", "alarm_alarms", ["enabled", "due_at"])
    op.create_index("ix_alarm_alarms_project_id", "alarm_alarms", ["project_id"])


def _changes() -> None:
    op.create_table(
        "alarm_changes",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("alarm_id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column(
            "detail",
            sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb"),
            nullable=False,
        ),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("on_behalf_of", sa.String(64), nullable=False),
        sa.Column("severity", sa.String(64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        **OPTIONS,
    )
    for name in ("id", "alarm_id", "on_behalf_of", "at"):
        op.create_index(f"ix_alarm_changes_{name}", "alarm_changes", [name])


def _feeds() -> None:
    op.create_table(
        "alarm_feeds",
        sa.Column("room", sa.String(64), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        **OPTIONS,
    )


def _jobs() -> None:
    op.create_table(
        "alarm_jobs",
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
    op.create_index("ix_alarm_jobs_subject_id", "alarm_jobs", ["subject_id"])
    op.create_index(
        "alarm_jobs_by_queue",
        "alarm_jobs",
        ["queue", "state", "created_at"],
    )


def _limits() -> None:
    op.create_table(
        "alarm_limits",
        sa.Column("project_id", sa.String(64), primary_key=True),
        sa.Column("alarms", sa.Integer(), nullable=False),
        **OPTIONS,
    )
