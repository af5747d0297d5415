"""The room's SQL tables.

Optional texts are "" and never NULL, so that they compare alike on every database.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from compute.core.jobs.rows import job_table
from compute.core.sql.database import Id, Instant, Name, table

metadata = sa.MetaData()

Word = sa.String(64)


def _id(name: str, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, Id(), nullable=False, index=index)


def _name(name: str) -> sa.Column[str]:
    return sa.Column(name, Name(), nullable=False)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, Word, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _moment(name: str) -> sa.Column[float]:
    return sa.Column(name, Instant(), nullable=False)


alarms = table(
    "alarm_alarms",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    _id("project_id", index=True),
    _id("user_id"),
    _name("name"),
    _text("description"),
    _word("type"),
    _json("rule"),
    _flag("enabled"),
    _word("severity"),
    _flag("repeat_actions"),
    _json("time_constraints"),
    _json("ok_actions"),
    _json("alarm_actions"),
    _json("insufficient_data_actions"),
    _json("trusts"),
    _word("state"),
    _text("state_reason"),
    _moment("state_at"),
    _moment("evaluated_at"),
    _moment("created_at"),
    _moment("updated_at"),
    _whole("revision"),
    _moment("due_at"),
    _id("claim"),
    sa.Index("ix_alarm_alarms_due", "enabled", "due_at"),
)

# What users see as an alarm's history; a deleted alarm's stays for a while.
changes = table(
    "alarm_changes",
    metadata,
    sa.Column(
        "number",
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    _id("id", index=True),
    _id("alarm_id", index=True),
    _word("type"),
    # An alarm with all of its actions may be beyond the 64 KiB of MariaDB's TEXT.
    sa.Column(
        "detail",
        sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb"),
        nullable=False,
    ),
    _id("user_id"),
    _id("project_id"),
    _id("on_behalf_of", index=True),
    _word("severity"),
    sa.Column("at", Instant(), nullable=False, index=True),
)

limits = table(
    "alarm_limits",
    metadata,
    sa.Column("project_id", Id(), primary_key=True),
    _whole("alarms"),
)

# How far the events of each room have been looked at.
feeds = table(
    "alarm_feeds",
    metadata,
    sa.Column("room", sa.String(64), primary_key=True),
    sa.Column("number", sa.BigInteger(), nullable=False),
)

# Actions to be delivered, and trusts to be ended: both survive any crash.
jobs = job_table("alarm", metadata)
