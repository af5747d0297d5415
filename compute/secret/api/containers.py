"""``/v1/containers``: secrets that belong together."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.sql.database import Connection
from compute.secret.api.frame import Frame, document_of
from compute.secret.api.pages import page_of, paged
from compute.secret.definitions import container_of, member_of
from compute.secret.documents import container_document
from compute.secret.model import CONTAINERS, Consumer, Container
from compute.secret.questions import containers_select
from compute.secret.references import reference
from compute.secret.service.containers import ContainerService
from compute.secret.service.finding import find_container
from compute.secret.store import count
from objectstore.kernel.reply import Reply

_ONE = "/containers/{container_id}"
Used = dict[str, list[Consumer]]


class ContainersApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._parts = frame.parts
        self._frame = frame
        self._service = ContainerService(frame.parts)

    def routes(self) -> list[Route]:
        """Where they are."""
        route = self._frame.route
        return [
            route("GET", "/containers", self.containers, "containers:get"),
            route("POST", "/containers", self.create, "containers:post"),
            route("GET", _ONE, self.show),
            route("DELETE", _ONE, self.delete, any_type=True),
            route("POST", f"{_ONE}/secrets", self.add),
            route("DELETE", f"{_ONE}/secrets", self.remove, any_type=True),
        ]

    def containers(self, call: ApiCall) -> Reply:
        """A page of the project's, the oldest first."""
        page, stores = page_of(call), self._parts.stores
        select = containers_select(call.query, call.context)

        def read(connection: Connection) -> tuple[list[Container], int, Used]:
            part = page.of(connection, select)
            found = stores.containers(connection, part)
            used = stores.consumers(connection, [each.id for each in found])
            return found, count(connection, select), used

        found, total, used = self._parts.read(read)
        shown = [container_document(call.base_url, it, used[it.id]) for it in found]
        return json_reply(200, paged(call, CONTAINERS, shown, total))

    def create(self, call: ApiCall) -> Reply:
        """A new one."""
        made = self._service.create(call.context, container_of(document_of(call)))
        return self._placed(call, made)

    def show(self, call: ApiCall) -> Reply:
        """One of them."""
        container_id = call.parameters["container_id"]

        def read(connection: Connection) -> tuple[Container, list[Consumer]]:
            found = find_container(
                connection, self._parts, call.context, container_id, "container:get"
            )
            used = self._parts.stores.consumers(connection, [found.id])
            return found, used[found.id]

        found, used = self._parts.read(read)
        return json_reply(200, container_document(call.base_url, found, used))

    def delete(self, call: ApiCall) -> Reply:
        """It is no more."""
        self._service.delete(call.context, call.parameters["container_id"])
        return empty_reply(204)

    def add(self, call: ApiCall) -> Reply:
        """One more secret."""
        member = member_of(document_of(call))
        container_id = call.parameters["container_id"]
        return self._placed(call, self._service.add(call.context, container_id, member))

    def remove(self, call: ApiCall) -> Reply:
        """One secret less."""
        member = member_of(document_of(call))
        self._service.remove(call.context, call.parameters["container_id"], member)
        return empty_reply(204)

    def _placed(self, call: ApiCall, container: Container) -> Reply:
        place = reference(call.base_url, CONTAINERS, container.id)
        return json_reply(201, {"container_ref": place}, [("Location", place)])
