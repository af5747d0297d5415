"""What projects share, and how much each may have."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id, Name, table
from compute.network.columns import Word, document, flag, moment, text, whole
from compute.network.tables.frame import metadata, resource

subnet_pools = resource(
    "subnet_pools",
    whole("version"),
    document("prefixes"),
    whole("prefix_length_default"),
    whole("prefix_length_min"),
    whole("prefix_length_max"),
    flag("shared"),
    flag("is_default"),
    text("address_scope_id", Id()),
    # What one project's subnets may take; NULL: any number.
    sa.Column("quota", sa.Integer(), nullable=True),
)

address_scopes = resource(
    "address_scopes",
    whole("version"),
    flag("shared"),
)

rbac_policies = resource(
    "rbac_policies",
    text("object_type"),
    text("object_id", Id(), index=True),
    text("action"),
    text("target_project", Id()),
    sa.UniqueConstraint(
        "object_id", "action", "target_project", name="network_rbac_policies_once"
    ),
)

tags = table(
    "network_tags",
    metadata,
    sa.Column("resource_id", Id(), primary_key=True),
    sa.Column("tag", Name(), primary_key=True),
)

quotas = table(
    "network_quotas",
    metadata,
    sa.Column("project_id", Id(), primary_key=True),
    sa.Column("resource", Word, primary_key=True),
    whole("amount"),
)

# Ports that servers will have: counted like ports, given up as these are made.
reservations = table(
    "network_port_reservations",
    metadata,
    sa.Column("device_id", Id(), primary_key=True),
    sa.Column("project_id", Id(), nullable=False, index=True),
    whole("amount"),
    moment("expires_at"),
)

topologies = table(
    "network_topologies",
    metadata,
    sa.Column("project_id", Id(), primary_key=True),
    sa.Column("network_id", Id(), nullable=False),
    sa.Column("router_id", Id(), nullable=False),
)
