"""Routers, floating IPs and what these send on."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id, Name
from compute.network.columns import Address, added_text, document, flag, text, whole
from compute.network.tables.frame import policy, resource

routers = resource(
    "routers",
    policy(),
    flag("admin_up"),
    text("status"),
    text("host", Name(), index=True),
    text("external_network_id", Id()),
    text("gateway_port_id", Id()),
    flag("snat"),
    document("routes"),
    document("availability_zone_hints"),
)

floating_ips = resource(
    "floating_ips",
    policy(),
    text("external_network_id", Id(), index=True),
    text("floating_port_id", Id(), index=True),
    text("address", Address),
    sa.Column("port_id", Id(), nullable=True),
    sa.Column("fixed_address", Address, nullable=True),
    text("router_id", Id(), index=True),
    text("status"),
    # The room's revision when it was last (dis)associated.
    sa.Column("changed_at", sa.BigInteger(), nullable=False),
    added_text("dns_name", Name()),
    added_text("dns_domain", Name()),
    sa.UniqueConstraint("port_id", "fixed_address", name="network_floating_ips_fixed"),
)

# Which of a router's flows are read for the flows that they agree upon.
conntrack_helpers = resource(
    "conntrack_helpers",
    sa.Column("router_id", Id(), sa.ForeignKey(routers.c.id), nullable=False),
    text("helper"),
    text("protocol"),
    whole("port"),
    sa.UniqueConstraint(
        "router_id", "protocol", "port", name="network_conntrack_helpers_port"
    ),
)

# Ports of a floating IP, each sent on to a port of a guest's address; first and last.
port_forwardings = resource(
    "port_forwardings",
    sa.Column(
        "floating_ip_id",
        Id(),
        sa.ForeignKey(floating_ips.c.id),
        nullable=False,
    ),
    text("port_id", Id(), index=True),
    text("fixed_address", Address),
    text("protocol"),
    whole("outer_first"),
    whole("outer_last"),
    whole("inner_first"),
    whole("inner_last"),
    sa.UniqueConstraint(
        "floating_ip_id",
        "protocol",
        "outer_first",
        name="network_port_forwardings_outer",
    ),
)
