"""Which endpoints belong to a project: those tied to it, and those of its groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.model import Endpoint, EndpointGroup
from compute.identity.store.subjects import endpoint_groups, endpoints


@dataclass(frozen=True, slots=True)
class Ties:
    """Things and projects that belong together; ``column`` is the things'."""

    rows: sa.Table
    column: str

    def add(self, connection: Connection, key: str, project_id: str) -> None:
        """Fine when they are tied."""
        if not self.has(connection, key, project_id):
            values = {self.column: key, "project_id": project_id}
            connection.execute(self.rows.insert().values(**values))

    def has(self, connection: Connection, key: str, project_id: str) -> bool:
        """Whether they are tied."""
        return project_id in self.projects(connection, key)

    def check(self, connection: Connection, key: str, project_id: str) -> None:
        """``NotFound`` when they are not tied."""
        if not self.has(connection, key, project_id):
            raise NotFound(
                f"Could not find {self.column} {key[:64]} of project {project_id[:64]}."
            )

    def remove(self, connection: Connection, key: str, project_id: str) -> None:
        """``NotFound`` when they are not tied."""
        self.check(connection, key, project_id)
        rows = self.rows
        connection.execute(
            rows.delete().where(
                rows.c[self.column] == key, rows.c.project_id == project_id
            )
        )

    def forget(self, connection: Connection, key: str) -> None:
        """The thing is gone."""
        rows = self.rows
        connection.execute(rows.delete().where(rows.c[self.column] == key))

    def projects(self, connection: Connection, key: str) -> list[str]:
        """Ids of the thing's projects."""
        rows = self.rows
        found = sa.select(rows.c.project_id).where(rows.c[self.column] == key)
        return sorted(connection.scalars(found))

    def things(self, connection: Connection, project_id: str) -> list[str]:
        """Ids of the project's things."""
        rows = self.rows
        found = sa.select(rows.c[self.column]).where(rows.c.project_id == project_id)
        return sorted(connection.scalars(found))


ENDPOINTS = Ties(tables.endpoint_projects, "endpoint_id")
GROUPS = Ties(tables.endpoint_group_projects, "endpoint_group_id")


def groups_of(connection: Connection, project_id: str) -> list[EndpointGroup]:
    """The project's groups."""
    wanted = GROUPS.things(connection, project_id)
    return list(endpoint_groups.by_keys(connection, wanted).values())


def endpoints_of(
    connection: Connection, project_id: str, everything: Sequence[Endpoint]
) -> list[Endpoint] | None:
    """Those of all endpoints that belong to the project; None when nothing was ever
    tied to it: then all do."""
    tied = set(ENDPOINTS.things(connection, project_id))
    groups = groups_of(connection, project_id)
    if not tied and not groups:
        return None
    return [
        each
        for each in everything
        if each.id in tied or any(group.has(each) for group in groups)
    ]


def endpoints_in(connection: Connection, group: EndpointGroup) -> list[Endpoint]:
    """The group's endpoints."""
    return [each for each in endpoints.where(connection) if group.has(each)]
