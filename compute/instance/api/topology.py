"""How a server's memory and processors lie on its host (2.78).

Guests here have one node of memory, wherever their host puts it: as the real one
answers for servers without a topology of their own, there is nothing to list.
"""

from __future__ import annotations

from compute.core.api.frame import ApiCall
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb
from compute.instance.parts import Parts
from objectstore.kernel.reply import Reply

RULE = "compute:server:topology:index"
SINCE = 78


class TopologyApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def verbs(self) -> list[Verb]:
        """The routes."""
        return [Verb("GET", "/servers/{server_id}/topology", self.show, since=SINCE)]

    def show(self, call: ApiCall) -> Reply:
        """GET /servers/{id}/topology."""
        server_id = call.parameters["server_id"]
        self._parts.database.read(
            lambda connection: self._parts.visible(
                connection, call.context, server_id, RULE
            )
        )
        return ok({"nodes": [], "pagesize_kb": None})
