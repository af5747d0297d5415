"""Places of nobody: what only the doctor asks for."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.instance.api.internal.frame import TEXT, body_of, guarded
from compute.instance.parts import Parts
from compute.instance.service.stray_places import StrayPlaces
from objectstore.kernel.reply import Reply

PLACE = body_of("host", "id", host=TEXT, id=TEXT)


class DoctorApi:
    """Handlers."""

    def __init__(self, parts: Parts, places: StrayPlaces) -> None:
        self._parts = parts
        self._places = places

    def routes(self) -> list[Route]:
        """All of them."""
        return guarded(
            self._parts,
            [
                ("GET", "/internal/places/stray", self.strays),
                ("POST", "/internal/places/give-back", self.give_back),
            ],
        )

    def strays(self, _: ApiCall) -> Reply:
        """What hosts have claimed for nobody."""
        return json_reply(200, {"places": self._places.strays()})

    def give_back(self, call: ApiCall) -> Reply:
        """One of them is given back; fine when it was."""
        body = call.json(PLACE)
        self._places.give_back(body["host"], body["id"])
        return json_reply(200, {})
