"""The room's SQL tables.

Optional texts are "" and never NULL, so that they compare alike on every database.
What ``store.SEALED`` names holds sealed values.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from compute.core.jobs.rows import job_table
from compute.core.sql.database import Id, Instant, Name, table

metadata = sa.MetaData()

Word = sa.String(32)
# Templates and files are beyond the 64 KiB of MariaDB's TEXT.
Json = sa.JSON


def _id(name: str, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, Id(), nullable=False, index=index)


def _name(name: str) -> sa.Column[str]:
    return sa.Column(name, Name(), nullable=False)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, Word, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, Json(), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _moment(name: str) -> sa.Column[float]:
    return sa.Column(name, Instant(), nullable=False)


def _key() -> sa.Column[str]:
    return sa.Column("id", Id(), primary_key=True)


stacks = table(
    "orchestration_stacks",
    metadata,
    _key(),
    _id("project_id", index=True),
    _id("user_id"),
    _name("user_name"),
    _name("name"),
    _id("owner_id", index=True),
    _id("owner_row"),
    _id("root_id", index=True),
    _whole("depth"),
    _word("action"),
    _word("status"),
    _text("reason"),
    _json("template"),
    _json("files"),
    _json("environment"),
    _json("parameters"),
    _json("previous"),
    _text("description"),
    _json("tags"),
    _whole("timeout_minutes"),
    _flag("disable_rollback"),
    _name("trust_id"),
    _json("old_trusts"),
    _name("signal_key"),
    _whole("generation"),
    _word("interrupt"),
    _moment("started_at"),
    _moment("deadline"),
    _moment("created_at"),
    _moment("updated_at"),
    _moment("deleted_at"),
    sa.Index("ix_orchestration_stacks_live", "project_id", "name", "deleted_at"),
)

resources = table(
    "orchestration_resources",
    metadata,
    _key(),
    _id("stack_id", index=True),
    _name("name"),
    _name("type"),
    _text("kind"),
    _word("action"),
    _word("status"),
    _text("reason"),
    _name("physical_id"),
    _json("properties"),
    _json("trying"),
    _json("data"),
    _json("metadata"),
    _json("requires"),
    _word("deletion_policy"),
    _flag("external"),
    _whole("generation"),
    _flag("begun"),
    _flag("tried"),
    _flag("obsolete"),
    _moment("started_at"),
    _moment("created_at"),
    _moment("updated_at"),
)

# What users see as a stack's events.
happenings = table(
    "orchestration_happenings",
    metadata,
    sa.Column(
        "number",
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    _id("id", index=True),
    _id("stack_id", index=True),
    _id("root_id", index=True),
    _name("resource"),
    _name("resource_type"),
    _name("physical_id"),
    _word("action"),
    _word("status"),
    _text("reason"),
    _moment("at"),
)

snapshots = table(
    "orchestration_snapshots",
    metadata,
    _key(),
    _id("stack_id", index=True),
    _name("name"),
    _word("status"),
    _text("reason"),
    _json("data"),
    _moment("created_at"),
)

configs = table(
    "orchestration_configs",
    metadata,
    _key(),
    _id("project_id", index=True),
    _name("name"),
    _name("group"),
    sa.Column(
        "config",
        sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb"),
        nullable=False,
    ),
    _json("inputs"),
    _json("outputs"),
    _json("options"),
    _moment("created_at"),
)

deployments = table(
    "orchestration_deployments",
    metadata,
    _key(),
    _id("project_id", index=True),
    _id("server_id", index=True),
    _id("config_id"),
    _word("action"),
    _word("status"),
    _text("reason"),
    _json("input_values"),
    _json("output_values"),
    _moment("created_at"),
    _moment("updated_at"),
)

# Trusts that may have been made without our hearing of it.
trust_attempts = table(
    "orchestration_trust_attempts",
    metadata,
    _key(),
    _moment("expires_at"),
    sa.Column("created_at", Instant(), nullable=False, index=True),
)

jobs = job_table("orchestration", metadata)
