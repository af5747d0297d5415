"""``/v3/OS-EP-FILTER``: which endpoints the tokens of a project show, one by one."""

from __future__ import annotations

from collections.abc import Callable

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.sql.database import Connection
from compute.identity.api.documents import project_documents
from compute.identity.api.endpoints import endpoint_document
from compute.identity.api.replies import Document, short
from compute.identity.parts import Parts
from compute.identity.store import endpoint_filter
from compute.identity.store.subjects import endpoints, projects
from objectstore.kernel.reply import Reply

ROOT = "/v3/OS-EP-FILTER"
_TIES = endpoint_filter.ENDPOINTS


class EndpointFiltersApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        one = f"{ROOT}/projects/{{project_id}}/endpoints/{{endpoint_id}}"
        return [
            Route("PUT", one, self.add),
            Route("GET", one, self.check),
            Route("DELETE", one, self.remove),
            Route("GET", f"{ROOT}/projects/{{project_id}}/endpoints", self.endpoints),
            Route("GET", f"{ROOT}/endpoints/{{endpoint_id}}/projects", self.projects),
        ]

    def add(self, call: ApiCall) -> Reply:
        """The endpoint is the project's."""
        return self._change(call, "add_endpoint_to_project", _TIES.add)

    def check(self, call: ApiCall) -> Reply:
        """Whether it is: 204 or 404."""
        self._enforce(call, "check_endpoint_in_project")
        endpoint_id, project_id = _named(call)

        def look(connection: Connection) -> None:
            endpoints.get(connection, endpoint_id)
            projects.get(connection, project_id)
            _TIES.check(connection, endpoint_id, project_id)

        self._parts.read(look)
        return empty_reply()

    def remove(self, call: ApiCall) -> Reply:
        """It is no more."""
        return self._change(call, "remove_endpoint_from_project", _TIES.remove)

    def endpoints(self, call: ApiCall) -> Reply:
        """The project's endpoints, by groups too; [] when it has none of its own."""
        self._enforce(call, "list_endpoints_for_project")
        project_id = call.parameters["project_id"]

        def look(connection: Connection) -> list[Document]:
            projects.get(connection, project_id)
            everything = endpoints.where(connection)
            found = endpoint_filter.endpoints_of(connection, project_id, everything)
            return [endpoint_document(call, each) for each in found or ()]

        return short(call, "endpoints", self._parts.read(look))

    def projects(self, call: ApiCall) -> Reply:
        """The projects to which the endpoint was added."""
        self._enforce(call, "list_projects_for_endpoint")
        endpoint_id = call.parameters["endpoint_id"]

        def look(connection: Connection) -> list[Document]:
            endpoints.get(connection, endpoint_id)
            wanted = _TIES.projects(connection, endpoint_id)
            found = projects.by_keys(connection, wanted).values()
            return project_documents(call, connection, found)

        return short(call, "projects", self._parts.read(look))

    def _change(
        self, call: ApiCall, rule: str, act: Callable[[Connection, str, str], None]
    ) -> Reply:
        self._enforce(call, rule)
        endpoint_id, project_id = _named(call)

        def write(connection: Connection) -> None:
            endpoints.get(connection, endpoint_id)
            projects.get(connection, project_id)
            act(connection, endpoint_id, project_id)
            self._parts.note(connection, call.context, rule, endpoint_id)

        self._parts.run(write)
        return empty_reply()

    def _enforce(self, call: ApiCall, rule: str) -> None:
        self._parts.enforce(call.context, f"identity:{rule}", {})


def _named(call: ApiCall) -> tuple[str, str]:
    return call.parameters["endpoint_id"], call.parameters["project_id"]
