"""What the rules of QoS policies have in common: who sees them, and where they are."""

from __future__ import annotations

import dataclasses
from typing import Any

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import conflict
from compute.network.frame.collection import EXTENDED, Collection
from compute.network.frame.resource import Definition, Parent
from compute.network.frame.work import Work
from compute.network.links.visibility import own_or_shared
from compute.network.model import Resource
from compute.network.qos.policies import COLLECTION as POLICIES
from compute.network.qos.users import hosts_that_use

LACKS = ("project_id", "tenant_id", *EXTENDED)


def wake_users(work: Work, policy_id: str) -> None:
    """A rule of the policy is another one now."""
    work.touch(hosts_that_use(work, policy_id))


def second_rule(kind: str, policy_id: str) -> Exception:
    """The policy has one of that kind."""
    return conflict(
        "QoSRulesConflict",
        f"Rule {kind} conflicts with rule {kind} which already exists in QoS Policy"
        f" {policy_id}.",
    )


def visible_rules(table: sa.Table) -> Any:
    """Whoever sees the policy sees its rules."""
    policies = tables.qos_policies

    def visible(work: Work, project_id: str) -> sa.ColumnElement[bool]:
        seen = own_or_shared(policies)(work, project_id)
        return table.c.policy_id.in_(sa.select(policies.c.id).where(seen))

    return visible


def below_policy(collection: Collection[Any], **what: Any) -> Definition[Any]:
    """Rules below their policy."""
    return Definition(
        collection=collection,
        path=f"qos/policies/{{of}}/{collection.plural}",
        parent=Parent("policy_id", _policy),
        rule=f"policy_{collection.singular}",
        **what,
    )


def under_alias(below: Definition[Any]) -> Definition[Any]:
    """The same rules, found without their policy."""
    collection = below.collection
    alias = dataclasses.replace(
        collection,
        singular=f"alias_{collection.singular}",
        plural=f"alias_{collection.plural}",
    )
    return dataclasses.replace(
        below,
        collection=alias,
        path=f"qos/{alias.plural}",
        parent=None,
        verbs=frozenset({"show", "update", "delete"}),
    )


def _policy(work: Work, identifier: str) -> Resource:
    return POLICIES.find(work, identifier)
