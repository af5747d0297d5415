"""The room's SQL tables.

A metric's series is in three places: measures that came since it was last folded
(``metric_pending``), the series itself (``metric_series``), and closed periods in
objects of the ring (``metric_chunks``).  ``metric_debris`` names objects before their
first byte is written, and those that nobody needs any more.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from compute.core.sql.database import Id, Instant, Name, table

metadata = sa.MetaData()


def _id(name: str, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, Id(), nullable=False, index=index)


def _name(name: str, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, Name(), nullable=False, index=index)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _long(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _moment(name: str) -> sa.Column[float]:
    return sa.Column(name, Instant(), nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    # MariaDB's BLOB ends at 64 KiB.
    kind = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
    return sa.Column(name, kind, nullable=False)


def _number() -> sa.Column[int]:
    return sa.Column(
        "number",
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        primary_key=True,
        autoincrement=True,
    )


def _resource_columns() -> list[sa.Column[Any]]:
    return [
        _name("type"),
        _name("original_id"),
        _id("created_by_user_id"),
        _id("created_by_project_id"),
        _name("project_id"),
        _name("user_id"),
        _moment("started_at"),
        _moment("ended_at"),
        _moment("revision_start"),
        _json("attributes"),
    ]


archive_policies = table(
    "metric_archive_policies",
    metadata,
    sa.Column("name", Name(), primary_key=True),
    _whole("back_window"),
    _json("definition"),
    _json("aggregation_methods"),
)

rules = table(
    "metric_archive_policy_rules",
    metadata,
    sa.Column("name", Name(), primary_key=True),
    _name("archive_policy_name"),
    _name("metric_pattern"),
)

resource_types = table(
    "metric_resource_types",
    metadata,
    sa.Column("name", Name(), primary_key=True),
    _json("attributes"),
)

resources = table(
    "metric_resources",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    *_resource_columns(),
    sa.Index("ix_metric_resources_type", "type"),
    sa.Index("ix_metric_resources_project", "project_id"),
    sa.Index("ix_metric_resources_creator", "created_by_project_id"),
    sa.Index("ix_metric_resources_original", "original_id"),
)

revisions = table(
    "metric_revisions",
    metadata,
    _number(),
    _id("id", index=True),
    *_resource_columns(),
    _moment("revision_end"),
)

metrics = table(
    "metric_metrics",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    _id("resource_id", index=True),
    _name("name"),
    _name("unit"),
    _name("archive_policy_name", index=True),
    _id("created_by_user_id"),
    _id("created_by_project_id", index=True),
    _moment("created_at"),
)

series = table(
    "metric_series",
    metadata,
    sa.Column("metric_id", Id(), primary_key=True),
    _long("revision"),
    _whole("points"),
    _bytes("body"),
)

pending = table(
    "metric_pending",
    metadata,
    _number(),
    _id("metric_id", index=True),
    _whole("points"),
    _moment("came_at"),
    _bytes("body"),
)

chunks = table(
    "metric_chunks",
    metadata,
    sa.Column("object", Name(), primary_key=True),
    _id("metric_id", index=True),
    _long("granularity"),
    _long("first"),
    _long("last"),
    _whole("points"),
)

debris = table(
    "metric_debris",
    metadata,
    sa.Column("object", Name(), primary_key=True),
    sa.Column("after", Instant(), nullable=False, index=True),
)

# Which of what every cloud begins with was made: who deletes it, has it deleted.
beginnings = table(
    "metric_beginnings", metadata, sa.Column("name", Name(), primary_key=True)
)
