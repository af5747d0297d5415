"""Rules of security groups: create, delete, and how the API lists them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from compute.core.errors import PolicyNotAuthorized
from compute.network import tables
from compute.network.errors import conflict, not_found
from compute.network.frame.bodies import Body
from compute.network.frame.collection import Collection, is_own_service
from compute.network.frame.fields import (
    TEXT_OR_NULL,
    UUID,
    UUID_OR_NULL,
    Field,
    Fields,
)
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.links.visibility import SHARED, lent
from compute.network.model import SecurityGroup, SecurityRule
from compute.network.security import rule_values
from compute.network.security.address_groups import COLLECTION as ADDRESS_GROUPS
from compute.network.security.default_group import ensure_for_call
from compute.network.security.groups import COLLECTION as GROUPS
from compute.network.security.rule_values import RULE_COLUMNS, RULE_FIELDS
from compute.network.security.watchers import hosts_that_watch

FIELDS = Fields(
    Field("description", TEXT_OR_NULL, default=""),
    Field("security_group_id", UUID, required=True, update=False),
    *RULE_FIELDS,
    # What is no group's id names no group: 404, as for one that is gone.
    Field("remote_group_id", TEXT_OR_NULL, default=None, update=False),
    Field("remote_address_group_id", UUID_OR_NULL, default=None, update=False),
)
COLUMNS = {
    **RULE_COLUMNS,
    "security_group_id": "group_id",
}


def create_rule(work: Work, body: Body) -> SecurityRule:
    """A new rule; ``SecurityGroupRuleExists`` when the group has one like it."""
    group = GROUPS.find(work, body["security_group_id"])
    if group.project_id != body["project_id"] and not work.is_admin:
        # A group that is lent is used as its owner made it.
        raise PolicyNotAuthorized(
            "(create_security_group_rule) is disallowed by policy"
        )
    rule = _parse(work, group, body)
    rules = tables.security_rules
    for other in work.records(SecurityRule, rules, rules.c.group_id == group.id):
        if _meaning(other) == _meaning(rule):
            raise conflict(
                "SecurityGroupRuleExists",
                f"Security group rule already exists. Rule id is {other.id}.",
            )
    work.insert(rules, rule)
    _changed(work, group)
    return rule


def update_rule(work: Work, rule: SecurityRule, body: Body) -> SecurityRule:
    """A rule's description is all that can change."""
    return work.save(
        tables.security_rules, rule, description=body.get("description") or ""
    )


def delete_rule(work: Work, rule: SecurityRule) -> None:
    """Take it away."""
    work.delete(tables.security_rules, rule)
    group = work.find(SecurityGroup, tables.security_groups, rule.group_id)
    assert group is not None, "a rule has a group"
    _changed(work, group)


def _parse(work: Work, group: SecurityGroup, body: Body) -> SecurityRule:
    parsed = rule_values.parse_rule(body)
    remote = parsed["remote_group_id"]
    if remote and not _is_seen(work, remote, group):
        raise not_found("SecurityGroupNotFound", "Security group", remote)
    if parsed["remote_address_group_id"]:
        ADDRESS_GROUPS.find(work, parsed["remote_address_group_id"])
    return SecurityRule(
        **work.new(),
        project_id=body["project_id"],
        description=body["description"] or "",
        group_id=group.id,
        **parsed,
    )


def _is_seen(work: Work, group_id: str, beside: SecurityGroup) -> bool:
    found = work.find(SecurityGroup, tables.security_groups, group_id)
    if found is None:
        return False
    if work.is_admin or found.project_id in (beside.project_id, work.project_id):
        return True
    return bool(lent(work, [group_id], SHARED, work.project_id))


def _meaning(rule: SecurityRule) -> tuple[object, ...]:
    return (
        rule.direction,
        rule.ethertype,
        rule_values.protocol_number(rule.protocol, rule.ethertype),
        rule.port_min,
        rule.port_max,
        rule_values.normalized(rule.remote_prefix),
        rule.remote_group_id,
        rule.remote_address_group_id,
    )


def _changed(work: Work, group: SecurityGroup) -> None:
    work.bump(tables.security_groups, group)
    work.touch(hosts_that_watch(work, [group.id]))


def _present(work: Work, rules: Sequence[SecurityRule]) -> list[Body]:
    groups = tables.security_groups
    default = set(
        work.connection.execute(
            sa.select(groups.c.id).where(
                groups.c.id.in_({rule.group_id for rule in rules}),
                groups.c.default_of.is_not(None),
            )
        ).scalars()
    )
    return [
        {
            **rule_values.show_rule(rule),
            "belongs_to_default_sg": rule.group_id in default,
        }
        for rule in rules
    ]


def _visible(work: Work, project_id: str) -> sa.ColumnElement[bool]:
    """The project's own rules, and those that others have put into its groups."""
    rules, groups = tables.security_rules, tables.security_groups
    own_groups = sa.select(groups.c.id).where(groups.c.project_id == project_id)
    return sa.or_(rules.c.project_id == project_id, rules.c.group_id.in_(own_groups))


COLLECTION = Collection(
    singular="security_group_rule",
    plural="security-group-rules",
    title="Security group rule",
    kind="SecurityGroupRule",
    table=tables.security_rules,
    record=SecurityRule,
    present=_present,
    visible=_visible,
    columns=COLUMNS,
    has_name=False,
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_rule,
    update=update_rule,
    delete=delete_rule,
    quota="security_group_rule",
    prepare=ensure_for_call,
    is_promised=is_own_service,
)
