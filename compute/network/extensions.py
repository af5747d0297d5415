"""The list of extensions: what clients ask before they use one."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.errors import NotFound
from compute.network.extension_names import EXTENSIONS
from objectstore.kernel.reply import Reply

# All have been so since this room was made.
UPDATED = "2026-11-21T00:00:00-00:00"


class ExtensionApi:
    """The list of extensions."""

    def routes(self) -> list[Route]:
        """GET, all or one."""
        return [
            Route("GET", "/v2.0/extensions", self.list),
            Route("GET", "/v2.0/extensions/{alias}", self.show),
        ]

    def list(self, call: ApiCall) -> Reply:
        """All of them."""
        return json_reply(200, {"extensions": [_shown(each) for each in EXTENSIONS]})

    def show(self, call: ApiCall) -> Reply:
        """One of them."""
        alias = call.parameters["alias"]
        if alias not in EXTENSIONS:
            raise NotFound(
                f"Extension with alias {alias} does not exist", kind="HTTPNotFound"
            )
        return json_reply(200, {"extension": _shown(alias)})


def _shown(alias: str) -> dict[str, object]:
    name, description = EXTENSIONS[alias]
    return {
        "alias": alias,
        "name": name,
        "description": description,
        "updated": UPDATED,
        "links": [],
    }
