"""The version documents: what clients discover the service by.  No token is needed."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.volume.api.frame import HIGHEST, LOWEST
from objectstore.kernel.reply import Reply

MEDIA = "application/vnd.openstack.volume+json;version=3"
UPDATED = "2023-08-31T00:00:00Z"


def _current(call: ApiCall) -> dict[str, Any]:
    docs = "https://docs.openstack.org/"
    return {
        "id": "v3.0",
        "status": "CURRENT",
        "version": str(HIGHEST),
        "min_version": str(LOWEST),
        "updated": UPDATED,
        "links": [
            {"rel": "describedby", "type": "text/html", "href": docs},
            {"rel": "self", "href": f"{call.base_url}/v3/"},
        ],
        "media-types": [{"base": "application/json", "type": MEDIA}],
    }


def index(call: ApiCall) -> Reply:
    """GET /."""
    return json_reply(300, {"versions": [_current(call)]})


def current(call: ApiCall) -> Reply:
    """GET /v3/."""
    return json_reply(200, {"versions": [_current(call)]})


ROUTES = [
    Route("GET", "/", index, public=True),
    Route("GET", "/v3", current, public=True),
]
