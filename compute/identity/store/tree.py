"""The tree of projects: ancestors, children; and their tags."""

from __future__ import annotations

from collections.abc import Iterable

from compute.core.sql.database import Connection
from compute.core.sql.rows import portions
from compute.core.sql.tags import Tags
from compute.identity import tables
from compute.identity.model import Project
from compute.identity.store.subjects import projects

# Projects below projects, as Keystone bounds them too; also stops a damaged tree.
DEPTH_MAX = 5
TAGS = Tags(tables.project_tags, "project_id")


def ancestors(connection: Connection, project: Project) -> list[Project]:
    """Its parents, the nearest first, the domain last."""
    found: list[Project] = []
    current = project
    while current.parent_id and len(found) <= DEPTH_MAX + 1:
        current = projects.get(connection, current.parent_id)
        found.append(current)
    return found


def children(connection: Connection, parents: Iterable[str]) -> list[Project]:
    """The projects right below any of these."""
    wanted, found = sorted(set(parents)), []
    for part in portions(wanted):
        found += projects.where(connection, tables.projects.c.parent_id.in_(part))
    return found


def subtree(connection: Connection, project_id: str) -> list[Project]:
    """All projects below, level by level."""
    found: list[Project] = []
    level = [project_id]
    while level:
        below = children(connection, level)
        found += below
        level = [project.id for project in below]
    return found


def in_domain(connection: Connection, domain_id: str) -> list[Project]:
    """All projects of a domain."""
    return projects.where(
        connection,
        tables.projects.c.domain_id == domain_id,
        tables.projects.c.is_domain.is_(False),
    )
