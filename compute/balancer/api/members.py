"""All members of a pool at once."""

from __future__ import annotations

from compute.balancer.api.resource import allow, routes_at, without_owner
from compute.balancer.changes import members, pools
from compute.balancer.frame.fields import ITEMS_MAX
from compute.balancer.frame.work import BalancerDatabase, Work
from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.api.schema import Schema
from objectstore.kernel.reply import Reply

BATCH = Schema(
    {
        "type": "object",
        "properties": {
            "members": {
                "type": "array",
                "items": {"type": "object"},
                "maxItems": ITEMS_MAX,
            }
        },
        "required": ["members"],
        "additionalProperties": False,
    }
)


class BatchApi:
    """The route of the batch."""

    def __init__(self, database: BalancerDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """PUT."""
        return routes_at("PUT", "pools/{of}/members", self.replace)

    def replace(self, call: ApiCall) -> Reply:
        """These and no others; with ``additive_only``, these and the others."""
        wanted = [without_owner(each) for each in call.json(BATCH)["members"]]
        keeps_others = call.query.flag("additive_only")

        def work_on(work: Work) -> None:
            pool = pools.KIND.find(work, call.parameters["of"])
            for verb in ("post", "put", "delete"):
                allow(work, members.KIND.word, verb, pool.project_id)
            members.replace_all(work, pool, wanted, keeps_others=keeps_others)
            work.tell("pool.members", pool.id, count=len(wanted))

        self._database.write(call.context, work_on)
        return empty_reply(202)
