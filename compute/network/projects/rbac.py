"""RBAC policies: a thing lent to one more project, or to all.

Networks ``access_as_shared`` (it may put ports on it) and ``access_as_external`` (it
may have gateways and floating IPs there); security groups, address groups, address
scopes, subnet pools and QoS policies ``access_as_shared``: it may use them as if they
were its own, and not change them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.errors import PolicyNotAuthorized
from compute.network import tables
from compute.network.errors import conflict, invalid
from compute.network.frame.bodies import OWNER_CHARACTERS_MAX, Body
from compute.network.frame.collection import EXTENDED, Collection, own
from compute.network.frame.fields import UUID, Field, Fields
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.links.network_checks import refuse_while_external
from compute.network.links.networks import COLLECTION as NETWORKS
from compute.network.links.networks import hosts_of_network
from compute.network.links.outside import is_lent_outside
from compute.network.links.visibility import ALL_PROJECTS, EXTERNAL, SHARED
from compute.network.model import RbacPolicy, SubnetPool
from compute.network.projects.address_scopes import COLLECTION as SCOPES
from compute.network.projects.borrowers import (
    projects_that_leave_by,
    projects_that_use,
)
from compute.network.projects.subnet_pools import COLLECTION as POOLS
from compute.network.projects.subnet_pools import check_scope_is_lent
from compute.network.qos.policies import COLLECTION as POLICIES
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

TARGET = {"type": "string", "minLength": 1, "maxLength": OWNER_CHARACTERS_MAX}
FIELDS = Fields(
    Field("object_type", {"enum": sorted(LENDABLE)}, required=True, update=False),
    Field("object_id", UUID, required=True, update=False),
    Field("action", {"enum": [SHARED, EXTERNAL]}, required=True, update=False),
    Field("target_tenant", TARGET, required=True),
)


def create_policy(work: Work, body: Body) -> RbacPolicy:
    """Lend something of one's own."""
    kind, action = body["object_type"], body["action"]
    if action == EXTERNAL and kind != NETWORK:
        raise invalid(f"action: {EXTERNAL} is for networks.", "InvalidInput")
    thing = LENDABLE[kind].find(work, body["object_id"])
    if thing.project_id != body["project_id"] and not work.is_admin:
        raise invalid("Only admins can lend what belongs to others.")
    target = body["target_tenant"]
    _check_right(work, "create", action, target)
    _check_target(work, thing, action, target)
    policy = RbacPolicy(
        **work.new(),
        project_id=body["project_id"],
        object_type=kind,
        object_id=thing.id,
        action=action,
        target_project=target,
    )
    work.insert(tables.rbac_policies, policy)
    _changed(work, policy)
    return policy


def update_policy(work: Work, policy: RbacPolicy, body: Body) -> RbacPolicy:
    """Lend it to another project instead."""
    target = body.get("target_tenant", policy.target_project)
    _check_right(work, "update", policy.action, target)
    if target == policy.target_project:
        return policy
    collection = LENDABLE[policy.object_type]
    thing = work.find(collection.record, collection.table, policy.object_id)
    assert thing is not None, "what is gone is lent to nobody"
    _check_target(work, thing, policy.action, target)
    _refuse_while_used(work, policy, target)
    changed = work.save(tables.rbac_policies, policy, target_project=target)
    _changed(work, changed)
    return changed


def delete_policy(work: Work, policy: RbacPolicy) -> None:
    """Take it back; ``RbacPolicyInUse`` while a project uses it by this policy
    alone."""
    _check_right(work, "delete", policy.action, "")
    _refuse_while_used(work, policy, "")
    work.delete(tables.rbac_policies, policy)
    _changed(work, policy)


def _check_right(work: Work, verb: str, action: str, target: str) -> None:
    """Operators lend to all, and they alone say who leaves by what: an external
    network is joined to its hosts."""
    if not work.is_admin and (target == ALL_PROJECTS or action == EXTERNAL):
        raise PolicyNotAuthorized(
            f"({verb}_rbac_policy:target_tenant) is disallowed by policy"
        )


def _check_target(work: Work, thing: Any, action: str, target: str) -> None:
    """``DuplicatePolicy``; ``InvalidInput`` for a pool whose scope is not lent so."""
    if any(each.target_project == target for each in _alike(work, thing.id, action)):
        raise conflict(
            "DuplicatePolicy", "An RBAC policy already exists with those values."
        )
    if isinstance(thing, SubnetPool):
        check_scope_is_lent(work, thing, target)


def _alike(work: Work, object_id: str, action: str) -> list[RbacPolicy]:
    """The policies that lend a thing so."""
    policies = tables.rbac_policies
    return work.records(
        RbacPolicy,
        policies,
        policies.c.object_id == object_id,
        policies.c.action == action,
    )


def _changed(work: Work, policy: RbacPolicy) -> None:
    """The thing is lent to others now: a new revision of it; and a network that
    nobody leaves by is not external."""
    collection = LENDABLE[policy.object_type]
    thing = work.find(collection.record, collection.table, policy.object_id)
    assert thing is not None, "what is gone is lent to nobody"
    if policy.action != EXTERNAL:
        work.bump(collection.table, thing)
        return
    is_external = is_lent_outside(work, thing.id)
    if thing.external and not is_external:
        refuse_while_external(work, thing)
    if thing.external == is_external:
        work.bump(collection.table, thing)
    else:
        work.save(collection.table, thing, external=is_external)
        work.touch(hosts_of_network(work, thing.id))


def _refuse_while_used(work: Work, policy: RbacPolicy, target: str) -> None:
    """Nobody loses what he uses.  ``target``: to whom it is lent instead ("": to
    nobody)."""
    collection = LENDABLE[policy.object_type]
    thing = work.find(collection.record, collection.table, policy.object_id)
    if thing is None:
        return
    others = _alike(work, policy.object_id, policy.action)
    kept = {each.target_project for each in others if each.id != policy.id} | {target}
    is_external = policy.action == EXTERNAL
    is_for_all = not is_external and getattr(thing, "shared", False)
    if is_for_all or ALL_PROJECTS in kept:
        return
    is_way_out = is_external and thing.is_default
    losing = (
        projects_that_leave_by(work, thing.id)
        if is_external
        else projects_that_use(work, policy.object_type, thing.id)
    )
    losing -= kept | {thing.project_id}
    if policy.target_project != ALL_PROJECTS:
        losing &= {policy.target_project}
    if losing or (is_way_out and policy.target_project == ALL_PROJECTS):
        raise conflict(
            "RbacPolicyInUse",
            f"RBAC policy on object {policy.object_id} cannot be removed because other"
            " objects depend on it.",
        )


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
