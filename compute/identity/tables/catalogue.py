"""The tables of the catalogue: services, where they are, and who is shown them."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id, Name, table
from compute.identity.tables.frame import extra_column, flag, metadata, text_type

regions = table(
    "identity_regions",
    metadata,
    sa.Column("id", Name(), primary_key=True),
    sa.Column("parent_region_id", Name(), nullable=False),
    sa.Column("description", text_type(), nullable=False),
    extra_column(),
)

services = table(
    "identity_services",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("type", Name(), nullable=False, index=True),
    sa.Column("name", Name(), nullable=False),
    sa.Column("description", text_type(), nullable=True),
    flag("enabled"),
    extra_column(),
)

endpoints = table(
    "identity_endpoints",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("service_id", Id(), nullable=False, index=True),
    sa.Column("region_id", Name(), nullable=False),
    sa.Column("interface", sa.String(16), nullable=False),
    sa.Column("url", text_type(), nullable=False),
    flag("enabled"),
    extra_column(),
)

# Which endpoints a project's tokens show, one by one and by groups; a project without
# either is shown all.
endpoint_projects = table(
    "identity_endpoint_projects",
    metadata,
    sa.Column("endpoint_id", Id(), primary_key=True),
    sa.Column("project_id", Id(), primary_key=True, index=True),
)

endpoint_groups = table(
    "identity_endpoint_groups",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", Name(), nullable=False),
    sa.Column("description", text_type(), nullable=True),
    sa.Column("filters", sa.JSON(), nullable=False),
)

endpoint_group_projects = table(
    "identity_endpoint_group_projects",
    metadata,
    sa.Column("endpoint_group_id", Id(), primary_key=True),
    sa.Column("project_id", Id(), primary_key=True, index=True),
)
