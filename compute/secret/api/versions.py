"""What the API's versions are; no token is needed."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.secret.api.frame import BASE, HIGHEST, LOWEST
from objectstore.kernel.reply import Reply

_UPDATED = "2025-10-01T00:00:00Z"


def routes() -> list[Route]:
    """Where they are."""
    return [
        Route("GET", "/", _all, public=True),
        Route("GET", BASE, _one, public=True),
    ]


def _all(call: ApiCall) -> Reply:
    return json_reply(200, {"versions": [_version(call)]})


def _one(call: ApiCall) -> Reply:
    return json_reply(200, {"version": _version(call)})


def _version(call: ApiCall) -> dict[str, Any]:
    kind = "application/vnd.openstack.key-manager-v1+json"
    return {
        "id": "v1",
        "status": "CURRENT",
        "min_version": str(LOWEST),
        "max_version": str(HIGHEST),
        "updated": _UPDATED,
        "links": [{"rel": "self", "href": f"{call.base_url}{BASE}/"}],
        "media-types": [{"base": "application/json", "type": kind}],
    }
