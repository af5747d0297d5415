"""The room's SQL tables.

Optional texts are "" and never NULL, so that they compare alike on every database.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from compute.core.sql.database import Id, Instant, Name, table

metadata = sa.MetaData()

Word = sa.String(64)
# Barbican's own bound of what consumers are called.
Long = sa.String(500)


def _id(name: str, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, Id(), nullable=False, index=index)


def _name(name: str) -> sa.Column[str]:
    return sa.Column(name, Name(), nullable=False)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, Word, nullable=False)


def _moment(name: str) -> sa.Column[float]:
    return sa.Column(name, Instant(), nullable=False)


def _access() -> list[sa.Column[bool] | sa.Column[float | None]]:
    return [
        sa.Column("project_access", sa.Boolean(), nullable=False),
        sa.Column("access_created_at", Instant(), nullable=True),
        sa.Column("access_changed_at", Instant(), nullable=True),
    ]


secrets = table(
    "secret_secrets",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    _id("project_id", index=True),
    _id("creator_id"),
    _name("name"),
    _word("secret_type"),
    _name("algorithm"),
    sa.Column("bit_length", sa.Integer(), nullable=True),
    _name("mode"),
    sa.Column("expires_at", Instant(), nullable=True, index=True),
    _word("content_type"),
    sa.Column("user_metadata", sa.JSON(), nullable=False),
    _moment("created_at"),
    _moment("updated_at"),
    *_access(),
)

# Apart from what is listed.
payloads = table(
    "secret_payloads",
    metadata,
    sa.Column("secret_id", Id(), primary_key=True),
    # Sealed, and twice in base64: beyond the 64 KiB of MariaDB's TEXT.
    sa.Column(
        "sealed",
        sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb"),
        nullable=False,
    ),
)

containers = table(
    "secret_containers",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    _id("project_id", index=True),
    _id("creator_id"),
    _name("name"),
    _word("type"),
    _moment("created_at"),
    _moment("updated_at"),
    *_access(),
)

members = table(
    "secret_members",
    metadata,
    sa.Column("container_id", Id(), primary_key=True),
    sa.Column("secret_id", Id(), primary_key=True, index=True),
    _name("name"),
    sa.Column("position", sa.Integer(), nullable=False),
)

# Who reads a secret or a container by its access list.
readers = table(
    "secret_readers",
    metadata,
    sa.Column("subject_id", Id(), primary_key=True),
    sa.Column("user_id", Id(), primary_key=True, index=True),
)

# Of a secret or of a container.
consumers = table(
    "secret_consumers",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    _id("subject_id", index=True),
    _id("project_id", index=True),
    _name("service"),
    _name("resource_type"),
    sa.Column("resource_id", Long, nullable=False),
    _moment("created_at"),
)

orders = table(
    "secret_orders",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    _id("project_id", index=True),
    _id("creator_id"),
    _word("type"),
    sa.Column("meta", sa.JSON(), nullable=False),
    _id("secret_id"),
    _id("container_id"),
    _moment("created_at"),
)

quotas = table(
    "secret_quotas",
    metadata,
    sa.Column("project_id", Id(), primary_key=True),
    sa.Column("secrets", sa.Integer(), nullable=True),
    sa.Column("orders", sa.Integer(), nullable=True),
    sa.Column("containers", sa.Integer(), nullable=True),
    sa.Column("consumers", sa.Integer(), nullable=True),
)
