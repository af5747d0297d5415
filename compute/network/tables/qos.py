"""QoS policies and their rules."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id
from compute.network.columns import flag, text, whole
from compute.network.tables.frame import resource

qos_policies = resource("qos_policies", flag("shared"), flag("is_default"))

bandwidth_rules = resource(
    "bandwidth_rules",
    sa.Column("policy_id", Id(), sa.ForeignKey(qos_policies.c.id), nullable=False),
    whole("max_kbps"),
    whole("max_burst_kbps"),
    text("direction"),
    sa.UniqueConstraint(
        "policy_id", "direction", name="network_bandwidth_rules_direction"
    ),
)

dscp_rules = resource(
    "dscp_rules",
    sa.Column("policy_id", Id(), sa.ForeignKey(qos_policies.c.id), nullable=False),
    whole("dscp_mark"),
    sa.UniqueConstraint("policy_id", name="network_dscp_rules_policy"),
)

packet_rate_rules = resource(
    "packet_rate_rules",
    sa.Column("policy_id", Id(), sa.ForeignKey(qos_policies.c.id), nullable=False),
    whole("max_kpps"),
    whole("max_burst_kpps"),
    text("direction"),
    sa.UniqueConstraint(
        "policy_id", "direction", name="network_packet_rate_rules_direction"
    ),
)
