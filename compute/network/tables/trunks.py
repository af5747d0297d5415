"""Trunks, and which ports are theirs."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id, table
from compute.network.columns import flag, text, whole
from compute.network.tables.frame import metadata, resource
from compute.network.tables.links import ports

trunks = resource(
    "trunks",
    sa.Column("port_id", Id(), sa.ForeignKey(ports.c.id), nullable=False),
    flag("admin_up"),
    text("status"),
    sa.UniqueConstraint("port_id", name="network_trunks_port"),
)

# The primary key is what keeps a port from being two trunks'.
subports = table(
    "network_subports",
    metadata,
    sa.Column("port_id", Id(), sa.ForeignKey(ports.c.id), primary_key=True),
    sa.Column("trunk_id", Id(), sa.ForeignKey(trunks.c.id), nullable=False),
    whole("vlan"),
    sa.UniqueConstraint("trunk_id", "vlan", name="network_subports_vlan"),
)
