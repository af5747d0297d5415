"""Bucket policies: what a document says, read and checked.  Pure.

A policy is a list of statements; each names an effect, principals, actions,
resources and conditions.  What it decides is in ``access.decision``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from objectstore.s3.access.conditions import Condition, parse_conditions
from objectstore.s3.access.glob import matches
from objectstore.s3.errors import S3Error

POLICY_BYTES_MAX = 20 * 1024  # AWS's limit
STATEMENTS_MAX = 200
VALUES_MAX = 1000
VERSIONS = ("2008-10-17", "2012-10-17")
ARN = "arn:aws:s3:::"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.  An empty tuple of a negated part means "not given"."""

    allows: bool
    principals: tuple[str, ...] = ()
    not_principals: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole document.  ``text`` is what the client sent."""

    statements: tuple[Statement, ...]
    text: str = ""


def parse_policy(text: str | bytes, bucket: str = "") -> Policy:
    """Read a bucket policy; ``MalformedPolicy`` says what is wrong.

    With ``bucket`` every resource must be that bucket or in it.
    """
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > POLICY_BYTES_MAX:
        raise _malformed("Policy exceeds the maximum allowed document size.")
    document = _object(_json(raw))
    if document.get("Version", VERSIONS[0]) not in VERSIONS:
        raise _malformed("The policy must contain a valid version string")
    unknown = set(document) - {"Version", "Id", "Statement"}
    if unknown:
        raise _malformed(f"Unknown field {sorted(unknown)[0]}")
    entries = document.get("Statement")
    if isinstance(entries, dict):
        entries = [entries]
    if not isinstance(entries, list) or not entries:
        raise _malformed("Could not parse the policy: Statement is empty!")
    if len(entries) > STATEMENTS_MAX:
        raise _malformed("Too many statements")
    statements = tuple(_statement(_object(entry), bucket) for entry in entries)
    return Policy(statements, raw.decode())


def parse_session_policy(text: str) -> Policy:
    """A policy for temporary keys: statements without principals."""
    document = _object(_json(text.encode()))
    entries = document.get("Statement")
    if isinstance(entries, dict):
        entries = [entries]
    if not isinstance(entries, list) or not 0 < len(entries) <= STATEMENTS_MAX:
        raise _malformed("Statement is missing")
    statements = []
    for entry in entries:
        entry = dict(_object(entry))
        if "Principal" in entry or "NotPrincipal" in entry:
            raise _malformed("A session policy has no principals")
        entry["Principal"] = "*"
        statements.append(_statement(entry, ""))
    return Policy(tuple(statements), text)


_STATEMENT_FIELDS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}


def _statement(entry: Mapping[str, Any], bucket: str) -> Statement:
    unknown = set(entry) - _STATEMENT_FIELDS
    if unknown:
        raise _malformed(f"Unknown field {sorted(unknown)[0]}")
    effect = entry.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise _malformed(f"Invalid effect: {effect}")
    for name in ("Principal", "Action", "Resource"):
        if (name in entry) == (f"Not{name}" in entry):
            raise _malformed(f"Missing required field {name}")
    if "NotPrincipal" in entry and effect == "Allow":
        raise _malformed("NotPrincipal cannot be used with Allow")
    actions = _texts(entry.get("Action", []), "Action")
    not_actions = _texts(entry.get("NotAction", []), "NotAction")
    for action in (*actions, *not_actions):
        if action != "*" and not action.lower().startswith("s3:"):
            raise _malformed("Policy has invalid action")
    resources = _texts(entry.get("Resource", []), "Resource")
    not_resources = _texts(entry.get("NotResource", []), "NotResource")
    for resource in (*resources, *not_resources):
        _check_resource(resource, bucket)
    statement = Statement(
        effect == "Allow",
        _principals(entry.get("Principal", {})),
        _principals(entry.get("NotPrincipal", {})),
        tuple(action.lower() for action in actions),
        tuple(action.lower() for action in not_actions),
        resources,
        not_resources,
        parse_conditions(entry.get("Condition", {})),
    )
    if bucket:
        _check_full(statement)
    return statement


def _check_full(statement: Statement) -> None:
    """An empty list speaks of nobody or of nothing: a deny of it denies nothing."""
    if not (statement.principals or statement.not_principals):
        raise _malformed("Invalid principal in policy")
    if not (statement.actions or statement.not_actions):
        raise _malformed("Policy statement must contain actions.")
    if not (statement.resources or statement.not_resources):
        raise _malformed("Policy statement must contain resources.")


def _check_resource(resource: str, bucket: str) -> None:
    if resource == "*" and not bucket:
        return
    if not resource.startswith(ARN) or len(resource) > 2048:
        raise _malformed("Policy has invalid resource")
    if bucket:
        name = resource[len(ARN) :].partition("/")[0]
        if not matches(name, bucket):
            raise _malformed("Policy has invalid resource")


def _principals(value: Any) -> tuple[str, ...]:
    """Principals as ``*``, ARNs, account names or ``canonical:ID``."""
    if value == "*":
        return ("*",)
    if not isinstance(value, dict):
        raise _malformed("Invalid principal in policy")
    found: list[str] = []
    for kind, names in value.items():
        names = _texts(names, "Principal")
        if kind == "AWS":
            found += names
        elif kind == "CanonicalUser":
            found += [f"canonical:{name}" for name in names]
        elif kind in ("Service", "Federated"):
            # Nobody comes here as a service of AWS: kept, never matched.
            found += [f"{kind.lower()}:{name}" for name in names]
        else:
            raise _malformed("Invalid principal in policy")
    return tuple(found)


def _texts(value: Any, field: str) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if (
        not isinstance(values, list)
        or len(values) > VALUES_MAX
        or not all(isinstance(item, str) for item in values)
    ):
        raise _malformed(f"Invalid {field}")
    return tuple(values)


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise _malformed("Policies must be valid JSON") from None


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _malformed("Policies must be JSON objects")
    return value


def _malformed(message: str) -> S3Error:
    return S3Error("MalformedPolicy", message)
