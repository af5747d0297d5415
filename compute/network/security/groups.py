"""Security groups: create, change, delete, and how the API shows them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from compute.core.api.query import TRUE_WORDS
from compute.network import tables
from compute.network.errors import conflict
from compute.network.frame.bodies import Body
from compute.network.frame.collection import (
    TAGS,
    Collection,
    is_own_service,
    standard,
)
from compute.network.frame.fields import BOOLEAN, TEXT, Field, Fields
from compute.network.frame.quota import check_quota
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.links.visibility import (
    ALL_PROJECTS,
    SHARED,
    end_policies,
    lent,
    own_or_lent,
)
from compute.network.model import SecurityGroup, SecurityRule
from compute.network.security.default_group import (
    DEFAULT,
    begin_with,
    beginning_rules,
    ensure_default,
    ensure_for_call,
)
from compute.network.security.rule_values import show_rule

FIELDS = Fields(
    Field("name", TEXT, default=""),
    Field("description", TEXT, default=""),
    Field("stateful", BOOLEAN, default=True),
)


def create_group(work: Work, body: Body) -> SecurityGroup:
    """A new group, with the rules that new groups begin with."""
    ensure_default(work, body["project_id"])
    _refuse_second_default(body["name"])
    group = SecurityGroup(
        **work.new(),
        project_id=body["project_id"],
        name=body["name"],
        description=body["description"],
        stateful=body["stateful"],
        default_of=None,
    )
    if not is_own_service(work, body):
        more = len(beginning_rules(work, group))
        check_quota(work, "security_group_rule", group.project_id, more)
    work.insert(tables.security_groups, group)
    begin_with(work, group)
    return group


def update_group(work: Work, group: SecurityGroup, body: Body) -> SecurityGroup:
    """Change name and description; whether it is stateful, while nobody uses it."""
    if group.default_of and body.get("name", group.name) != group.name:
        raise conflict(
            "SecurityGroupCannotUpdateDefault",
            "Updating default security group not allowed.",
        )
    if not group.default_of:
        _refuse_second_default(body.get("name", ""))
    if body.get("stateful", group.stateful) != group.stateful:
        _refuse_while_used(work, group)
    return work.save(tables.security_groups, group, **body)


def _refuse_second_default(name: str) -> None:
    if name.lower() == DEFAULT:
        raise conflict(
            "SecurityGroupDefaultAlreadyExists",
            "Default security group already exists.",
        )


def delete_group(work: Work, group: SecurityGroup) -> None:
    """Take it away with its rules; not a default group, not while in use."""
    if group.default_of and not work.is_admin:
        raise conflict(
            "SecurityGroupCannotRemoveDefault",
            "Insufficient rights for removing default security group.",
        )
    _refuse_while_used(work, group)
    rules = tables.security_rules
    named_by = work.records(
        SecurityRule,
        rules,
        rules.c.remote_group_id == group.id,
        rules.c.group_id != group.id,
    )
    # A rule that names a group which is gone lets nobody in: it goes too.
    own_rules = work.records(SecurityRule, rules, rules.c.group_id == group.id)
    for rule in [*named_by, *own_rules]:
        work.delete(rules, rule)
    end_policies(work, group.id)
    work.delete(tables.security_groups, group)


def _refuse_while_used(work: Work, group: SecurityGroup) -> None:
    members = tables.port_groups
    if work.rows(members.select().where(members.c.group_id == group.id).limit(1)):
        raise conflict("SecurityGroupInUse", f"Security Group {group.id} in use.")


def _present(work: Work, groups: Sequence[SecurityGroup]) -> list[Body]:
    rules = tables.security_rules
    of_group: dict[str, list[SecurityRule]] = {}
    identifiers = [group.id for group in groups]
    found = work.records(SecurityRule, rules, rules.c.group_id.in_(identifiers))
    for rule in found:
        of_group.setdefault(rule.group_id, []).append(rule)
    shared = lent(work, identifiers, SHARED)
    labels = TAGS.of(work.connection, [rule.id for rule in found])
    return [
        {
            "stateful": group.stateful,
            "security_group_rules": [
                {
                    **show_rule(rule),
                    **standard(rule, has_name=False),
                    "tags": labels[rule.id],
                }
                for rule in of_group.get(group.id, [])
            ],
            "shared": group.id in shared,
        }
        for group in groups
    ]


def _shared(work: Work, values: list[str]) -> sa.ColumnElement[bool]:
    """Those lent to all projects, or the others."""
    policies, groups = tables.rbac_policies, tables.security_groups
    to_all = sa.select(policies.c.object_id).where(
        policies.c.action == SHARED, policies.c.target_project == ALL_PROJECTS
    )
    words = {value.lower() in TRUE_WORDS for value in values}
    clauses = [groups.c.id.in_(to_all)] if True in words else []
    clauses += [groups.c.id.not_in(to_all)] if False in words else []
    return sa.or_(*clauses)


COLLECTION = Collection(
    singular="security_group",
    plural="security-groups",
    title="Security group",
    kind="SecurityGroup",
    table=tables.security_groups,
    record=SecurityGroup,
    present=_present,
    visible=own_or_lent(tables.security_groups),
    columns={"stateful": "stateful"},
    special={"shared": _shared},
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_group,
    update=update_group,
    delete=delete_group,
    quota="security_group",
    prepare=ensure_for_call,
    is_promised=is_own_service,
)
