"""QoS policies: rules under a name, which networks, ports and floating IPs may have.

Their rules are in ``rules.py``.  A project's default policy is that of networks which
name none when they are made.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import conflict
from compute.network.frame.bodies import Body
from compute.network.frame.collection import Collection
from compute.network.frame.fields import BOOLEAN, TEXT, TEXT_OR_NULL, Field, Fields
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.links.visibility import (
    SHARED,
    end_policies,
    lent,
    own_or_shared,
)
from compute.network.model import BandwidthRule, DscpRule, QosPolicy
from compute.network.qos.model import PacketRateRule

FIELDS = Fields(
    Field("name", TEXT, default=""),
    Field("description", TEXT_OR_NULL, default=""),
    Field("shared", BOOLEAN, default=False),
    Field("is_default", BOOLEAN, default=False),
)
# What may have a policy, by the name that its API has.
USERS = {
    "network": tables.networks,
    "port": tables.ports,
    "floatingip": tables.floating_ips,
    "router": tables.routers,
}
BANDWIDTH, DSCP = "bandwidth_limit", "dscp_marking"
PACKET_RATE = "packet_rate_limit"
RULES = (tables.bandwidth_rules, tables.dscp_rules, tables.packet_rate_rules)


def create_policy(work: Work, body: Body) -> QosPolicy:
    """A new policy, without rules."""
    policy = QosPolicy(
        **work.new(),
        project_id=body["project_id"],
        name=body["name"],
        description=body["description"] or "",
        shared=body["shared"],
        is_default=body["is_default"],
    )
    if policy.is_default:
        _refuse_second_default(work, policy)
    return work.insert(tables.qos_policies, policy)


def update_policy(work: Work, policy: QosPolicy, body: Body) -> QosPolicy:
    """Change it; ``InvalidSharedSetting`` when it is taken from those who use it."""
    if body.get("is_default") and not policy.is_default:
        _refuse_second_default(work, policy)
    if (
        policy.shared
        and body.get("shared") is False
        and _is_used_by_others(work, policy)
    ):
        raise conflict(
            "InvalidSharedSetting",
            f"Unable to reconfigure sharing settings for QoS policy {policy.id}."
            " Multiple projects are using it.",
        )
    if "description" in body:
        body = {**body, "description": body["description"] or ""}
    return work.save(tables.qos_policies, policy, **body)


def delete_policy(work: Work, policy: QosPolicy) -> None:
    """Take it away with its rules; ``QosPolicyInUse``."""
    for kind, table in USERS.items():
        user = work.rows(
            sa.select(table.c.id).where(table.c.qos_policy_id == policy.id).limit(1)
        )
        if user:
            raise conflict(
                "QosPolicyInUse",
                f"QoS Policy {policy.id} is used by {kind} {user[0]['id']}.",
            )
    for rules in RULES:
        work.connection.execute(rules.delete().where(rules.c.policy_id == policy.id))
    end_policies(work, policy.id)
    work.delete(tables.qos_policies, policy)


def default_policy(work: Work, project_id: str) -> str:
    """The id of the project's default policy; "" when it has none."""
    policies = tables.qos_policies
    found = work.rows(
        sa.select(policies.c.id).where(
            policies.c.project_id == project_id, policies.c.is_default.is_(True)
        )
    )
    return str(found[0]["id"]) if found else ""


def bandwidth_rules_of(work: Work, policies: Sequence[str]) -> list[BandwidthRule]:
    """The limits of these policies."""
    table = tables.bandwidth_rules
    return work.records(BandwidthRule, table, table.c.policy_id.in_(policies))


def dscp_rules_of(work: Work, policies: Sequence[str]) -> list[DscpRule]:
    """The marks of these policies."""
    table = tables.dscp_rules
    return work.records(DscpRule, table, table.c.policy_id.in_(policies))


def packet_rate_rules_of(work: Work, policies: Sequence[str]) -> list[PacketRateRule]:
    """The limits of packets of these policies."""
    table = tables.packet_rate_rules
    return work.records(PacketRateRule, table, table.c.policy_id.in_(policies))


def shown_bandwidth(rule: BandwidthRule) -> Body:
    """As the API shows it."""
    return {
        "max_kbps": rule.max_kbps,
        "max_burst_kbps": rule.max_burst_kbps,
        "direction": rule.direction,
    }


def shown_dscp(rule: DscpRule) -> Body:
    """As the API shows it."""
    return {"dscp_mark": rule.dscp_mark}


def shown_packet_rate(rule: PacketRateRule) -> Body:
    """As the API shows it."""
    return {
        "max_kpps": rule.max_kpps,
        "max_burst_kpps": rule.max_burst_kpps,
        "direction": rule.direction,
    }


def _refuse_second_default(work: Work, policy: QosPolicy) -> None:
    had = default_policy(work, policy.project_id)
    if had and had != policy.id:
        raise conflict(
            "QoSPolicyDefaultAlreadyExists",
            f"A default QoS policy exists for project {policy.project_id}.",
        )


def _is_used_by_others(work: Work, policy: QosPolicy) -> bool:
    return any(
        work.rows(
            sa.select(table.c.id)
            .where(
                table.c.qos_policy_id == policy.id,
                table.c.project_id != policy.project_id,
            )
            .limit(1)
        )
        for table in USERS.values()
    )


def _present(work: Work, policies: Sequence[QosPolicy]) -> list[Body]:
    identifiers = [each.id for each in policies]
    lent_here = lent(work, identifiers, SHARED, work.project_id)
    rules: dict[str, list[Body]] = {}
    for limit in bandwidth_rules_of(work, identifiers):
        rules.setdefault(limit.policy_id, []).append(
            {**_rule(limit.id, limit.policy_id, BANDWIDTH), **shown_bandwidth(limit)}
        )
    for mark in dscp_rules_of(work, identifiers):
        rules.setdefault(mark.policy_id, []).append(
            {**_rule(mark.id, mark.policy_id, DSCP), **shown_dscp(mark)}
        )
    for rate in packet_rate_rules_of(work, identifiers):
        rules.setdefault(rate.policy_id, []).append(
            {**_rule(rate.id, rate.policy_id, PACKET_RATE), **shown_packet_rate(rate)}
        )
    return [
        {
            "shared": each.shared or each.id in lent_here,
            "is_default": each.is_default,
            "rules": rules.get(each.id, []),
        }
        for each in policies
    ]


def _rule(identifier: str, policy_id: str, kind: str) -> Body:
    return {"id": identifier, "qos_policy_id": policy_id, "type": kind}


COLLECTION = Collection(
    singular="policy",
    plural="policies",
    title="QoS policy",
    kind="QosPolicy",
    table=tables.qos_policies,
    record=QosPolicy,
    present=_present,
    visible=own_or_shared(tables.qos_policies),
    columns={"shared": "shared", "is_default": "is_default"},
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_policy,
    update=update_policy,
    delete=delete_policy,
    path="qos/policies",
)
