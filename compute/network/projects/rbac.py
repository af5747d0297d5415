"""RBAC policies: a thing lent to one more project, or to all.

Networks ``access_as_shared`` (it may put ports on it) and ``access_as_external`` (it
may have gateways and floating IPs there); security groups, address groups, address
scopes, subnet pools and QoS policies ``access_as_shared``: it may use them as if they
were its own, and not change them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from compute.core.errors import PolicyNotAuthorized
from compute.network import tables
from compute.network.errors import conflict, invalid
from compute.network.frame.bodies import Body
from compute.network.frame.collection import EXTENDED, Collection, own
from compute.network.frame.fields import TEXT, UUID, Field, Fields
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.links.networks import COLLECTION as NETWORKS
from compute.network.links.visibility import ALL_PROJECTS, EXTERNAL, SHARED
from compute.network.model import Port, RbacPolicy
from compute.network.projects.address_scopes import COLLECTION as SCOPES
from compute.network.projects.subnet_pools import COLLECTION as POOLS
from compute.network.qos.policies import COLLECTION as POLICIES
from compute.network.qos.policies import USERS
from compute.network.security.address_groups import COLLECTION as ADDRESS_GROUPS
from compute.network.security.groups import COLLECTION as GROUPS

NETWORK = "network"
LENDABLE: Mapping[str, Collection[Any]] = {
    NETWORK: NETWORKS,
    "security_group": GROUPS,
    "address_group": ADDRESS_GROUPS,
    "address_scope": SCOPES,
    "subnetpool": POOLS,
    "qos_policy": POLICIES,
}

FIELDS = Fields(
    Field("object_type", {"enum": sorted(LENDABLE)}, required=True, update=False),
    Field("object_id", UUID, required=True, update=False),
    Field("action", {"enum": [SHARED, EXTERNAL]}, required=True, update=False),
    Field("target_tenant", {**TEXT, "minLength": 1}, required=True),
)


def create_policy(work: Work, body: Body) -> RbacPolicy:
    """Lend something of one's own."""
    kind = body["object_type"]
    if body["action"] == EXTERNAL and kind != NETWORK:
        raise invalid(f"action: {EXTERNAL} is for networks.", "InvalidInput")
    thing = LENDABLE[kind].find(work, body["object_id"])
    if thing.project_id != body["project_id"] and not work.is_admin:
        raise PolicyNotAuthorized("(create_rbac_policy) is disallowed by policy")
    target = body["target_tenant"]
    if not work.is_admin and (target == ALL_PROJECTS or body["action"] == EXTERNAL):
        raise PolicyNotAuthorized(
            "(create_rbac_policy:target_tenant) is disallowed by policy"
        )
    policies = tables.rbac_policies
    if work.records(
        RbacPolicy,
        policies,
        policies.c.object_id == thing.id,
        policies.c.action == body["action"],
        policies.c.target_project == target,
    ):
        raise conflict(
            "DuplicatePolicy", "An RBAC policy already exists with those values."
        )
    return work.insert(
        policies,
        RbacPolicy(
            **work.new(),
            project_id=body["project_id"],
            object_type=kind,
            object_id=thing.id,
            action=body["action"],
            target_project=target,
        ),
    )


def update_policy(work: Work, policy: RbacPolicy, body: Body) -> RbacPolicy:
    """Lend it to another project instead."""
    _refuse_while_used(work, policy)
    target = body.get("target_tenant", policy.target_project)
    if target == ALL_PROJECTS and not work.is_admin:
        raise PolicyNotAuthorized(
            "(update_rbac_policy:target_tenant) is disallowed by policy"
        )
    return work.save(tables.rbac_policies, policy, target_project=target)


def delete_policy(work: Work, policy: RbacPolicy) -> None:
    """Take it back; ``RbacPolicyInUse`` while the project uses it."""
    _refuse_while_used(work, policy)
    work.delete(tables.rbac_policies, policy)


def _refuse_while_used(work: Work, policy: RbacPolicy) -> None:
    if policy.action == SHARED and _USED[policy.object_type](work, policy):
        raise conflict(
            "RbacPolicyInUse",
            f"RBAC policy on object {policy.object_id} cannot be removed because other"
            " objects depend on it.",
        )


def _borrower(policy: RbacPolicy, table: sa.Table) -> sa.ColumnElement[bool]:
    """Things of that table which belong to those whom it is lent to.  Its owner needs
    no policy to use it, whoever made this one."""
    lent = LENDABLE[policy.object_type].table
    owner = sa.select(lent.c.project_id).where(lent.c.id == policy.object_id)
    is_others = table.c.project_id != owner.scalar_subquery()
    if policy.target_project == ALL_PROJECTS:
        return is_others
    return sa.and_(is_others, table.c.project_id == policy.target_project)


def _has_ports(work: Work, policy: RbacPolicy) -> bool:
    ports = tables.ports
    found = work.records(
        Port, ports, ports.c.network_id == policy.object_id, _borrower(policy, ports)
    )
    return any(port.is_guest for port in found)


def _has_members(work: Work, policy: RbacPolicy) -> bool:
    ports, members = tables.ports, tables.port_groups
    rules = tables.security_rules
    in_group = sa.select(members.c.port_id).where(
        members.c.group_id == policy.object_id
    )
    return _any(work, ports, policy, ports.c.id.in_(in_group)) or _any(
        work, rules, policy, rules.c.remote_group_id == policy.object_id
    )


def _any(
    work: Work, table: sa.Table, policy: RbacPolicy, clause: sa.ColumnElement[bool]
) -> bool:
    statement = sa.select(table.c.id).where(clause, _borrower(policy, table)).limit(1)
    return bool(work.rows(statement))


def _used_by(table: sa.Table, column: str) -> Callable[[Work, RbacPolicy], bool]:
    return lambda work, policy: _any(
        work, table, policy, table.c[column] == policy.object_id
    )


def _has_users(work: Work, policy: RbacPolicy) -> bool:
    return any(
        _any(work, table, policy, table.c.qos_policy_id == policy.object_id)
        for table in USERS.values()
    )


_USED: Mapping[str, Callable[[Work, RbacPolicy], bool]] = {
    NETWORK: _has_ports,
    "security_group": _has_members,
    "address_group": _used_by(tables.security_rules, "remote_address_group_id"),
    "address_scope": _used_by(tables.subnet_pools, "address_scope_id"),
    "subnetpool": _used_by(tables.subnets, "subnet_pool_id"),
    "qos_policy": _has_users,
}


def _present(work: Work, policies: Sequence[RbacPolicy]) -> list[Body]:
    return [
        {
            "object_type": each.object_type,
            "object_id": each.object_id,
            "action": each.action,
            "target_tenant": each.target_project,
        }
        for each in policies
    ]


COLLECTION = Collection(
    singular="rbac_policy",
    plural="rbac-policies",
    title="RBAC policy",
    kind="RbacPolicy",
    table=tables.rbac_policies,
    record=RbacPolicy,
    present=_present,
    visible=own(tables.rbac_policies),
    lacks=EXTENDED,
    columns={
        "object_type": "object_type",
        "object_id": "object_id",
        "action": "action",
        "target_tenant": "target_project",
    },
    has_name=False,
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_policy,
    update=update_policy,
    delete=delete_policy,
    quota="rbac_policy",
)
