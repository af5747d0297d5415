"""Creating and ending trusts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Forbidden
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.changes.expiry import expiry
from compute.identity.changes.revoking import run_revoking
from compute.identity.model import PROJECT, ApplicationCredential, Role, Trust
from compute.identity.parts import Parts
from compute.identity.store import reach
from compute.identity.store.role_names import named_role
from compute.identity.store.subjects import projects, roles, trusts, users
from compute.identity.tokens import revocation
from compute.identity.tokens.revocation import Subject
from compute.identity.tokens.standing import lent


def create(
    parts: Parts,
    context: RequestContext,
    wanted: Mapping[str, Any],
    extra: Mapping[str, Any],
    parent_id: str,
    credential: ApplicationCredential | None = None,
) -> Trust:
    """A new trust of the caller's; ``parent_id``: that of the token he came with, when
    he hands on what was entrusted to him; ``credential``: the application credential
    that he came with, whose roles he may hand on and no others."""
    expires_at = expiry(wanted.get("expires_at"), parts.now())
    identifier = parts.identifiers.hexadecimal()

    def write(connection: Connection) -> Trust:
        project_id = wanted.get("project_id") or ""
        if not project_id:
            raise BadRequest("project_id: the project of the trust is missing")
        project = projects.get(connection, project_id)
        users.get(connection, wanted["trustee_user_id"])
        granted = _named(connection, wanted.get("roles") or [])
        until, impersonation = expires_at, wanted["impersonation"]
        if parent_id:
            parent = trusts.get(connection, parent_id)
            count = _check_redelegation(parent, wanted, granted)
            until = _earlier(until, parent.expires_at)
            impersonation = impersonation and parent.impersonation
        else:
            now, user_id = parts.now(), context.user_id
            held = reach.roles_on(connection, user_id, PROJECT, project, now)
            if credential is not None:
                held = lent(connection, held, credential.role_ids)
            if not {role.id for role in granted} <= {role.id for role in held}:
                raise Forbidden("You can only entrust roles that you have.")
            count = _redelegations(wanted, parts.settings.max_trust_redelegation)
        trust = Trust(
            id=identifier,
            trustor_user_id=wanted["trustor_user_id"],
            trustee_user_id=wanted["trustee_user_id"],
            project_id=project_id,
            impersonation=impersonation,
            expires_at=until,
            remaining_uses=wanted.get("remaining_uses"),
            redelegation_count=count,
            redelegated_trust_id=parent_id,
            role_ids=[role.id for role in granted],
            extra=extra,
        )
        trusts.insert(connection, trust)
        parts.note(connection, context, "trust.create", identifier)
        return trust

    return parts.run(write)


def delete(parts: Parts, context: RequestContext, trust: Trust) -> None:
    """End a trust, and what was handed on from it."""

    def write(connection: Connection) -> tuple[None, list[Subject]]:
        gone = [trust.id]
        waiting = [trust.id]
        while waiting:
            below = trusts.where(
                connection, tables.trusts.c.redelegated_trust_id == waiting.pop()
            )
            gone += [item.id for item in below]
            waiting += [item.id for item in below]
        for identifier in gone:
            trusts.remove(connection, identifier)
            parts.note(connection, context, "trust.delete", identifier)
        return None, [Subject(revocation.TRUST, identifier) for identifier in gone]

    run_revoking(parts, write)


def _redelegations(wanted: Mapping[str, Any], most: int) -> int:
    """How often the trust of one who gives his own roles may be handed on."""
    if not wanted.get("allow_redelegation"):
        return 0
    return min(wanted.get("redelegation_count") or most, most)


def _check_redelegation(
    parent: Trust, wanted: Mapping[str, Any], granted: Sequence[Role]
) -> int:
    """How often the new trust may be handed on in turn."""
    if parent.redelegation_count < 1:
        raise Forbidden("Redelegation is not allowed by the trust.")
    if parent.remaining_uses is not None or wanted.get("remaining_uses") is not None:
        raise Forbidden("A trust with a number of uses cannot be handed on.")
    if parent.project_id != wanted.get("project_id"):
        raise Forbidden("Some of what is handed on was never entrusted: the project.")
    if not {role.id for role in granted} <= set(parent.role_ids):
        raise Forbidden("Some of requested roles are not in redelegated trust.")
    if wanted["impersonation"] and not parent.impersonation:
        raise Forbidden(
            "Impersonation is not allowed because redelegated trust does"
            " not specify impersonation."
        )
    most = parent.redelegation_count - 1
    asked = wanted.get("redelegation_count")
    if asked is not None and asked > most:
        raise Forbidden(f"redelegation_count: at most {most} are left.")
    if not wanted.get("allow_redelegation"):
        return 0
    return most if asked is None else int(asked)


def _named(connection: Connection, wanted: Sequence[Mapping[str, str]]) -> list[Role]:
    if not wanted:
        raise Forbidden("At least one role should be specified.")
    found = []
    for entry in wanted:
        role = named_role(connection, entry)
        if role is None:
            raise roles.missing(entry.get("id") or entry.get("name", ""))
        found.append(role)
    return found


def _earlier(first: float | None, second: float | None) -> float | None:
    known = [moment for moment in (first, second) if moment is not None]
    return min(known, default=None)
