"""/internal/holds, /internal/images/ID: for the hosts' agents, never for users."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.image.documents import image_document
from compute.image.holds import HoldService
from compute.image.schemas import HOLD_ONLY
from objectstore.kernel.reply import Reply


class HoldsApi:
    """Handlers of the routes below."""

    def __init__(self, holds: HoldService) -> None:
        self._holds = holds

    def routes(self) -> list[Route]:
        """Where they answer."""
        return [
            Route("GET", "/internal/images/{image_id}", self._show),
            Route("GET", "/internal/holds", self._held),
            Route("PUT", "/internal/holds/{holder}", self._hold_only),
            Route("PUT", "/internal/holds/{holder}/{image_id}", self._hold),
        ]

    def _show(self, call: ApiCall) -> Reply:
        image = self._holds.kept(call.context, call.parameters["image_id"])
        return json_reply(200, image_document(image))

    def _held(self, call: ApiCall) -> Reply:
        return json_reply(200, {"images": self._holds.held(call.context)})

    def _hold_only(self, call: ApiCall) -> Reply:
        wanted = call.json(HOLD_ONLY)["images"]
        holder = call.parameters["holder"]
        kept = self._holds.hold_only(call.context, holder, wanted)
        return json_reply(200, {"images": kept})

    def _hold(self, call: ApiCall) -> Reply:
        names = call.parameters
        self._holds.hold(call.context, names["holder"], names["image_id"])
        return empty_reply()
