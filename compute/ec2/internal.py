"""``/internal``: what the cloud's own services ask of this API, with their tokens.

The tables here are small, but a project's rows stay when identity deletes it: so an
operator is told of them, and has them deleted (decision 83).
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from compute.core.api.dialects import compute_dialect
from compute.core.api.frame import Api, ApiCall, Route, empty_reply, json_reply
from compute.core.context import TokenChecker
from compute.core.identifiers import Identifiers
from compute.core.policy import Policy
from compute.core.sql.database import Connection, Database
from compute.ec2 import tables
from compute.ec2.templates import store
from objectstore.kernel.reply import Reply

PREFIX = "/internal/"
PROJECTS_MAX = 1000
_RULE = "ec2:internal"


class InternalApi:
    """The operations."""

    def __init__(self, database: Database, overrides: Mapping[str, str]) -> None:
        self._database = database
        self._policy = Policy({_RULE: "role:service"}, overrides)

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", "/internal/projects", self.projects),
            Route("DELETE", "/internal/projects/{project_id}", self.forget),
        ]

    def projects(self, call: ApiCall) -> Reply:
        """A page of the projects that have something here."""
        self._policy.enforce(call.context, _RULE)
        limit = min(call.query.number("limit", PROJECTS_MAX), PROJECTS_MAX)
        marker = call.query.one("marker")
        found = self._database.read(lambda each: _owners(each, marker, limit))
        return json_reply(200, {"projects": [{"id": each} for each in found]})

    def forget(self, call: ApiCall) -> Reply:
        """All that a project has, when the project is no more."""
        self._policy.enforce(call.context, _RULE)
        project_id = call.parameters["project_id"]
        self._database.run(lambda each: _forget(each, project_id))
        return empty_reply(204)


def internal_api(
    database: Database,
    overrides: Mapping[str, str],
    tokens: TokenChecker,
    identifiers: Identifiers,
) -> Api:
    """The application."""
    return Api(
        InternalApi(database, overrides).routes(),
        dialect=compute_dialect,
        tokens=tokens,
        identifiers=identifiers,
        service_type="ec2",
    )


def _owners(connection: Connection, after: str, limit: int) -> list[str]:
    found: set[str] = set()
    for owner in (tables.templates.c.project_id, tables.kept_things.c.project_id):
        select = sa.select(owner).distinct().where(owner > after).order_by(owner)
        found |= set(connection.execute(select.limit(limit)).scalars())
    return sorted(found)[:limit]


def _forget(connection: Connection, project_id: str) -> None:
    # At most ``model.TEMPLATES_MAX`` of them.
    for template in store.templates_of(connection, project_id):
        store.delete_template(connection, template.id)
    of_project = tables.kept_things.c.project_id == project_id
    connection.execute(sa.delete(tables.kept_things).where(of_project))
