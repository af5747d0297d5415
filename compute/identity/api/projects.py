"""``/v3/projects``."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.api.query import Query
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.core.sql.tags import TAG_FILTERS
from compute.identity import tables
from compute.identity.api import shapes
from compute.identity.api.documents import project_document, project_documents
from compute.identity.api.hierarchy import add_relatives
from compute.identity.api.reading import load
from compute.identity.api.replies import (
    changes_of,
    one,
    own_domain,
    page_of,
    paged,
    without,
)
from compute.identity.changes import projects as changes
from compute.identity.model import Project
from compute.identity.parts import Parts
from compute.identity.store import tree
from compute.identity.store.filters import flag_condition, text_conditions
from compute.identity.store.subjects import projects
from objectstore.kernel.reply import Reply

_PROPERTIES = {
    "name": shapes.DOMAIN_NAME,
    "domain_id": shapes.OPTIONAL_ID,
    "parent_id": shapes.OPTIONAL_ID,
    "is_domain": shapes.FLAG,
    "enabled": shapes.FLAG,
    "description": shapes.TEXT,
    "options": shapes.OPTIONS,
    "tags": shapes.TAGS,
}
_CREATE = shapes.body("project", _PROPERTIES, ["name"])
_UPDATE = shapes.body("project", _PROPERTIES)
_KNOWN = tuple(_PROPERTIES)


class ProjectsApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", "/v3/projects", self.list),
            Route("POST", "/v3/projects", self.create),
            Route("GET", "/v3/projects/{project_id}", self.show),
            Route("PATCH", "/v3/projects/{project_id}", self.update),
            Route("DELETE", "/v3/projects/{project_id}", self.delete),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The projects, filtered."""
        context, query, rows = call.context, call.query, tables.projects.c
        domain_id = query.one("domain_id") or context.domain_id
        self._parts.enforce(
            context, "identity:list_projects", {"target.domain_id": domain_id}
        )
        columns = {"name": rows.name, "domain_id": rows.domain_id}
        conditions = text_conditions(query, {**columns, "parent_id": rows.parent_id})
        conditions += flag_condition(query, "enabled", rows.enabled)
        conditions.append(rows.is_domain.is_(query.flag("is_domain")))
        conditions += _tag_conditions(query)
        if domain_id:
            conditions.append(rows.domain_id == domain_id)
        page = page_of(call)

        def load(connection: Connection) -> Any:
            found = projects.page(connection, conditions, page)
            return found, tree.TAGS.of(connection, [item.id for item in found])

        found, tags = self._parts.read(load)
        return paged(
            call,
            "projects",
            page,
            found,
            lambda item: project_document(call, item, tags[item.id]),
        )

    def create(self, call: ApiCall) -> Reply:
        """A new project (or, with ``is_domain``, a domain)."""
        wanted = call.json(_CREATE)["project"]
        is_domain = wanted.get("is_domain", False)
        domain_id = wanted.get("domain_id") or ""
        parent_id = wanted.get("parent_id") or ""
        if is_domain and (domain_id or parent_id):
            raise BadRequest("A project that is a domain has no domain and no parent")
        if is_domain:
            self._parts.enforce(call.context, "identity:create_domain", {})
        else:
            domain_id = domain_id or self._domain_of(parent_id) or own_domain(call)
            target = {"target.project.domain_id": domain_id}
            self._parts.enforce(call.context, "identity:create_project", target)
        project = Project(
            id=self._parts.identifiers.hexadecimal(),
            name=wanted["name"].strip(),
            domain_id=domain_id,
            parent_id=parent_id,
            is_domain=is_domain,
            enabled=wanted.get("enabled", True),
            description=wanted.get("description") or "",
            options=changes.merged_options({}, wanted.get("options", {})),
            extra=without(wanted, _KNOWN),
        )
        tags = wanted.get("tags", [])
        made = changes.create(self._parts, call.context, project, tags)
        return one(201, "project", project_document(call, made, sorted(tags)))

    def show(self, call: ApiCall) -> Reply:
        """One project; with ``parents_as_list`` and the like also its relatives."""
        project = load_project(self._parts, call, "get_project")

        def describe(connection: Connection) -> dict[str, Any]:
            document = project_documents(call, connection, [project])[0]
            add_relatives(call, connection, project, document)
            return document

        return one(200, "project", self._parts.read(describe))

    def update(self, call: ApiCall) -> Reply:
        """Change a project."""
        project = load_project(self._parts, call, "update_project")
        wanted = changes_of(call, _UPDATE, "project", project.id)
        extra = without(wanted, _KNOWN)
        changed = changes.update(self._parts, call.context, project, wanted, extra)
        found = self._parts.read(
            lambda connection: project_documents(call, connection, [changed])
        )
        return one(200, "project", found[0])

    def delete(self, call: ApiCall) -> Reply:
        """Take a project away."""
        project = load_project(self._parts, call, "delete_project")
        delete = changes.delete_domain if project.is_domain else changes.delete_project
        delete(self._parts, call.context, project)
        return empty_reply()

    def _domain_of(self, parent_id: str) -> str:
        if not parent_id:
            return ""
        parent = self._parts.read(
            lambda connection: projects.find(connection, parent_id)
        )
        if parent is None:
            return ""
        return parent.id if parent.is_domain else parent.domain_id


def load_project(parts: Parts, call: ApiCall, operation: str) -> Project:
    """The project of the path, if the caller may."""
    return load(parts, call, operation, projects, "project_id", _target)


def _target(project: Project) -> dict[str, Any]:
    return {
        "target.project.id": project.id,
        "target.project.domain_id": project.domain_id,
    }


def _tag_conditions(query: Query) -> list[Any]:
    """Of the filters that name tags; those that name none are no filters."""
    projects = tables.projects.c.id
    return [
        tree.TAGS.clause(name, projects, [query.one(name)])
        for name in TAG_FILTERS
        if query.one(name).strip(",")
    ]
