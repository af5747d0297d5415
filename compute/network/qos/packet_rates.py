"""Rules of QoS policies on how many packets pass: one for each direction.

What is beyond is dropped, for a queue of packets would make a flood no smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compute.network import tables
from compute.network.frame.bodies import Body
from compute.network.frame.collection import Collection
from compute.network.frame.fields import Field, Fields
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.model import EGRESS, INGRESS
from compute.network.qos.model import PacketRateRule
from compute.network.qos.policies import (
    PACKET_RATE,
    packet_rate_rules_of,
    shown_packet_rate,
)
from compute.network.qos.rule_frame import (
    LACKS,
    below_policy,
    second_rule,
    visible_rules,
    wake_users,
)

# The kernel counts a packet by the nanoseconds that it takes: at more than these, none.
KPPS_MAX = 1_000_000
FIELDS = Fields(
    Field(
        "max_kpps",
        {"type": "integer", "minimum": 1, "maximum": KPPS_MAX},
        required=True,
    ),
    Field(
        "max_burst_kpps",
        {"type": "integer", "minimum": 0, "maximum": KPPS_MAX},
        default=0,
    ),
    Field("direction", {"enum": [EGRESS, INGRESS]}, default=EGRESS),
)


def create_rate(work: Work, body: Body) -> PacketRateRule:
    """One more; ``QoSRulesConflict`` for a second one in that direction."""
    rule = PacketRateRule(
        **work.new(),
        project_id=body["project_id"],
        policy_id=body["policy_id"],
        max_kpps=body["max_kpps"],
        max_burst_kpps=body["max_burst_kpps"],
        direction=body["direction"],
    )
    _refuse_second(work, rule, rule.direction)
    work.insert(tables.packet_rate_rules, rule)
    wake_users(work, rule.policy_id)
    return rule


def update_rate(work: Work, rule: PacketRateRule, body: Body) -> PacketRateRule:
    """Change it."""
    _refuse_second(work, rule, body.get("direction", rule.direction))
    wake_users(work, rule.policy_id)
    return work.save(tables.packet_rate_rules, rule, **body)


def delete_rate(work: Work, rule: PacketRateRule) -> None:
    """Take it away."""
    wake_users(work, rule.policy_id)
    work.delete(tables.packet_rate_rules, rule)


def _refuse_second(work: Work, rule: PacketRateRule, direction: str) -> None:
    for other in packet_rate_rules_of(work, [rule.policy_id]):
        if other.id != rule.id and other.direction == direction:
            raise second_rule(PACKET_RATE, rule.policy_id)


def _present(work: Work, rules: Sequence[PacketRateRule]) -> list[Body]:
    return [shown_packet_rate(each) for each in rules]


COLLECTION = Collection(
    singular="packet_rate_limit_rule",
    plural="packet_rate_limit_rules",
    title="QoS rule",
    kind="QosRule",
    table=tables.packet_rate_rules,
    record=PacketRateRule,
    present=_present,
    visible=visible_rules(tables.packet_rate_rules),
    columns={
        "max_kpps": "max_kpps",
        "max_burst_kpps": "max_burst_kpps",
        "direction": "direction",
    },
    has_name=False,
    lacks=LACKS,
)
DEFINITION: Definition[Any] = below_policy(
    COLLECTION,
    fields=FIELDS,
    create=create_rate,
    update=update_rate,
    delete=delete_rate,
)
