"""Creating, changing and deleting groups; their members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.changes.names import check_domain, unless_taken
from compute.identity.changes.revoking import run_revoking
from compute.identity.model import GROUP, Group, User
from compute.identity.parts import Parts
from compute.identity.store import assignments
from compute.identity.store.subjects import groups
from compute.identity.tokens import revocation
from compute.identity.tokens.revocation import Subject


def create(
    parts: Parts,
    context: RequestContext,
    domain_id: str,
    wanted: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> Group:
    """A new group; ``Conflict`` when the name is taken in the domain."""
    group = Group(
        parts.identifiers.hexadecimal(),
        wanted["name"].strip(),
        domain_id,
        wanted.get("description") or "",
        extra,
    )

    def write(connection: Connection) -> Group:
        check_domain(connection, domain_id)
        groups.insert(connection, group)
        parts.note(connection, context, "group.create", group.id)
        return group

    with unless_taken("group", group.name):
        return parts.run(write)


def update(
    parts: Parts,
    context: RequestContext,
    group: Group,
    wanted: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> Group:
    """Change a group's name, description, or what callers have added."""
    if wanted.get("domain_id", group.domain_id) != group.domain_id:
        raise BadRequest("Change of domain_id is not allowed")
    values: dict[str, Any] = {}
    if "name" in wanted:
        values["name"] = wanted["name"].strip()
    if "description" in wanted:
        values["description"] = wanted["description"] or ""

    def write(connection: Connection) -> Group:
        parts.note(connection, context, "group.update", group.id)
        return groups.update(connection, group.id, values, extra)

    with unless_taken("group", values.get("name", group.name)):
        return parts.run(write)


def delete(parts: Parts, context: RequestContext, group: Group) -> None:
    """Take a group away; its members lose what they had through it."""

    def write(connection: Connection) -> tuple[None, list[Subject]]:
        members = assignments.members_of(connection, group.id, parts.now())
        forget_group(connection, group.id)
        parts.note(connection, context, "group.delete", group.id)
        return None, [Subject(revocation.USER, user_id) for user_id in members]

    run_revoking(parts, write)


def forget_group(connection: Connection, group_id: str) -> None:
    """Delete the group's row and every row that hangs on it."""
    groups.remove(connection, group_id)
    assignments.remove_actor(connection, GROUP, group_id)
    for rows in (tables.memberships, tables.federated_memberships):
        connection.execute(rows.delete().where(rows.c.group_id == group_id))


def add_member(parts: Parts, context: RequestContext, group: Group, user: User) -> None:
    """Put a user into a group; nothing when he is there."""

    def write(connection: Connection) -> None:
        rows = tables.memberships
        known = rows.c.user_id == user.id, rows.c.group_id == group.id
        if connection.execute(rows.select().where(*known)).first() is not None:
            return
        connection.execute(rows.insert().values(user_id=user.id, group_id=group.id))
        facts = {"user_id": user.id}
        parts.note(connection, context, "group.add_user", group.id, facts)

    parts.run(write)


def remove_member(
    parts: Parts, context: RequestContext, group: Group, user: User
) -> None:
    """Take a user out of a group; his tokens end, for they may rest on it."""

    def write(connection: Connection) -> tuple[None, list[Subject]]:
        taken = 0
        # Also what his provider said of him, until it says so again.
        for rows in (tables.memberships, tables.federated_memberships):
            statement = rows.delete().where(
                rows.c.user_id == user.id, rows.c.group_id == group.id
            )
            taken += connection.execute(statement).rowcount
        if not taken:
            raise NotFound(f"User {user.id} not found in group {group.id}.")
        facts = {"user_id": user.id}
        parts.note(connection, context, "group.remove_user", group.id, facts)
        return None, [Subject(revocation.USER, user.id)]

    run_revoking(parts, write)
