"""Security groups, their rules and members, address groups."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id, table
from compute.network.columns import Address, document, flag, part_of, text
from compute.network.tables.frame import metadata, resource
from compute.network.tables.links import ports

security_groups = resource(
    "security_groups",
    flag("stateful"),
    # The project whose default group this is: at most one each.
    sa.Column("default_of", Id(), nullable=True),
    sa.UniqueConstraint("default_of", name="network_security_groups_default"),
)

security_rules = resource(
    "security_rules",
    part_of("group_id", security_groups),
    text("direction"),
    text("ethertype"),
    text("protocol"),
    sa.Column("port_min", sa.Integer(), nullable=True),
    sa.Column("port_max", sa.Integer(), nullable=True),
    text("remote_prefix", Address),
    text("remote_group_id", Id(), index=True),
    sa.Column(
        "remote_address_group_id",
        Id(),
        nullable=False,
        index=True,
        server_default="",
    ),
)

# What new groups begin with.
default_rules = resource(
    "default_rules",
    text("direction"),
    text("ethertype"),
    text("protocol"),
    sa.Column("port_min", sa.Integer(), nullable=True),
    sa.Column("port_max", sa.Integer(), nullable=True),
    text("remote_prefix", Address),
    text("remote_group_id", Id()),
    text("remote_address_group_id", Id()),
    flag("in_default"),
    flag("in_others"),
)

address_groups = resource("address_groups", document("addresses"))

port_groups = table(
    "network_port_groups",
    metadata,
    sa.Column("port_id", Id(), sa.ForeignKey(ports.c.id), primary_key=True),
    sa.Column(
        "group_id",
        Id(),
        sa.ForeignKey(security_groups.c.id),
        primary_key=True,
        index=True,
    ),
)
