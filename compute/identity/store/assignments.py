"""Who has which role where, in SQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.core.sql.rows import portions
from compute.identity import tables
from compute.identity.model import GROUP, USER, Assignment
from compute.identity.rights import Implications

_rows = tables.assignments.c
_columns = [
    _rows.actor_kind,
    _rows.actor_id,
    _rows.target_kind,
    _rows.target_id,
    _rows.role_id,
    _rows.inherited,
]


def where(connection: Connection, *conditions: Any) -> list[Assignment]:
    """Assignments that meet the conditions, in a steady order."""
    statement = sa.select(*_columns).where(*conditions).order_by(*_columns[:5])
    return [Assignment(**row._mapping) for row in connection.execute(statement)]


def groups_of(connection: Connection, user_id: str, now: float) -> list[str]:
    """The groups that a user is in, here or by the word of his identity provider."""
    rows, brought = tables.memberships.c, tables.federated_memberships.c
    statement = sa.union(
        sa.select(rows.group_id).where(rows.user_id == user_id),
        sa.select(brought.group_id).where(
            brought.user_id == user_id, brought.ends_at > now
        ),
    )
    return sorted(connection.execute(statement).scalars())


def members_of(connection: Connection, group_id: str, now: float) -> list[str]:
    """The users of a group."""
    rows, brought = tables.memberships.c, tables.federated_memberships.c
    statement = sa.union(
        sa.select(rows.user_id).where(rows.group_id == group_id),
        sa.select(brought.user_id).where(
            brought.group_id == group_id, brought.ends_at > now
        ),
    )
    return sorted(connection.execute(statement).scalars())


def of_user(connection: Connection, user_id: str, now: float) -> list[Assignment]:
    """The user's own, and those of his groups."""
    own = sa.and_(_rows.actor_kind == USER, _rows.actor_id == user_id)
    found = where(connection, own)
    wanted = groups_of(connection, user_id, now)
    for part in portions(wanted):
        found += where(connection, _rows.actor_kind == GROUP, _rows.actor_id.in_(part))
    return found


def matches(assignment: Assignment) -> sa.ColumnElement[bool]:
    """The condition for that very assignment."""
    return sa.and_(
        _rows.actor_kind == assignment.actor_kind,
        _rows.actor_id == assignment.actor_id,
        _rows.target_kind == assignment.target_kind,
        _rows.target_id == assignment.target_id,
        _rows.role_id == assignment.role_id,
        _rows.inherited.is_(assignment.inherited),
    )


def exists(connection: Connection, assignment: Assignment) -> bool:
    """Whether it is there."""
    return bool(where(connection, matches(assignment)))


def add(connection: Connection, assignment: Assignment) -> None:
    """Add it, if it is not there."""
    if not exists(connection, assignment):
        values = {name: getattr(assignment, name) for name in Assignment.__slots__}
        connection.execute(tables.assignments.insert().values(**values))


def remove(connection: Connection, *conditions: Any) -> int:
    """Take away those that meet the conditions; how many."""
    return connection.execute(tables.assignments.delete().where(*conditions)).rowcount


def remove_actor(connection: Connection, kind: str, actor_id: str) -> None:
    """The actor is deleted."""
    remove(connection, _rows.actor_kind == kind, _rows.actor_id == actor_id)


def remove_target(connection: Connection, kind: str, target_id: str) -> None:
    """The target is deleted."""
    remove(connection, _rows.target_kind == kind, _rows.target_id == target_id)


def remove_role(connection: Connection, role_id: str) -> None:
    """The role is deleted."""
    remove(connection, _rows.role_id == role_id)


def implications(connection: Connection) -> Implications:
    """Which role brings which others."""
    rows = tables.implied_roles.c
    found: dict[str, set[str]] = {}
    for prior, implied in connection.execute(sa.select(rows.prior_id, rows.implied_id)):
        found.setdefault(prior, set()).add(implied)
    return found


def imply(connection: Connection, prior_id: str, implied_id: str) -> bool:
    """Let a role bring another; whether that is new."""
    rows = tables.implied_roles.c
    known = connection.execute(
        sa.select(rows.prior_id).where(
            rows.prior_id == prior_id, rows.implied_id == implied_id
        )
    ).first()
    if known is None:
        connection.execute(
            tables.implied_roles.insert().values(
                prior_id=prior_id, implied_id=implied_id
            )
        )
    return known is None


def unimply(connection: Connection, *conditions: Any) -> int:
    """End implications; how many."""
    return connection.execute(tables.implied_roles.delete().where(*conditions)).rowcount
