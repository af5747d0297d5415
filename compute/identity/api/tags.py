"""``/v3/projects/{project_id}/tags``."""

from __future__ import annotations

from urllib.parse import quote

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import NotFound
from compute.identity.api import shapes
from compute.identity.api.projects import load_project
from compute.identity.api.replies import link
from compute.identity.changes import projects as changes
from compute.identity.model import Project
from compute.identity.parts import Parts
from compute.identity.store import tree
from objectstore.kernel.reply import Reply

_TAGS = Schema(
    {"type": "object", "properties": {"tags": shapes.TAGS}, "required": ["tags"]}
)
_TAG = Schema(shapes.TAG)
_ALL = "/v3/projects/{project_id}/tags"
_ONE = "/v3/projects/{project_id}/tags/{tag}"


class TagsApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", _ALL, self.show_all),
            Route("PUT", _ALL, self.replace),
            Route("DELETE", _ALL, self.clear),
            Route("GET", _ONE, self.check),
            Route("PUT", _ONE, self.add),
            Route("DELETE", _ONE, self.remove),
        ]

    def show_all(self, call: ApiCall) -> Reply:
        """The project's tags."""
        project = load_project(self._parts, call, "list_project_tags")
        return self._shown(call, project, self._tags(project))

    def replace(self, call: ApiCall) -> Reply:
        """These tags and no others."""
        project = load_project(self._parts, call, "update_project_tags")
        wanted = call.json(_TAGS)["tags"]
        tags = changes.set_tags(self._parts, call.context, project, wanted)
        return self._shown(call, project, tags)

    def clear(self, call: ApiCall) -> Reply:
        """No tags."""
        project = load_project(self._parts, call, "delete_project_tag")
        changes.set_tags(self._parts, call.context, project, [])
        return empty_reply()

    def check(self, call: ApiCall) -> Reply:
        """Whether the project has the tag."""
        project = load_project(self._parts, call, "get_project_tag")
        self._existing(call, project)
        return empty_reply()

    def add(self, call: ApiCall) -> Reply:
        """One tag more."""
        project = load_project(self._parts, call, "create_project_tag")
        tag = call.parameters["tag"]
        _TAG.check(tag)
        tags = [*self._tags(project), tag]
        _TAGS.check({"tags": sorted(set(tags))})
        changes.set_tags(self._parts, call.context, project, tags)
        location = link(call, f"projects/{project.id}/tags/{quote(tag)}")
        reply = empty_reply(201)
        reply.set_header("Location", location)
        return reply

    def remove(self, call: ApiCall) -> Reply:
        """One tag less."""
        project = load_project(self._parts, call, "delete_project_tag")
        self._existing(call, project)
        left = [tag for tag in self._tags(project) if tag != call.parameters["tag"]]
        changes.set_tags(self._parts, call.context, project, left)
        return empty_reply()

    def _tags(self, project: Project) -> list[str]:
        found = self._parts.read(
            lambda connection: tree.TAGS.of(connection, [project.id])
        )
        return found[project.id]

    def _existing(self, call: ApiCall, project: Project) -> None:
        tag = call.parameters["tag"]
        if tag not in self._tags(project):
            raise NotFound(f"Could not find project tag: {tag}.")

    def _shown(self, call: ApiCall, project: Project, tags: list[str]) -> Reply:
        links = {
            "self": link(call, f"projects/{project.id}/tags"),
            "previous": None,
            "next": None,
        }
        return json_reply(200, {"tags": tags, "links": links})
