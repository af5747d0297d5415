"""``/v1/secret-stores``: where payloads are.  There is one place: the room itself."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.secret.api.frame import Frame
from compute.secret.api.pages import paged
from compute.secret.model import ACTIVE
from compute.secret.parts import missing
from compute.secret.references import reference
from objectstore.kernel.reply import Reply

STORES = "secret-stores"
# The same in every cloud, as it is the same place.
_ID = "5ea1ed00-0000-4000-8000-000000000001"
_SINCE = "2026-11-22T00:00:00.000000"
_WORDS = ("global-default", "preferred")


class StoresApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def routes(self) -> list[Route]:
        """Where they are."""
        route = self._frame.route
        path, rule = f"/{STORES}", "secretstores:get"
        return [
            route("GET", path, self.stores, rule),
            route("GET", f"{path}/{{store_id}}", self.show, rule),
        ]

    def stores(self, call: ApiCall) -> Reply:
        """The one."""
        return json_reply(200, paged(call, "secret_stores", [_document(call)], 1))

    def show(self, call: ApiCall) -> Reply:
        """By its id, or by a word that leads to it."""
        asked = call.parameters["store_id"]
        if asked not in (_ID, *_WORDS):
            raise missing(asked)
        return json_reply(200, _document(call))


def _document(call: ApiCall) -> dict[str, Any]:
    return {
        "name": "Sealed rows",
        "secret_store_ref": reference(call.base_url, STORES, _ID),
        "secret_store_plugin": "sealed_rows",
        "crypto_plugin": None,
        "global_default": True,
        "status": ACTIVE,
        "created": _SINCE,
        "updated": _SINCE,
    }
