"""For the operator who clears up after projects: whose groups there are, and an end of
them.  The service role is needed."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.volume.api.frame import ok
from compute.volume.parts import Parts
from compute.volume.service.ungrouping import owners, take_apart
from objectstore.kernel.reply import Reply

RULE = "internal"
PROJECTS_MAX = 1000


class InternalProjectsApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they answer."""
        return [
            Route("GET", "/internal/projects", self.projects),
            Route("DELETE", "/internal/projects/{project_id}", self.take_apart),
        ]

    def projects(self, call: ApiCall) -> Reply:
        """A page of the projects that have groups."""
        self._parts.enforce(call.context, RULE)
        limit = min(call.query.number("limit", PROJECTS_MAX), PROJECTS_MAX)
        marker = call.query.one("marker")
        found = self._parts.database.read(lambda it: owners(it, marker, limit))
        return ok({"projects": [{"id": each} for each in found]})

    def take_apart(self, call: ApiCall) -> Reply:
        """The project's volumes are in no group any more."""
        self._parts.enforce(call.context, RULE)
        take_apart(self._parts, call.parameters["project_id"])
        return empty_reply(204)
