"""What else clients ask: versions, capabilities, how much waits."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.metric.api.frame import Frame
from compute.metric.keeping import series_rows
from compute.metric.series.methods import CAPABILITIES
from objectstore.kernel.reply import Reply

BUILD = "ringstack"
WAITING_SHOWN_MAX = 1000


def versions(call: ApiCall) -> Reply:
    """GET /: the API's versions; no token is needed."""
    found = {
        "id": "v1.0",
        "status": "CURRENT",
        "links": [{"rel": "self", "href": f"{call.base_url}/v1/"}],
        "updated": "2015-03-19",
    }
    return json_reply(200, {"versions": [found], "build": BUILD})


class SurroundingsApi:
    """The operations."""

    def __init__(self, frame: Frame, host: str) -> None:
        self._frame = frame
        self._host = host

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", "/", versions, public=True),
            Route("GET", "/v1", self.root, public=True),
            Route("GET", "/v1/capabilities", self.capabilities),
            Route("GET", "/v1/status", self.status),
        ]

    def root(self, call: ApiCall) -> Reply:
        """What there is below."""
        names = (
            "archive_policy",
            "archive_policy_rule",
            "metric",
            "resource",
            "resource_type",
            "batch",
            "search",
            "aggregates",
            "aggregation",
            "capabilities",
            "status",
        )
        links = [{"rel": name, "href": f"{call.base_url}/v1/{name}"} for name in names]
        return json_reply(200, {"version": "1.0", "links": links})

    def capabilities(self, call: ApiCall) -> Reply:
        """The aggregation methods."""
        return json_reply(200, {"aggregation_methods": list(CAPABILITIES)})

    def status(self, call: ApiCall) -> Reply:
        """What has not been folded yet: it can be read all the same."""
        self._frame.check(call, "get status")
        metrics, measures = self._frame.parts.read(series_rows.totals)
        storage = {"summary": {"metrics": metrics, "measures": measures}}
        if call.query.flag("details", default=True):
            waiting = self._frame.parts.read(
                lambda connection: series_rows.waiting(connection, WAITING_SHOWN_MAX)
            )
            storage["measures_to_process"] = waiting
        folding = {"processors": [self._host], "statistics": {}}
        return json_reply(200, {"storage": storage, "metricd": folding})
