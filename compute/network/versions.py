"""The version documents: what clients discover the API by."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from objectstore.kernel.reply import Reply

# Neutron lists the paths below a version as resources; clients read the links only.
COLLECTIONS = (
    "networks",
    "subnets",
    "ports",
    "routers",
    "floatingips",
    "security-groups",
    "security-group-rules",
    "subnetpools",
    "address-scopes",
    "address-groups",
    "default-security-group-rules",
    "rbac-policies",
    "quotas",
    "extensions",
    "agents",
    "availability_zones",
)


def version_routes() -> list[Route]:
    """Public, as discovery needs no token."""
    return [
        Route("GET", "/", _versions, public=True),
        Route("GET", "/v2.0", _resources, public=True),
    ]


def _versions(call: ApiCall) -> Reply:
    link = {"rel": "self", "href": f"{call.base_url}/v2.0/"}
    version = {"id": "v2.0", "status": "CURRENT", "links": [link]}
    return json_reply(200, {"versions": [version]})


def _singular(name: str) -> str:
    return f"{name[:-3]}y" if name.endswith("ies") else name.rstrip("s")


def _resources(call: ApiCall) -> Reply:
    resources = [
        {
            "name": _singular(name).replace("-", "_"),
            "collection": name.replace("-", "_"),
            "links": [{"rel": "self", "href": f"{call.base_url}/v2.0/{name}"}],
        }
        for name in COLLECTIONS
    ]
    return json_reply(200, {"resources": resources})
