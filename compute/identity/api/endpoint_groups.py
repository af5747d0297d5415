"""``/v3/OS-EP-FILTER/endpoint_groups``: endpoints that a project's tokens show, named
by what they have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.api import shapes
from compute.identity.api.documents import project_documents
from compute.identity.api.endpoint_filters import ROOT
from compute.identity.api.endpoints import endpoint_document
from compute.identity.api.reading import load, page_reply
from compute.identity.api.replies import (
    Document,
    changes_of,
    linked,
    one,
    short,
)
from compute.identity.model import EndpointGroup
from compute.identity.parts import Parts
from compute.identity.store import endpoint_filter
from compute.identity.store.filters import text_conditions
from compute.identity.store.subjects import endpoint_groups, projects
from objectstore.kernel.reply import Reply

# The class has a method of the name of the type.
Documents = list[Document]
_TIES = endpoint_filter.GROUPS
_PROPERTIES: dict[str, Any] = {
    "name": shapes.NAME,
    "description": shapes.TEXT,
    "filters": {
        "type": "object",
        "properties": {
            "interface": {"enum": ["admin", "internal", "public"]},
            "service_id": shapes.ID,
            "region_id": {"type": "string", "maxLength": 255},
        },
        "additionalProperties": False,
    },
}
_CREATE = shapes.body("endpoint_group", _PROPERTIES, ["name", "filters"], more=False)
_UPDATE = shapes.body("endpoint_group", {**_PROPERTIES, "id": shapes.ID}, more=False)


def group_document(call: ApiCall, group: EndpointGroup) -> Document:
    """The group as the API shows it."""
    document: Document = {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "filters": dict(group.filters),
    }
    return linked(call, f"OS-EP-FILTER/endpoint_groups/{group.id}", document)


class EndpointGroupsApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        path = f"{ROOT}/endpoint_groups"
        group = path + "/{endpoint_group_id}"
        tie = group + "/projects/{project_id}"
        of_project = f"{ROOT}/projects/{{project_id}}/endpoint_groups"
        return [
            Route("GET", path, self.list),
            Route("POST", path, self.create),
            Route("GET", group, self.show),
            Route("PATCH", group, self.update),
            Route("DELETE", group, self.delete),
            Route("GET", f"{group}/endpoints", self.endpoints),
            Route("GET", f"{group}/projects", self.projects),
            Route("PUT", tie, self.add),
            Route("GET", tie, self.check),
            Route("DELETE", tie, self.remove),
            Route("GET", of_project, self.of_project),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The groups, by name."""
        self._enforce(call, "list_endpoint_groups")
        conditions = text_conditions(
            call.query, {"name": tables.endpoint_groups.c.name}
        )
        return page_reply(
            self._parts,
            call,
            "endpoint_groups",
            endpoint_groups,
            conditions,
            group_document,
        )

    def create(self, call: ApiCall) -> Reply:
        """A new group."""
        self._enforce(call, "create_endpoint_group")
        wanted = call.json(_CREATE)["endpoint_group"]
        group = EndpointGroup(
            self._parts.identifiers.hexadecimal(),
            wanted["name"],
            wanted.get("description"),
            wanted["filters"],
        )

        def write(connection: Connection) -> None:
            endpoint_groups.insert(connection, group)
            self._note(connection, call, "create", group)

        self._parts.run(write)
        return one(201, "endpoint_group", group_document(call, group))

    def show(self, call: ApiCall) -> Reply:
        """One group."""
        group = self._group(call, "get_endpoint_group")
        return one(200, "endpoint_group", group_document(call, group))

    def update(self, call: ApiCall) -> Reply:
        """Change it."""
        group = self._group(call, "update_endpoint_group")
        wanted = changes_of(call, _UPDATE, "endpoint_group", group.id)
        values = {name: wanted[name] for name in _PROPERTIES if name in wanted}

        def write(connection: Connection) -> EndpointGroup:
            self._note(connection, call, "update", group)
            return endpoint_groups.update(connection, group.id, values)

        changed = self._parts.run(write)
        return one(200, "endpoint_group", group_document(call, changed))

    def delete(self, call: ApiCall) -> Reply:
        """Take it away; projects have it no more."""
        group = self._group(call, "delete_endpoint_group")

        def write(connection: Connection) -> None:
            endpoint_groups.remove(connection, group.id)
            _TIES.forget(connection, group.id)
            self._note(connection, call, "delete", group)

        self._parts.run(write)
        return empty_reply()

    def endpoints(self, call: ApiCall) -> Reply:
        """The group's endpoints."""
        group = self._group(call, "list_endpoints_associated_with_endpoint_group")
        found = self._parts.read(
            lambda connection: endpoint_filter.endpoints_in(connection, group)
        )
        return short(
            call, "endpoints", [endpoint_document(call, each) for each in found]
        )

    def projects(self, call: ApiCall) -> Reply:
        """The projects that have the group."""
        group = self._group(call, "list_projects_associated_with_endpoint_group")

        def look(connection: Connection) -> Documents:
            wanted = _TIES.projects(connection, group.id)
            found = projects.by_keys(connection, wanted).values()
            return project_documents(call, connection, found)

        return short(call, "projects", self._parts.read(look))

    def of_project(self, call: ApiCall) -> Reply:
        """A project's groups."""
        self._enforce(call, "list_endpoint_groups_for_project")
        project_id = call.parameters["project_id"]

        def look(connection: Connection) -> Documents:
            projects.get(connection, project_id)
            found = endpoint_filter.groups_of(connection, project_id)
            return [group_document(call, each) for each in found]

        return short(call, "endpoint_groups", self._parts.read(look))

    def add(self, call: ApiCall) -> Reply:
        """The project has the group."""
        return self._tie(call, "add_endpoint_group_to_project", _TIES.add)

    def check(self, call: ApiCall) -> Reply:
        """The group, when the project has it."""
        group = self._group(call, "get_endpoint_group_in_project")
        project_id = call.parameters["project_id"]
        self._parts.read(
            lambda connection: _TIES.check(connection, group.id, project_id)
        )
        return one(200, "endpoint_group", group_document(call, group))

    def remove(self, call: ApiCall) -> Reply:
        """The project has it no more."""
        return self._tie(call, "remove_endpoint_group_from_project", _TIES.remove)

    def _tie(
        self, call: ApiCall, rule: str, act: Callable[[Connection, str, str], None]
    ) -> Reply:
        group = self._group(call, rule)
        project_id = call.parameters["project_id"]

        def write(connection: Connection) -> None:
            projects.get(connection, project_id)
            act(connection, group.id, project_id)
            self._parts.note(connection, call.context, rule, group.id)

        self._parts.run(write)
        return empty_reply()

    def _group(self, call: ApiCall, rule: str) -> EndpointGroup:
        return load(self._parts, call, rule, endpoint_groups, "endpoint_group_id")

    def _note(
        self, connection: Connection, call: ApiCall, verb: str, group: EndpointGroup
    ) -> None:
        self._parts.note(connection, call.context, f"endpoint_group.{verb}", group.id)

    def _enforce(self, call: ApiCall, rule: str) -> None:
        self._parts.enforce(call.context, f"identity:{rule}", {})
