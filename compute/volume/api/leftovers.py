"""For the doctor: what volume hosts have of nobody's.  The service role is needed."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.volume.api.frame import NAME, body_of, ok
from compute.volume.parts import Parts
from compute.volume.places import STRAYS
from compute.volume.service.leftovers import Leftovers
from objectstore.kernel.reply import Reply

RULE = "internal"
PATH = "/internal/leftovers"
_REQUIRED = ("kind", "id")
REMOVAL = body_of("leftover", {"kind": NAME, "id": NAME, "host": NAME}, _REQUIRED)
REMOVAL_HERE = body_of("leftover", {"kind": NAME, "id": NAME}, _REQUIRED)


class LeftoversApi:
    """Handlers: of all hosts, and (for another volume host) of this one."""

    def __init__(self, parts: Parts, leftovers: Leftovers) -> None:
        self._parts = parts
        self._leftovers = leftovers

    def routes(self) -> list[Route]:
        """Where they answer."""
        return [
            Route("GET", PATH, self._list),
            Route("POST", f"{PATH}/remove", self._remove),
            Route("GET", STRAYS, self._list_here),
            Route("POST", f"{STRAYS}/remove", self._remove_here),
        ]

    def _list(self, call: ApiCall) -> Reply:
        self._parts.enforce(call.context, RULE)
        found, unasked = self._leftovers.everywhere()
        told = [{"kind": each.kind, "id": each.id, "host": each.host} for each in found]
        return ok({"leftovers": told, "unasked": unasked})

    def _remove(self, call: ApiCall) -> Reply:
        self._parts.enforce(call.context, RULE)
        body = call.json(REMOVAL)["leftover"]
        self._leftovers.remove(body["kind"], body["id"], body.get("host", ""))
        return empty_reply()

    def _list_here(self, call: ApiCall) -> Reply:
        self._parts.enforce(call.context, RULE)
        found = self._leftovers.here()
        return ok({"leftovers": [{"kind": it.kind, "id": it.id} for it in found]})

    def _remove_here(self, call: ApiCall) -> Reply:
        self._parts.enforce(call.context, RULE)
        body = call.json(REMOVAL_HERE)["leftover"]
        self._leftovers.remove_here(body["kind"], body["id"])
        return empty_reply()
