"""Creating and deleting application credentials and their access rules."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Forbidden, NotFound
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.changes.expiry import expiry
from compute.identity.changes.names import unless_taken
from compute.identity.changes.revoking import run_revoking
from compute.identity.model import PROJECT, ApplicationCredential, Role, StoredRule
from compute.identity.parts import Parts
from compute.identity.store import reach
from compute.identity.store.role_names import named_role
from compute.identity.store.subjects import (
    access_rules,
    application_credentials,
    projects,
)
from compute.identity.tokens import revocation
from compute.identity.tokens.revocation import Subject

SECRET_BYTES = 64


def create(
    parts: Parts, context: RequestContext, wanted: Mapping[str, Any]
) -> tuple[ApplicationCredential, str]:
    """A new one for the caller in his token's project, and its secret, which nobody
    can see again."""
    secret = wanted.get("secret") or secrets.token_urlsafe(SECRET_BYTES)
    secret_hash = parts.passwords.hash(secret)
    expires_at = expiry(wanted.get("expires_at"), parts.now())
    identifier = parts.identifiers.hexadecimal()

    def write(connection: Connection) -> ApplicationCredential:
        granted = _roles(connection, context, wanted.get("roles"), parts.now())
        # An empty list is what openstackclient sends when nothing is said of rules.
        rules = wanted.get("access_rules") or None
        credential = ApplicationCredential(
            id=identifier,
            name=wanted["name"].strip(),
            user_id=context.user_id,
            project_id=context.project_id,
            secret_hash=secret_hash,
            description=wanted.get("description"),
            expires_at=expires_at,
            unrestricted=wanted.get("unrestricted") or False,
            role_ids=[role.id for role in granted],
            rule_ids=None
            if rules is None
            else _rules(connection, parts, context, rules),
        )
        application_credentials.insert(connection, credential)
        parts.note(connection, context, "application_credential.create", identifier)
        return credential

    with unless_taken("application_credential", wanted["name"]):
        return parts.run(write), secret


def delete(
    parts: Parts, context: RequestContext, credential: ApplicationCredential
) -> None:
    """Take it away; its tokens end."""

    def write(connection: Connection) -> tuple[None, list[Subject]]:
        application_credentials.remove(connection, credential.id)
        parts.note(connection, context, "application_credential.delete", credential.id)
        return None, [Subject(revocation.APPLICATION_CREDENTIAL, credential.id)]

    run_revoking(parts, write)


def delete_rule(
    parts: Parts, context: RequestContext, user_id: str, rule_id: str
) -> None:
    """Take away an access rule that no credential of the user's needs."""

    def write(connection: Connection) -> None:
        rule = access_rules.find(connection, rule_id)
        if rule is None or rule.user_id != user_id:
            raise NotFound(f"Could not find access rule: {rule_id[:255]}.")
        owned = application_credentials.where(
            connection, tables.application_credentials.c.user_id == user_id
        )
        if any(rule_id in (item.rule_ids or ()) for item in owned):
            raise Forbidden("The access rule is in use by an application credential.")
        access_rules.remove(connection, rule_id)
        parts.note(connection, context, "access_rule.delete", rule_id)

    parts.run(write)


def _roles(
    connection: Connection,
    context: RequestContext,
    wanted: Sequence[Any] | None,
    now: float,
) -> list[Role]:
    """The roles asked for, all of which the caller has in the project; all his
    when none are named."""
    project = projects.get(connection, context.project_id)
    held = reach.roles_on(connection, context.user_id, PROJECT, project, now)
    # A restricted token may have fewer.
    held = [role for role in held if role.name.lower() in context.roles]
    if not wanted:
        return held
    granted = []
    for entry in wanted:
        found = named_role(connection, entry)
        if found is None or found.id not in {role.id for role in held}:
            shown = entry.get("id") or entry.get("name")
            raise BadRequest(f"roles: you do not have the role {shown} in the project")
        granted.append(found)
    return granted


def _rules(
    connection: Connection,
    parts: Parts,
    context: RequestContext,
    wanted: Sequence[Mapping[str, str]],
) -> list[str]:
    """The ids of the rules asked for; those that are new are stored."""
    owned = access_rules.where(
        connection, tables.access_rules.c.user_id == context.user_id
    )
    known = {(rule.service, rule.method, rule.path): rule.id for rule in owned}
    ids = {rule.id for rule in owned}
    found = []
    for entry in wanted:
        if "id" in entry:
            if entry["id"] not in ids:
                raise NotFound(f"Could not find access rule: {entry['id']}.")
            found.append(entry["id"])
            continue
        if not all(name in entry for name in ("service", "method", "path")):
            raise BadRequest("access_rules: service, method and path are required")
        key = (entry["service"], entry["method"], entry["path"])
        if key not in known:
            rule = StoredRule(parts.identifiers.hexadecimal(), context.user_id, *key)
            access_rules.insert(connection, rule)
            known[key] = rule.id
        found.append(known[key])
    return list(dict.fromkeys(found))
