"""Creating, changing and deleting roles; which role brings which; who has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Forbidden, NotFound
from compute.core.sql.database import Connection
from compute.identity import rights, tables
from compute.identity.changes.names import unless_taken
from compute.identity.changes.projects import (
    forget_role,
    merged_options,
    refuse_immutable,
)
from compute.identity.changes.revoking import run_revoking
from compute.identity.model import (
    DOMAIN,
    GROUP,
    PROJECT,
    SYSTEM,
    Assignment,
    Role,
)
from compute.identity.parts import Parts
from compute.identity.store import assignments, reach
from compute.identity.store.subjects import domains, projects, roles
from compute.identity.tokens import revocation
from compute.identity.tokens.revocation import Subject, user_in_scope


def create(parts: Parts, context: RequestContext, role: Role) -> Role:
    """A new role; ``Conflict`` when the name is taken."""

    def write(connection: Connection) -> Role:
        if role.domain_id and domains.find(connection, role.domain_id) is None:
            raise domains.missing(role.domain_id)
        roles.insert(connection, role)
        parts.note(connection, context, "role.create", role.id)
        return role

    with unless_taken("role", role.name):
        return parts.run(write)


def update(
    parts: Parts,
    context: RequestContext,
    role: Role,
    wanted: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> Role:
    """Change a role."""
    if (wanted.get("domain_id", role.domain_id) or "") != role.domain_id:
        raise BadRequest("Change of domain_id is not allowed")
    values: dict[str, Any] = {}
    if "name" in wanted:
        values["name"] = wanted["name"].strip()
    if "description" in wanted:
        values["description"] = wanted["description"]
    if "options" in wanted:
        values["options"] = merged_options(role.options, wanted["options"])
    refuse_immutable(role.options, values)

    def write(connection: Connection) -> Role:
        parts.note(connection, context, "role.update", role.id)
        return roles.update(connection, role.id, values, extra)

    with unless_taken("role", values.get("name", role.name)):
        return parts.run(write)


def delete(parts: Parts, context: RequestContext, role: Role) -> None:
    """Take a role away from everybody who has it."""
    refuse_immutable(role.options, {"name": ""})

    def write(connection: Connection) -> tuple[None, list[Subject]]:
        held = assignments.where(connection, tables.assignments.c.role_id == role.id)
        forget_role(connection, role.id)
        parts.note(connection, context, "role.delete", role.id)
        return None, [
            subject
            for item in held
            for subject in _ended(connection, item, parts.now())
        ]

    run_revoking(parts, write)


def imply(parts: Parts, context: RequestContext, prior: Role, implied: Role) -> None:
    """Let a role bring another; never in a circle."""

    def write(connection: Connection) -> None:
        known = assignments.implications(connection)
        if rights.implies(implied.id, prior.id, known):
            raise Forbidden("Implying this role would go round in a circle.")
        if not implied.domain_id and implied.name == "admin":
            raise Forbidden("The role admin cannot be implied.")
        if assignments.imply(connection, prior.id, implied.id):
            facts = {"implied": implied.id}
            parts.note(connection, context, "role.imply", prior.id, facts)

    parts.run(write)


def unimply(parts: Parts, context: RequestContext, prior: Role, implied: Role) -> None:
    """End an implication; ``NotFound`` when there is none."""

    def write(connection: Connection) -> None:
        rows = tables.implied_roles.c
        count = assignments.unimply(
            connection, rows.prior_id == prior.id, rows.implied_id == implied.id
        )
        if not count:
            raise NotFound(f"{prior.id} does not imply {implied.id}.")
        facts = {"implied": implied.id}
        parts.note(connection, context, "role.unimply", prior.id, facts)

    parts.run(write)
    parts.tokens.tell_revoked()


def grant(
    parts: Parts, context: RequestContext, assignment: Assignment, role: Role
) -> None:
    """Give an actor a role on a target."""

    def write(connection: Connection) -> None:
        _check_role_domain(connection, assignment, role)
        assignments.add(connection, assignment)
        parts.note(
            connection, context, "role.grant", assignment.actor_id, _facts(assignment)
        )

    parts.run(write)


def ungrant(parts: Parts, context: RequestContext, assignment: Assignment) -> None:
    """Take a role away; tokens end that rest on nothing any more."""

    def write(connection: Connection) -> tuple[None, list[Subject]]:
        if not assignments.remove(connection, assignments.matches(assignment)):
            raise NotFound(
                f"Could not find role assignment with role: {assignment.role_id}, "
                f"user or group: {assignment.actor_id}, "
                f"project, domain, or system: {assignment.target_id}."
            )
        parts.note(
            connection, context, "role.ungrant", assignment.actor_id, _facts(assignment)
        )
        return None, _ended(connection, assignment, parts.now())

    run_revoking(parts, write)
    # Tokens that go on have fewer roles now: nobody may believe the old ones.
    parts.tokens.tell_revoked()


def _ended(connection: Connection, gone: Assignment, now: float) -> list[Subject]:
    """Whose tokens end with an assignment that is gone: those of users to whom nothing
    is left in that scope.  Given the role back, they need a new token."""
    users = [gone.actor_id]
    if gone.actor_kind == GROUP:
        users = assignments.members_of(connection, gone.actor_id, now)
    if gone.inherited:
        # Below a domain there may be thousands of projects: all of theirs end.
        return [Subject(revocation.USER, user_id) for user_id in users]
    target = None
    if gone.target_kind in (PROJECT, DOMAIN):
        target = projects.find(connection, gone.target_id)
        if target is None:
            return []
    return [
        user_in_scope(user_id, gone.target_kind, gone.target_id)
        for user_id in users
        if not reach.roles_on(connection, user_id, gone.target_kind, target, now)
    ]


def _check_role_domain(
    connection: Connection, assignment: Assignment, role: Role
) -> None:
    """A domain's own role is for that domain and its projects."""
    if not role.domain_id:
        return
    target = None
    if assignment.target_kind != SYSTEM:
        target = projects.find(connection, assignment.target_id)
    domain_id = "" if target is None else (target.domain_id or target.id)
    if domain_id != role.domain_id:
        raise Forbidden(
            f"The role {role.id} belongs to another domain than {assignment.target_id}."
        )


def _facts(assignment: Assignment) -> dict[str, Any]:
    return {
        "actor": assignment.actor_kind,
        "target": assignment.target_kind,
        "target_id": assignment.target_id,
        "role_id": assignment.role_id,
        "inherited": assignment.inherited,
    }
