"""Whether a caller may do what an operation asks.

In this order: the session policy of temporary keys (it only takes away), the
bucket policy (an explicit deny ends it, also for the bucket's owner), ownership,
the policy's allow, the ACLs, the container's Swift ACLs.  Whoever may not list
a bucket does not learn which keys are in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from objectstore.s3 import sysmeta
from objectstore.s3.access import acl as acls
from objectstore.s3.access import swift_acl
from objectstore.s3.access.bucket_rules import (
    ENFORCED,
    access_block,
    bucket_acl,
    ownership,
)
from objectstore.s3.access.decision import Attempt, Effect, decide, is_public
from objectstore.s3.access.policy import ARN, Policy, parse_policy
from objectstore.s3.access.request_keys import RequestKeys
from objectstore.s3.errors import S3Error
from objectstore.s3.object.tags import read_stored_tags
from objectstore.s3.operation import Operation

# The owner of a bucket cannot lock himself out of its policy.
_POLICY_ACTIONS = frozenset(
    {"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"}
)

_VERSION_ID = re.compile(r"[0-9]{1,16}\.[0-9]{1,5}(_[0-9a-f]{1,16})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Permission:
    """What an ACL must grant for an action: on the bucket or on the object.

    ``name`` "" means that no ACL can allow it: bucket owners only.
    """

    on_object: bool = False
    name: str = ""


def authorize(
    operation: Operation, action: str, permission: Permission, key: str | None = None
) -> None:
    """Raise ``AccessDenied`` (or ``NoSuchKey``, where that may be told)."""
    name = operation.key if key is None else key
    effect = policy_effect(operation, action, name)
    caller, facts = operation.caller, operation.facts
    owns = caller.owns(facts.account)
    if effect is Effect.DENY:
        # No policy of the bucket's locks its owner out; that of a session is the
        # limit of temporary keys, whoever made them.
        rescued = owns and action in _POLICY_ACTIONS
        resource = _resource(operation, name)
        if not rescued or not _session_allows(operation, action, resource):
            raise S3Error("AccessDenied")
    if owns or effect is Effect.ALLOW:
        return
    if permission.name == "READ" and caller.may_read(facts.account):
        return
    if not permission.name:
        raise S3Error("AccessDenied")
    if permission.on_object:
        _authorize_object(operation, permission.name, name)
    elif not _bucket_allows(operation, permission.name):
        raise S3Error("AccessDenied")


def policy_effect(operation: Operation, action: str, key: str) -> Effect:
    """What the bucket's policy and the session's say."""
    facts, caller = operation.facts, operation.caller
    policy = facts.parsed("policy", parse_policy)
    if policy is None and caller.session_policy is None:
        return Effect.NONE
    resource = _resource(operation, key)
    if not _session_allows(operation, action, resource):
        return Effect.DENY
    if policy is None:
        return Effect.NONE
    effect = decide(policy, _attempt(operation, action, resource))
    if (
        effect is Effect.ALLOW
        and not caller.owns(facts.account)
        and access_block(facts).restrict_public_buckets
        and is_public(policy)
    ):
        return Effect.NONE
    return effect


def authorize_service(operation: Operation, action: str, bucket: str = "*") -> None:
    """The session policy's say where there is no bucket yet, or none at all."""
    if not _session_allows(operation, action, ARN + bucket):
        raise S3Error("AccessDenied")


def _session_allows(operation: Operation, action: str, resource: str) -> bool:
    """Temporary keys with a policy may do what it allows and nothing else."""
    session: Policy | None = operation.caller.session_policy
    if session is None:
        return True
    return decide(session, _attempt(operation, action, resource)) is Effect.ALLOW


def _resource(operation: Operation, key: str) -> str:
    return ARN + operation.facts.container + (f"/{key}" if key else "")


def _attempt(operation: Operation, action: str, resource: str) -> Attempt:
    caller = operation.caller
    return Attempt(
        caller.account,
        caller.user,
        action,
        resource,
        RequestKeys(operation, lambda: existing_tags(operation)),
        caller.owns(caller.account),
    )


def may_list(operation: Operation) -> bool:
    """Whether the caller may know which keys exist."""
    caller, facts = operation.caller, operation.facts
    effect = policy_effect(operation, "s3:ListBucket", "")
    if effect is not Effect.NONE or caller.may_read(facts.account):
        return effect is not Effect.DENY
    return _bucket_allows(operation, "READ")


def missing(operation: Operation, code: str = "NoSuchKey") -> S3Error:
    """The error for a key that is not there, as far as the caller may know."""
    if not may_list(operation):
        return S3Error("AccessDenied")
    if code == "NoSuchKey":
        return S3Error(code, Key=operation.key)
    return S3Error(code, Key=operation.key, VersionId=operation.version_id)


def existing_tags(operation: Operation) -> dict[str, str]:
    """The tags of the object as it is."""
    if operation.bucket_facts is None:
        return {}
    answer = operation.ask_object("HEAD", query=version_query(operation)).discard()
    return read_stored_tags(answer.get(sysmeta.TAGS)) if answer.is_success else {}


def version_query(operation: Operation) -> str:
    """The inner query that names the operation's version."""
    version = operation.version_id
    return f"version-id={_checked(version)}" if version else ""


def _checked(version: str) -> str:
    """The ID, if there can be a version of it: IDs are timestamps, or "null"."""
    if version != "null" and not _VERSION_ID.fullmatch(version):
        raise S3Error(
            "InvalidArgument",
            "Invalid version id specified",
            ArgumentName="versionId",
            ArgumentValue=version[:64],
        )
    return version


def _bucket_allows(operation: Operation, permission: str) -> bool:
    facts, caller = operation.facts, operation.caller
    if ownership(facts, operation.house.settings) != ENFORCED:
        acl = bucket_acl(facts)
        if access_block(facts).ignore_public_acls:
            acl = acl.without_public()
        if acl.allows(caller, permission):
            return True
    read_acl = facts.metadata.get("x-container-read", "")
    if permission == "READ":
        referrer = operation.header("Referer")
        return swift_acl.may_read(read_acl, caller, referrer, listing=True)
    if permission == "WRITE":
        return swift_acl.may_write(facts.metadata.get("x-container-write", ""), caller)
    return False


def _authorize_object(operation: Operation, permission: str, key: str) -> None:
    facts, caller = operation.facts, operation.caller
    if permission == "READ" and swift_acl.may_read(
        facts.metadata.get("x-container-read", ""),
        caller,
        operation.header("Referer"),
        listing=False,
    ):
        return
    if ownership(facts, operation.house.settings) == ENFORCED:
        raise S3Error("AccessDenied")
    answer = operation.ask(
        "HEAD", facts.container, key, query=version_query(operation)
    ).discard()
    if not answer.is_success:
        raise missing(operation)
    acl = acls.private(answer.get(sysmeta.OWNER) or facts.account)
    if answer.get(sysmeta.ACL):
        acl = acls.from_json(answer.get(sysmeta.ACL))
    if access_block(facts).ignore_public_acls:
        acl = acl.without_public()
    if not acl.allows(caller, permission):
        raise S3Error("AccessDenied")
