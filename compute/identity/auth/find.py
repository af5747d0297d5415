"""From a reference to the record that it names."""

from __future__ import annotations

from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.auth.request import Reference
from compute.identity.model import Project, User
from compute.identity.store.subjects import projects, users


def domain(connection: Connection, identifier: str, name: str) -> Project | None:
    """A domain by its id or its name."""
    rows = tables.projects.c
    if identifier:
        return projects.first(
            connection, rows.id == identifier, rows.is_domain.is_(True)
        )
    return projects.first(connection, rows.name == name, rows.is_domain.is_(True))


def project(connection: Connection, reference: Reference) -> Project | None:
    """A project by its id, or its name in a domain."""
    rows = tables.projects.c
    if reference.id:
        return projects.first(
            connection, rows.id == reference.id, rows.is_domain.is_(False)
        )
    owner = domain(connection, reference.domain_id, reference.domain_name)
    if owner is None:
        return None
    return projects.first(
        connection, rows.domain_id == owner.id, rows.name == reference.name
    )


def user(connection: Connection, reference: Reference) -> User | None:
    """A user by his id, or his name in a domain."""
    if reference.id:
        return users.find(connection, reference.id)
    owner = domain(connection, reference.domain_id, reference.domain_name)
    if owner is None:
        return None
    rows = tables.users.c
    return users.first(
        connection, rows.domain_id == owner.id, rows.name == reference.name
    )
