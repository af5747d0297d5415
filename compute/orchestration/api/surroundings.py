"""What else clients ask: versions, build, services."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.instants import iso_z
from compute.orchestration.api.frame import Frame
from objectstore.kernel.reply import Reply

REPORT_SECONDS = 60


def versions(call: ApiCall) -> Reply:
    """GET /: the API's versions; no token is needed."""
    found = {
        "id": "v1.0",
        "status": "CURRENT",
        "links": [{"rel": "self", "href": f"{call.base_url}/v1/"}],
    }
    return json_reply(
        300 if call.request.path in ("", "/") else 200, {"versions": [found]}
    )


class SurroundingsApi:
    """The operations."""

    def __init__(self, frame: Frame, host: str) -> None:
        self._frame = frame
        self._host = host

    def routes(self) -> list[Route]:
        """Where they are."""
        route = self._frame.route
        return [
            Route("GET", "/", versions, public=True),
            Route("GET", "/v1", versions, public=True),
            route("GET", "/build_info", "build_info:build_info", self.build_info),
            route("GET", "/services", "service:index", self.services),
        ]

    def build_info(self, call: ApiCall) -> Reply:
        """Which build this is."""
        found = {"api": {"revision": "ringstack"}, "engine": {"revision": "ringstack"}}
        return json_reply(200, found)

    def services(self, call: ApiCall) -> Reply:
        """Who does the work: the process that answers."""
        parts = self._frame.parts
        found = {
            "id": parts.owner,
            "engine_id": parts.owner,
            "binary": "compute-orchestration",
            "host": self._host,
            "hostname": self._host,
            "topic": "engine",
            "report_interval": REPORT_SECONDS,
            "status": "up",
            "created_at": None,
            "updated_at": iso_z(parts.now()),
            "deleted_at": None,
        }
        return json_reply(200, {"services": [found]})
