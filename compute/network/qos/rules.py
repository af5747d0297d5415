"""The rules of QoS policies: limits of bandwidth, and DSCP marks.

A policy has one limit for each direction, as the guest sees it, and one mark, which
packets bear that the guest sends.  What is changed reaches every port and floating IP
that has the policy.  A rule is also found without its policy, under an alias.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import conflict
from compute.network.frame.bodies import Body
from compute.network.frame.collection import EXTENDED, Collection
from compute.network.frame.fields import Field, Fields
from compute.network.frame.resource import Definition, Parent
from compute.network.frame.work import Work
from compute.network.links.visibility import own_or_shared
from compute.network.model import EGRESS, INGRESS, BandwidthRule, DscpRule, Resource
from compute.network.qos.policies import (
    BANDWIDTH,
    DSCP,
    bandwidth_rules_of,
    dscp_rules_of,
    shown_bandwidth,
    shown_dscp,
)
from compute.network.qos.policies import COLLECTION as POLICIES
from compute.network.qos.users import hosts_that_use

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
LACKS = ("project_id", "tenant_id", *EXTENDED)


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
    _changed(work, rule.policy_id)
    return rule


def update_limit(work: Work, rule: BandwidthRule, body: Body) -> BandwidthRule:
    """Change it."""
    _refuse_second_limit(work, rule, body.get("direction", rule.direction))
    _changed(work, rule.policy_id)
    return work.save(tables.bandwidth_rules, rule, **body)


def delete_limit(work: Work, rule: BandwidthRule) -> None:
    """Take it away."""
    _changed(work, rule.policy_id)
    work.delete(tables.bandwidth_rules, rule)


def create_mark(work: Work, body: Body) -> DscpRule:
    """The mark; ``QoSRulesConflict`` when there is one."""
    if dscp_rules_of(work, [body["policy_id"]]):
        raise _second(DSCP, body["policy_id"])
    rule = DscpRule(
        **work.new(),
        project_id=body["project_id"],
        policy_id=body["policy_id"],
        dscp_mark=body["dscp_mark"],
    )
    work.insert(tables.dscp_rules, rule)
    _changed(work, rule.policy_id)
    return rule


def update_mark(work: Work, rule: DscpRule, body: Body) -> DscpRule:
    """Another mark."""
    _changed(work, rule.policy_id)
    return work.save(tables.dscp_rules, rule, **body)


def delete_mark(work: Work, rule: DscpRule) -> None:
    """Take it away."""
    _changed(work, rule.policy_id)
    work.delete(tables.dscp_rules, rule)


def _refuse_second_limit(work: Work, rule: BandwidthRule, direction: str) -> None:
    for other in bandwidth_rules_of(work, [rule.policy_id]):
        if other.id != rule.id and other.direction == direction:
            raise _second(BANDWIDTH, rule.policy_id)


def _second(kind: str, policy_id: str) -> Exception:
    return conflict(
        "QoSRulesConflict",
        f"Rule {kind} conflicts with rule {kind} which already exists in QoS Policy"
        f" {policy_id}.",
    )


def _changed(work: Work, policy_id: str) -> None:
    work.touch(hosts_that_use(work, policy_id))


def _visible(table: sa.Table) -> Any:
    """Whoever sees the policy sees its rules."""
    policies = tables.qos_policies

    def visible(work: Work, project_id: str) -> sa.ColumnElement[bool]:
        seen = own_or_shared(policies)(work, project_id)
        return table.c.policy_id.in_(sa.select(policies.c.id).where(seen))

    return visible


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
    visible=_visible(tables.bandwidth_rules),
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
    visible=_visible(tables.dscp_rules),
    columns={"dscp_mark": "dscp_mark"},
    has_name=False,
    lacks=LACKS,
)


def _definitions(
    collection: Collection[Any], **what: Any
) -> tuple[Definition[Any], Definition[Any]]:
    """Below the policy, and under the alias."""
    below: Definition[Any] = Definition(
        collection=collection,
        path=f"qos/policies/{{of}}/{collection.plural}",
        parent=Parent("policy_id", _policy),
        rule=f"policy_{collection.singular}",
        **what,
    )
    alias = dataclasses.replace(
        collection,
        singular=f"alias_{collection.singular}",
        plural=f"alias_{collection.plural}",
    )
    return below, dataclasses.replace(
        below,
        collection=alias,
        path=f"qos/{alias.plural}",
        parent=None,
        verbs=frozenset({"show", "update", "delete"}),
    )


def _policy(work: Work, identifier: str) -> Resource:
    return POLICIES.find(work, identifier)


DEFINITIONS: tuple[Definition[Any], ...] = (
    *_definitions(
        LIMITS,
        fields=LIMIT_FIELDS,
        create=create_limit,
        update=update_limit,
        delete=delete_limit,
    ),
    *_definitions(
        MARKS,
        fields=MARK_FIELDS,
        create=create_mark,
        update=update_mark,
        delete=delete_mark,
    ),
)
