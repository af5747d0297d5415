"""Security groups: create, change, delete, and how the API shows them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import conflict
from compute.network.frame.collection import Collection, own, standard, tags_of
from compute.network.frame.fields import TEXT, Field, Fields
from compute.network.frame.resource import Body, Definition
from compute.network.frame.work import Work
from compute.network.model import SecurityGroup, SecurityRule
from compute.network.security.default_group import (
    DEFAULT,
    ensure_default,
    ensure_for_call,
    open_outwards,
)
from compute.network.security.rule_values import show_rule

FIELDS = Fields(
    Field("name", TEXT, default=""),
    Field("description", TEXT, default=""),
    # Rules without state are not made here: nobody is to believe that his are.
    Field("stateful", {"const": True}, default=True),
)


def create_group(work: Work, body: Body) -> SecurityGroup:
    """A new group, from which everything may leave."""
    ensure_default(work, body["project_id"])
    if body["name"].lower() == DEFAULT:
        raise conflict(
            "SecurityGroupDefaultAlreadyExists",
            "Default security group already exists.",
        )
    group = SecurityGroup(
        **work.new(),
        project_id=body["project_id"],
        name=body["name"],
        description=body["description"],
        stateful=body["stateful"],
        default_of=None,
    )
    work.insert(tables.security_groups, group)
    open_outwards(work, group)
    return group


def update_group(work: Work, group: SecurityGroup, body: Body) -> SecurityGroup:
    """Change name and description."""
    if group.default_of and body.get("name", group.name) != group.name:
        raise conflict(
            "SecurityGroupCannotUpdateDefault",
            "Updating default security group not allowed.",
        )
    return work.save(tables.security_groups, group, **body)


def delete_group(work: Work, group: SecurityGroup) -> None:
    """Take it away with its rules; not a default group, not while in use."""
    if group.default_of and not work.is_admin:
        raise conflict(
            "SecurityGroupCannotRemoveDefault",
            "Insufficient rights for removing default security group.",
        )
    if _has_ports(work, group):
        raise conflict("SecurityGroupInUse", f"Security Group {group.id} in use.")
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
    work.delete(tables.security_groups, group)


def _has_ports(work: Work, group: SecurityGroup) -> bool:
    members = tables.port_groups
    return bool(work.rows(members.select().where(members.c.group_id == group.id)))


def _present(work: Work, groups: Sequence[SecurityGroup]) -> list[Body]:
    rules = tables.security_rules
    of_group: dict[str, list[SecurityRule]] = {}
    identifiers = [group.id for group in groups]
    found = work.records(SecurityRule, rules, rules.c.group_id.in_(identifiers))
    for rule in found:
        of_group.setdefault(rule.group_id, []).append(rule)
    labels = tags_of(work, [rule.id for rule in found])
    return [
        {
            "security_group_rules": [
                {
                    **show_rule(rule),
                    **standard(rule, has_name=False),
                    "tags": labels.get(rule.id, []),
                }
                for rule in of_group.get(group.id, [])
            ],
        }
        for group in groups
    ]


def _never_shared(work: Work, values: list[str]) -> sa.ColumnElement[bool]:
    wanted = any(value.lower() in ("false", "0", "f", "no") for value in values)
    return sa.true() if wanted else sa.false()


COLLECTION = Collection(
    singular="security_group",
    plural="security-groups",
    title="Security group",
    kind="SecurityGroup",
    table=tables.security_groups,
    record=SecurityGroup,
    present=_present,
    visible=own(tables.security_groups),
    columns={"stateful": "stateful"},
    special={"shared": _never_shared},
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_group,
    update=update_group,
    delete=delete_group,
    quota="security_group",
    prepare=ensure_for_call,
)
