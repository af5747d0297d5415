"""What a policy decides about a request.  Pure.

An explicit deny beats every allow; without either the policy has no opinion.
Adding a deny never allows more, adding an allow never allows less.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from objectstore.s3.access.conditions import Lookup
from objectstore.s3.access.glob import matches
from objectstore.s3.access.policy import Policy, Statement
from objectstore.s3.access.variables import substitute


class Effect(enum.Enum):
    """A policy's opinion."""

    ALLOW = "allow"
    DENY = "deny"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who tries to do what to what."""

    account: str  # "" for anybody
    user: str  # account:user
    action: str  # s3:GetObject
    resource: str  # arn:aws:s3:::bucket/key
    lookup: Lookup
    # Whether the user owns the account: naming an account names its owners.
    is_owner: bool = True


def decide(policy: Policy, attempt: Attempt) -> Effect:
    """The policy's opinion of the attempt."""
    effect = Effect.NONE
    for statement in policy.statements:
        if effect is Effect.ALLOW and statement.allows:
            continue
        if applies(statement, attempt):
            if not statement.allows:
                return Effect.DENY
            effect = Effect.ALLOW
    return effect


def applies(statement: Statement, attempt: Attempt) -> bool:
    """Whether the statement speaks of the attempt."""
    action = attempt.action.lower()
    if statement.not_actions:
        if any(matches(pattern, action) for pattern in statement.not_actions):
            return False
    elif not any(matches(pattern, action) for pattern in statement.actions):
        return False
    if statement.not_resources:
        if _in_resources(statement.not_resources, attempt):
            return False
    elif not _in_resources(statement.resources, attempt):
        return False
    if statement.not_principals:
        if _in_principals(statement.not_principals, attempt):
            return False
    elif not _in_principals(statement.principals, attempt):
        return False
    return all(condition.holds(attempt.lookup) for condition in statement.conditions)


def _in_resources(patterns: tuple[str, ...], attempt: Attempt) -> bool:
    return any(
        matches(substitute(pattern, attempt.lookup), attempt.resource)
        for pattern in patterns
    )


def _in_principals(principals: tuple[str, ...], attempt: Attempt) -> bool:
    return any(_is_principal(principal, attempt) for principal in principals)


def _is_principal(principal: str, attempt: Attempt) -> bool:
    if principal == "*":
        return True
    if not attempt.account:
        return False
    if principal.startswith("canonical:"):
        principal = principal[len("canonical:") :]
    account, user = attempt.account, attempt.user.rpartition(":")[2]
    if principal.startswith("arn:aws:iam::"):
        named, _, who = principal[len("arn:aws:iam::") :].partition(":")
        if named != account:
            return False
        return who == f"user/{user}" or (who == "root" and attempt.is_owner)
    if principal.startswith("arn:aws:sts::"):
        named, _, who = principal[len("arn:aws:sts::") :].partition(":")
        return named == account and who.startswith("assumed-role/")
    return principal == attempt.user or (principal == account and attempt.is_owner)


def is_public(policy: Policy) -> bool:
    """Whether the policy allows anything to everybody, as AWS tells it.

    An allow to ``*`` is not public when a condition ties it to fixed addresses,
    accounts or networks.
    """
    return any(
        statement.allows
        and "*" in statement.principals
        and not any(
            _narrows(item.test, item.key, item.values) for item in statement.conditions
        )
        for statement in policy.statements
    )


_NARROWING_KEYS = frozenset(
    {
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principalorgid",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "aws:username",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    }
)
_NARROWING_TESTS = frozenset(
    {"StringEquals", "StringLike", "ArnEquals", "ArnLike", "StringEqualsIgnoreCase"}
)


def _narrows(test: str, key: str, values: tuple[str, ...]) -> bool:
    if test == "IpAddress" and key == "aws:sourceip":
        return not any(value.endswith("/0") for value in values)
    return (
        test in _NARROWING_TESTS
        and key in _NARROWING_KEYS
        and not any(set(value) & set("*?$") for value in values)
    )
