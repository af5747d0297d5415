"""Subports of a trunk over HTTP: list them, add some, take some away."""

from __future__ import annotations

from collections.abc import Callable

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.errors import PolicyNotAuthorized
from compute.network import tables
from compute.network.frame.bodies import Body
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.trunks.members import subports_of
from compute.network.trunks.model import Trunk
from compute.network.trunks.port_rules import check_enabled
from compute.network.trunks.subport_fields import CHANGE, wanted_subports
from compute.network.trunks.subports import attach, detach, shown_subport
from compute.network.trunks.trunks import COLLECTION
from objectstore.kernel.reply import Reply


class TrunkActions:
    """The routes below a trunk.  All ports of a request change, or none."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """All of them."""
        path = "/v2.0/trunks/{id}/"
        return [
            Route("GET", path + "get_subports", self.list),
            Route("PUT", path + "add_subports", self.add),
            Route("PUT", path + "remove_subports", self.remove),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The subports alone."""

        def work_on(work: Work) -> Body:
            trunk = COLLECTION.find(work, call.parameters["id"])
            held = subports_of(work, [trunk.id])[trunk.id]
            return {"sub_ports": [shown_subport(each) for each in held]}

        return json_reply(200, self._database.read(call.context, work_on))

    def add(self, call: ApiCall) -> Reply:
        """The trunk as it is then."""
        wanted = wanted_subports(call.json(CHANGE)["sub_ports"])
        return self._change(
            call, "add_subports", lambda work, trunk: attach(work, trunk, wanted)
        )

    def remove(self, call: ApiCall) -> Reply:
        """Named by their ports alone."""
        ports = [each["port_id"] for each in call.json(CHANGE)["sub_ports"]]
        return self._change(
            call, "remove_subports", lambda work, trunk: detach(work, trunk, ports)
        )

    def _change(
        self, call: ApiCall, rule: str, change: Callable[[Work, Trunk], None]
    ) -> Reply:
        def work_on(work: Work) -> Body:
            trunk = COLLECTION.find(work, call.parameters["id"])
            target = {"project_id": trunk.project_id}
            if not work.policy.allows(work.context, rule, target):
                raise PolicyNotAuthorized(f"({rule}) is disallowed by policy")
            check_enabled(trunk)
            change(work, trunk)
            current = work.find(Trunk, tables.trunks, trunk.id)
            assert current is not None, "it was there a moment ago"
            work.tell("trunk.update", trunk.id)
            return COLLECTION.show(work, [work.bump(tables.trunks, current)])[0]

        return json_reply(200, self._database.write(call.context, work_on))
