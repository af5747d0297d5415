"""The rules that new security groups begin with: the operator's template.

Changing them changes no group that is there.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from compute.core.errors import BadRequest
from compute.network import tables
from compute.network.errors import conflict
from compute.network.frame.bodies import Body
from compute.network.frame.collection import Collection
from compute.network.frame.fields import (
    BOOLEAN,
    TEXT_OR_NULL,
    UUID,
    UUID_OR_NULL,
    Field,
    Fields,
)
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.model import DefaultRule
from compute.network.security import rule_values
from compute.network.security.default_group import PARENT
from compute.network.security.rule_values import RULE_COLUMNS, RULE_FIELDS

RULES_MAX = 100  # each is a row of every new group

FIELDS = Fields(
    Field("description", TEXT_OR_NULL, default="", update=False),
    *RULE_FIELDS,
    Field(
        "remote_group_id",
        {"anyOf": [UUID, {"enum": [PARENT, None]}]},
        default=None,
        update=False,
    ),
    Field("remote_address_group_id", UUID_OR_NULL, default=None, update=False),
    Field("used_in_default_sg", BOOLEAN, default=False, update=False),
    Field("used_in_non_default_sg", BOOLEAN, default=True, update=False),
)
COLUMNS = {
    **RULE_COLUMNS,
    "used_in_default_sg": "in_default",
    "used_in_non_default_sg": "in_others",
}


def create_rule(work: Work, body: Body) -> DefaultRule:
    """A new one; 409 when groups of a kind would have two like it."""
    parsed = rule_values.parse_rule(body)
    rule = DefaultRule(
        **work.new(),
        project_id="",
        description=body["description"] or "",
        **parsed,
        in_default=body["used_in_default_sg"],
        in_others=body["used_in_non_default_sg"],
    )
    rules = tables.default_rules
    others = work.records(DefaultRule, rules)
    if len(others) >= RULES_MAX:
        raise conflict("OverQuota", f"There are {RULES_MAX} default rules already.")
    for other in others:
        meets = (other.in_default and rule.in_default) or (
            other.in_others and rule.in_others
        )
        if meets and all(getattr(other, name) == parsed[name] for name in parsed):
            raise conflict(
                "DefaultSecurityGroupRuleExists",
                f"Default Security group rule already exists. Rule id is {other.id}.",
            )
    return work.insert(rules, rule)


def update_rule(work: Work, rule: DefaultRule, body: Body) -> DefaultRule:
    """Nothing of a rule can change."""
    raise BadRequest("Default security group rules cannot be changed.")


def delete_rule(work: Work, rule: DefaultRule) -> None:
    """Groups that are made from now on have it no more."""
    work.delete(tables.default_rules, rule)


def _present(work: Work, rules: Sequence[DefaultRule]) -> list[Body]:
    return [
        {
            **rule_values.show_terms(rule),
            "used_in_default_sg": rule.in_default,
            "used_in_non_default_sg": rule.in_others,
        }
        for rule in rules
    ]


COLLECTION = Collection(
    singular="default_security_group_rule",
    plural="default-security-group-rules",
    title="Default security group rule",
    kind="DefaultSecurityGroupRule",
    table=tables.default_rules,
    record=DefaultRule,
    present=_present,
    # Everybody may know what his groups will begin with.
    visible=lambda work, project_id: sa.true(),
    columns=COLUMNS,
    has_name=False,
    lacks=(
        "project_id",
        "tenant_id",
        "revision_number",
        "created_at",
        "updated_at",
        "tags",
    ),
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_rule,
    update=update_rule,
    delete=delete_rule,
    verbs=frozenset({"list", "show", "create", "delete"}),
)
