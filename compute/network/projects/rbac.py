"""RBAC policies: a network lent to one more project, or to all.

``access_as_shared``: it may put ports on it.  ``access_as_external``: it may have
gateways and floating IPs there.
"""

from __future__ import annotations

from collections.abc import Sequence

from compute.core.errors import PolicyNotAuthorized
from compute.network import tables
from compute.network.errors import conflict
from compute.network.frame.collection import Collection, own
from compute.network.frame.fields import TEXT, UUID, Field, Fields
from compute.network.frame.resource import Body, Definition
from compute.network.frame.work import Work
from compute.network.links.networks import COLLECTION as NETWORKS
from compute.network.links.visibility import ALL_PROJECTS, EXTERNAL, SHARED
from compute.network.model import Port, RbacPolicy

OBJECT_TYPE = "network"

FIELDS = Fields(
    Field("object_type", {"enum": [OBJECT_TYPE]}, required=True, update=False),
    Field("object_id", UUID, required=True, update=False),
    Field("action", {"enum": [SHARED, EXTERNAL]}, required=True, update=False),
    Field("target_tenant", {**TEXT, "minLength": 1}, required=True),
)


def create_policy(work: Work, body: Body) -> RbacPolicy:
    """Lend a network of one's own."""
    network = NETWORKS.find(work, body["object_id"])
    if network.project_id != body["project_id"] and not work.is_admin:
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
        policies.c.object_id == network.id,
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
            object_type=OBJECT_TYPE,
            object_id=network.id,
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
    """Take it back; ``RbacPolicyInUse`` while the project has ports on it."""
    _refuse_while_used(work, policy)
    work.delete(tables.rbac_policies, policy)


def _refuse_while_used(work: Work, policy: RbacPolicy) -> None:
    ports = tables.ports
    where = [ports.c.network_id == policy.object_id]
    if policy.target_project != ALL_PROJECTS:
        where.append(ports.c.project_id == policy.target_project)
    else:
        where.append(ports.c.project_id != policy.project_id)
    used = [port for port in work.records(Port, ports, *where) if port.is_guest]
    if policy.action == SHARED and used:
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
    is_plain=True,
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
