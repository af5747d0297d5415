"""The version documents: what clients discover the service by.  No token is needed."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, json_reply
from objectstore.kernel.reply import Reply

UPDATED = "2024-03-31T00:00:00Z"
# Octavia tells its minor versions as so many versions of the API.  Whatever is in them
# up to here is served, or refused as Octavia does what a provider has not (501:
# doc/api/load-balancer.md has the list).
MINOR_LAST = 27
CURRENT, SUPPORTED = "CURRENT", "SUPPORTED"


def _version(call: ApiCall, minor: int) -> dict[str, Any]:
    return {
        "id": f"v2.{minor}",
        "status": CURRENT if minor == MINOR_LAST else SUPPORTED,
        "updated": UPDATED,
        "links": [{"rel": "self", "href": f"{call.base_url}/v2"}],
    }


def index(call: ApiCall) -> Reply:
    """GET /."""
    found = [_version(call, minor) for minor in range(MINOR_LAST + 1)]
    return json_reply(200, {"versions": found})


def current(call: ApiCall) -> Reply:
    """GET /v2."""
    return json_reply(200, {"versions": [_version(call, MINOR_LAST)]})


ROUTES = [
    Route("GET", "/", index, public=True),
    Route("GET", "/v2", current, public=True),
    Route("GET", "/v2.0", current, public=True),
]
