"""The version documents: what clients discover the service by.

``/`` lists the versions;
``/v2.1/`` and ``/v2/`` tell of one.  None of them needs a token.
"""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.errors import NotFound
from compute.instance.frame.routes import HIGHEST, LOWEST
from objectstore.kernel.reply import Reply

MEDIA = "application/vnd.openstack.compute+json;version="
UPDATED = {"v2.0": "2011-01-21T11:33:21Z", "v2.1": "2013-07-23T11:33:21Z"}


def _links(call: ApiCall, path: str) -> list[dict[str, str]]:
    return [{"rel": "self", "href": f"{call.base_url}/{path}/"}]


def _old(call: ApiCall) -> dict[str, Any]:
    return {
        "id": "v2.0",
        "status": "SUPPORTED",
        "version": "",
        "min_version": "",
        "updated": UPDATED["v2.0"],
        "links": _links(call, "v2"),
    }


def _current(call: ApiCall) -> dict[str, Any]:
    return {
        "id": "v2.1",
        "status": "CURRENT",
        "version": str(HIGHEST),
        "min_version": str(LOWEST),
        "updated": UPDATED["v2.1"],
        "links": _links(call, "v2.1"),
    }


def _whole(document: dict[str, Any], number: str) -> Reply:
    document["links"].append(
        {
            "rel": "describedby",
            "type": "text/html",
            "href": "http://docs.openstack.org/",
        }
    )
    document["media-types"] = [{"base": "application/json", "type": MEDIA + number}]
    return json_reply(200, {"version": document})


def index(call: ApiCall) -> Reply:
    """GET /."""
    return json_reply(200, {"versions": [_old(call), _current(call)]})


def current(call: ApiCall) -> Reply:
    """GET /v2.1/."""
    return _whole(_current(call), "2.1")


def old(call: ApiCall) -> Reply:
    """GET /v2/."""
    return _whole(_old(call), "2")


def by_name(call: ApiCall) -> Reply:
    """GET /v2.1/versions/{id}, and the same below ``/v2``."""
    name = call.parameters["name"]
    if name == "v2.1":
        return current(call)
    if name in ("v2", "v2.0"):
        return old(call)
    raise NotFound("There is no such version")


ROUTES = [
    Route("GET", "/", index, public=True),
    Route("GET", "/versions", index, public=True),
    Route("GET", "/v2.1", current, public=True),
    Route("GET", "/v2", old, public=True),
    Route("GET", "/v2.1/versions/{name}", by_name, public=True),
    Route("GET", "/v2/versions/{name}", by_name, public=True),
]
