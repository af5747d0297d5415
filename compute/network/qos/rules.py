"""The rules of QoS policies: limits of bandwidth, and DSCP marks.

A policy has one limit for each direction, as the guest sees it, and one mark, which
packets bear that the guest sends.  What is changed reaches every port and floating IP
that has the policy.  A rule is also found without its policy, under an alias.
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
from compute.network.model import EGRESS, INGRESS, BandwidthRule, DscpRule
from compute.network.qos.policies import (
    BANDWIDTH,
    DSCP,
    bandwidth_rules_of,
    dscp_rules_of,
    shown_bandwidth,
    shown_dscp,
)
from compute.network.qos.rule_frame import (
    LACKS,
    below_policy,
    second_rule,
    under_alias,
    visible_rules,
    wake_users,
)

# What fits into an integer of any database: two terabits a second.
KBPS_MAX = 2**31 - 1
# Those that have a name in RFC 2474, 2597, 3246 and 5865.
DSCP_MARKS = (
    *range(0, 64, 8),
    *(8 * high + low for high in range(1, 5) for low in (2, 4, 6)),
    44,
    46,
)
_KBPS = {"type": "integer", "minimum": 1, "maximum": KBPS_MAX}
_BURST = {"type": "integer", "minimum": 0, "maximum": KBPS_MAX}
LIMIT_FIELDS = Fields(
    Field("max_kbps", _KBPS, required=True),
    Field("max_burst_kbps", _BURST, default=0),
    Field("direction", {"enum": [EGRESS, INGRESS]}, default=EGRESS),
)
MARK_FIELDS = Fields(
    Field("dscp_mark", {"type": "integer", "enum": sorted(DSCP_MARKS)}, required=True),
)


def create_limit(work: Work, body: Body) -> BandwidthRule:
    """One more limit; ``QoSRulesConflict`` for a second one in that direction."""
    rule = BandwidthRule(
        **work.new(),
        project_id=body["project_id"],
        policy_id=body["policy_id"],
        max_kbps=body["max_kbps"],
        max_burst_kbps=body["max_burst_kbps"],
        direction=body["direction"],
    )
    _refuse_second_limit(work, rule, rule.direction)
    work.insert(tables.bandwidth_rules, rule)
    wake_users(work, rule.policy_id)
    return rule


def update_limit(work: Work, rule: BandwidthRule, body: Body) -> BandwidthRule:
    """Change it."""
    _refuse_second_limit(work, rule, body.get("direction", rule.direction))
    wake_users(work, rule.policy_id)
    return work.save(tables.bandwidth_rules, rule, **body)


def delete_limit(work: Work, rule: BandwidthRule) -> None:
    """Take it away."""
    wake_users(work, rule.policy_id)
    work.delete(tables.bandwidth_rules, rule)


def create_mark(work: Work, body: Body) -> DscpRule:
    """The mark; ``QoSRulesConflict`` when there is one."""
    if dscp_rules_of(work, [body["policy_id"]]):
        raise second_rule(DSCP, body["policy_id"])
    rule = DscpRule(
        **work.new(),
        project_id=body["project_id"],
        policy_id=body["policy_id"],
        dscp_mark=body["dscp_mark"],
    )
    work.insert(tables.dscp_rules, rule)
    wake_users(work, rule.policy_id)
    return rule


def update_mark(work: Work, rule: DscpRule, body: Body) -> DscpRule:
    """Another mark."""
    wake_users(work, rule.policy_id)
    return work.save(tables.dscp_rules, rule, **body)


def delete_mark(work: Work, rule: DscpRule) -> None:
    """Take it away."""
    wake_users(work, rule.policy_id)
    work.delete(tables.dscp_rules, rule)


def _refuse_second_limit(work: Work, rule: BandwidthRule, direction: str) -> None:
    for other in bandwidth_rules_of(work, [rule.policy_id]):
        if other.id != rule.id and other.direction == direction:
            raise second_rule(BANDWIDTH, rule.policy_id)


def _present_limits(work: Work, rules: Sequence[BandwidthRule]) -> list[Body]:
    return [shown_bandwidth(each) for each in rules]


def _present_marks(work: Work, rules: Sequence[DscpRule]) -> list[Body]:
    return [shown_dscp(each) for each in rules]


LIMITS = Collection(
    singular="bandwidth_limit_rule",
    plural="bandwidth_limit_rules",
    title="QoS rule",
    kind="QosRule",
    table=tables.bandwidth_rules,
    record=BandwidthRule,
    present=_present_limits,
    visible=visible_rules(tables.bandwidth_rules),
    columns={
        "max_kbps": "max_kbps",
        "max_burst_kbps": "max_burst_kbps",
        "direction": "direction",
    },
    has_name=False,
    lacks=LACKS,
)
MARKS = Collection(
    singular="dscp_marking_rule",
    plural="dscp_marking_rules",
    title="QoS rule",
    kind="QosRule",
    table=tables.dscp_rules,
    record=DscpRule,
    present=_present_marks,
    visible=visible_rules(tables.dscp_rules),
    columns={"dscp_mark": "dscp_mark"},
    has_name=False,
    lacks=LACKS,
)


_LIMITS_BELOW = below_policy(
    LIMITS,
    fields=LIMIT_FIELDS,
    create=create_limit,
    update=update_limit,
    delete=delete_limit,
)
_MARKS_BELOW = below_policy(
    MARKS,
    fields=MARK_FIELDS,
    create=create_mark,
    update=update_mark,
    delete=delete_mark,
)
DEFINITIONS: tuple[Definition[Any], ...] = (
    _LIMITS_BELOW,
    under_alias(_LIMITS_BELOW),
    _MARKS_BELOW,
    under_alias(_MARKS_BELOW),
)
