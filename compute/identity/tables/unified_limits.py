"""The tables of limits, which identity keeps for services that ask."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id, Name, table
from compute.identity.tables.frame import metadata, text_type

registered_limits = table(
    "identity_registered_limits",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("service_id", Id(), nullable=False),
    sa.Column("region_id", Name(), nullable=False),
    sa.Column("resource_name", Name(), nullable=False),
    sa.Column("default_limit", sa.Integer(), nullable=False),
    sa.Column("description", text_type(), nullable=True),
    sa.UniqueConstraint(
        "service_id",
        "region_id",
        "resource_name",
        name="identity_registered_limit_once",
    ),
)

limits = table(
    "identity_limits",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("project_id", Id(), nullable=False, index=True),
    sa.Column("domain_id", Id(), nullable=False, index=True),
    sa.Column("service_id", Id(), nullable=False),
    sa.Column("region_id", Name(), nullable=False),
    sa.Column("resource_name", Name(), nullable=False),
    sa.Column("resource_limit", sa.Integer(), nullable=False),
    sa.Column("description", text_type(), nullable=True),
    sa.UniqueConstraint(
        "service_id",
        "region_id",
        "resource_name",
        "project_id",
        "domain_id",
        name="identity_limit_once",
    ),
)
