"""The version documents, by which clients find their way: ``/`` and ``/v3``."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, json_reply
from objectstore.kernel.reply import Reply

# The last change of the API that clients can ask for: Keystone's name for it.
VERSION_ID = "v3.14"
UPDATED = "2020-04-07T00:00:00Z"
MEDIA_TYPE = {
    "base": "application/json",
    "type": "application/vnd.openstack.identity-v3+json",
}


def routes() -> list[Route]:
    """Where they are; nobody needs a token to find out where to get one."""
    return [
        Route("GET", "/", all_versions, public=True),
        Route("GET", "/v3", one_version, public=True),
    ]


def all_versions(call: ApiCall) -> Reply:
    """300 Multiple Choices, of which there is one."""
    url = f"{call.base_url}/v3/"
    body = {"versions": {"values": [_version(call)]}}
    return json_reply(300, body, [("Location", url), ("Vary", "X-Auth-Token")])


def one_version(call: ApiCall) -> Reply:
    """Version 3."""
    return json_reply(200, {"version": _version(call)}, [("Vary", "X-Auth-Token")])


def _version(call: ApiCall) -> dict[str, Any]:
    return {
        "id": VERSION_ID,
        "status": "stable",
        "updated": UPDATED,
        "links": [{"rel": "self", "href": f"{call.base_url}/v3/"}],
        "media-types": [MEDIA_TYPE],
    }
