"""The part of the internal API that only the doctor calls: places of nobody."""

from __future__ import annotations

from compute.core.api import ApiCall, Route, json_reply
from compute.core.schema import Schema
from compute.instance.service.stray_places import StrayPlaces
from compute.instance.wiring import Wiring
from objectstore.kernel.reply import Reply

RULE = "internal"
PLACE = Schema(
    {
        "type": "object",
        "properties": {"host": {"type": "string"}, "id": {"type": "string"}},
        "required": ["host", "id"],
    }
)


class DoctorApi:
    """Handlers."""

    def __init__(self, wiring: Wiring, places: StrayPlaces) -> None:
        self._wiring = wiring
        self._places = places

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("GET", "/internal/places/stray", self.strays),
            Route("POST", "/internal/places/give-back", self.give_back),
        ]

    def strays(self, call: ApiCall) -> Reply:
        """What hosts have claimed for nobody."""
        self._wiring.enforce(call.context, RULE)
        return json_reply(200, {"places": self._places.strays()})

    def give_back(self, call: ApiCall) -> Reply:
        """One of them is given back; fine when it was."""
        self._wiring.enforce(call.context, RULE)
        body = call.json(PLACE)
        self._places.give_back(body["host"], body["id"])
        return json_reply(200, {})
