"""What a user can reach: his roles on a target, and the targets where he has any."""

from __future__ import annotations

from compute.core.sql.database import Connection
from compute.identity import rights
from compute.identity.model import (
    DOMAIN,
    PROJECT,
    SYSTEM,
    SYSTEM_ID,
    Assignment,
    Project,
    Role,
)
from compute.identity.store import assignments, tree
from compute.identity.store.subjects import projects, roles


def roles_on(
    connection: Connection, user_id: str, kind: str, target: Project | None, now: float
) -> list[Role]:
    """The roles that the user's token for that target shows; ``target`` None: the
    system."""
    held = assignments.of_user(connection, user_id, now)
    return roles_of(connection, held, kind, target)


def roles_of(
    connection: Connection, held: list[Assignment], kind: str, target: Project | None
) -> list[Role]:
    """The same from assignments already read."""
    lineage: list[tuple[str, str]] = []
    target_id = SYSTEM_ID
    if target is not None:
        target_id = target.id
    if target is not None and kind == PROJECT:
        above = tree.ancestors(connection, target)
        parents = [parent.id for parent in above if not parent.is_domain]
        lineage = rights.lineage_of(target.domain_id, parents)
    found = rights.direct_roles(held, kind, target_id, lineage)
    every = rights.closure(found, assignments.implications(connection))
    return rights.in_tokens(roles.by_keys(connection, every).values())


def reachable_projects(
    connection: Connection, user_id: str, now: float
) -> list[Project]:
    """The enabled projects on which the user has a role, by name."""
    held = assignments.of_user(connection, user_id, now)
    direct = {
        item.target_id
        for item in held
        if item.target_kind == PROJECT and not item.inherited
    }
    found = projects.by_keys(connection, direct)
    for item in held:
        if item.inherited and item.target_kind == DOMAIN:
            below = tree.in_domain(connection, item.target_id)
            found.update((project.id, project) for project in below)
        elif item.inherited and item.target_kind == PROJECT:
            below = tree.subtree(connection, item.target_id)
            found.update((project.id, project) for project in below)
    return _usable(connection, found)


def reachable_domains(
    connection: Connection, user_id: str, now: float
) -> list[Project]:
    """The enabled domains on which the user has a role, by name."""
    held = assignments.of_user(connection, user_id, now)
    direct = {
        item.target_id
        for item in held
        if item.target_kind == DOMAIN and not item.inherited
    }
    return _usable(connection, projects.by_keys(connection, direct))


def reaches_system(connection: Connection, user_id: str, now: float) -> bool:
    """Whether the user has a role on the system."""
    held = assignments.of_user(connection, user_id, now)
    return any(item.target_kind == SYSTEM for item in held)


def _usable(connection: Connection, found: dict[str, Project]) -> list[Project]:
    domains = projects.by_keys(
        connection, {project.domain_id for project in found.values()} - {""}
    )
    usable = [
        project
        for project in found.values()
        if project.enabled
        and (not project.domain_id or domains[project.domain_id].enabled)
    ]
    return sorted(usable, key=lambda project: (project.name, project.id))
