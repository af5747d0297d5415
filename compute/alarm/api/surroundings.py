"""What else clients ask: versions, and what the API can do."""

from __future__ import annotations

from compute.alarm.api.frame import Frame
from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.errors import Forbidden
from objectstore.kernel.reply import Reply

_QUERIES = (
    "alarms:query:simple",
    "alarms:query:complex",
    "alarms:history:query:simple",
    "alarms:history:query:complex",
)


def versions(call: ApiCall) -> Reply:
    """GET /: the API's versions; no token is needed."""
    found = {
        "id": "v2",
        "status": "stable",
        "updated": "2013-02-13T00:00:00Z",
        "links": [{"rel": "self", "href": f"{call.base_url}/v2"}],
        "media-types": [{"base": "application/json", "type": "application/json"}],
    }
    return json_reply(200, {"versions": {"values": [found]}})


class SurroundingsApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", "/", versions, public=True),
            Route("GET", "/v2", versions, public=True),
            Route("GET", "/v2/capabilities", self.capabilities),
        ]

    def capabilities(self, call: ApiCall) -> Reply:
        """For everybody who has a token of a project."""
        if not call.context.project_id:
            raise Forbidden("A token of a project is needed.")
        found = {
            "api": dict.fromkeys(_QUERIES, True),
            "alarm_storage": {"storage:production_ready": True},
        }
        return json_reply(200, found)
