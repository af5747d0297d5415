"""A server's user data, read and changed after it was ordered.

OpenStack has it with an order or a rebuild only, and shows it to administrators; users
of EC2's API read it and, while a server is stopped, give it another.  So this is the
house's own: who may change a server may, for secrets are often in it.
"""

from __future__ import annotations

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.sql.database import Connection
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb
from compute.instance.parts import Parts
from compute.instance.records import Server
from compute.instance.schemas.types import USER_DATA
from compute.instance.service.actions import Change, ServerActions
from compute.instance.service.order_checks import checked_user_data
from objectstore.kernel.reply import Reply

RULE = "os_compute_api:servers:update"
BODY = Schema(
    {
        "type": "object",
        "properties": {"user_data": USER_DATA},
        "required": ["user_data"],
        "additionalProperties": False,
    }
)


class UserDataApi:
    """Handlers."""

    def __init__(self, parts: Parts, actions: ServerActions) -> None:
        self._parts = parts
        self._actions = actions

    def verbs(self) -> list[Verb]:
        """The routes."""
        path = "/servers/{server_id}/user-data"
        return [Verb("GET", path, self.show), Verb("PUT", path, self.change)]

    def show(self, call: ApiCall) -> Reply:
        """GET: in base64, as it was given."""
        found = self._parts.database.read(lambda each: self._server(each, call))
        return ok({"user_data": found.user_data or None})

    def change(self, call: ApiCall) -> Reply:
        """PUT: of a server that is stopped, which reads it when it starts."""
        given = checked_user_data(call.json(BODY)["user_data"] or "")
        server = self._actions.begin(
            call.context,
            call.parameters["server_id"],
            "change_user_data",
            lambda _, __: Change({"user_data": given}),
            rule=RULE,
        )
        return ok({"user_data": server.user_data or None})

    def _server(self, connection: Connection, call: ApiCall) -> Server:
        server_id = call.parameters["server_id"]
        return self._parts.visible(connection, call.context, server_id, RULE)
