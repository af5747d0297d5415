"""What Nova has taken away: each such route still says so, with 410.

Most belonged to networks that the service kept itself, the others to cells of the
first kind, to Xen, and to certificates that nobody used.  No version brings them back.
"""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Handler
from compute.core.errors import BadRequest, Gone
from compute.instance.frame.routes import Verb
from objectstore.kernel.reply import Reply

# Path -> the methods that it had.
REMOVED: dict[str, tuple[str, ...]] = {
    "/os-agents": ("GET", "POST"),
    "/os-agents/{key}": ("PUT", "DELETE"),
    "/os-cells": ("GET", "POST"),
    "/os-cells/capacities": ("GET",),
    "/os-cells/detail": ("GET",),
    "/os-cells/info": ("GET",),
    "/os-cells/sync_instances": ("POST",),
    "/os-cells/{key}": ("GET", "PUT", "DELETE"),
    "/os-cells/{key}/capacities": ("GET",),
    "/os-certificates": ("POST",),
    "/os-certificates/{key}": ("GET",),
    "/os-cloudpipe": ("GET", "POST"),
    "/os-cloudpipe/{key}": ("PUT",),
    "/os-fixed-ips/{key}": ("GET",),
    "/os-floating-ip-dns": ("GET",),
    "/os-floating-ip-dns/{key}": ("PUT", "DELETE"),
    "/os-floating-ip-dns/{domain}/entries/{key}": ("GET", "PUT", "DELETE"),
    "/os-floating-ips-bulk": ("GET", "POST"),
    "/os-floating-ips-bulk/{key}": ("GET", "PUT"),
    "/os-fping": ("GET",),
    "/os-fping/{key}": ("GET",),
    "/os-networks": ("POST",),
    "/os-networks/add": ("POST",),
    "/os-networks/{key}": ("DELETE",),
    "/os-security-group-default-rules": ("GET", "POST"),
    "/os-security-group-default-rules/{key}": ("GET", "DELETE"),
    "/os-tenant-networks": ("POST",),
    "/os-tenant-networks/{key}": ("DELETE",),
    "/servers/{server_id}/consoles": ("GET", "POST"),
    "/servers/{server_id}/consoles/{key}": ("GET", "DELETE"),
}
# Path of actions -> those that it had; any other name is not known.
REMOVED_ACTIONS: dict[str, frozenset[str]] = {
    "/os-fixed-ips/{key}/action": frozenset({"reserve", "unreserve"}),
    "/os-networks/{key}/action": frozenset(
        {
            "associate_host",
            "disassociate",
            "disassociate_host",
            "disassociate_project",
        }
    ),
}


def removed_verbs() -> list[Verb]:
    """The routes."""
    verbs = [
        Verb(method, path, gone)
        for path, methods in REMOVED.items()
        for method in methods
    ]
    return verbs + [
        Verb("POST", path, _actions(names)) for path, names in REMOVED_ACTIONS.items()
    ]


def gone(call: ApiCall) -> Reply:
    """410, whoever asks."""
    raise Gone("This resource is no longer available. No forwarding address is given.")


def _actions(names: frozenset[str]) -> Handler:
    def act(call: ApiCall) -> Reply:
        body = call.json()
        if not isinstance(body, dict) or len(body) != 1:
            raise BadRequest("The body must name exactly one action")
        (name,) = body
        if name not in names:
            raise BadRequest(f"There is no such action: {name}")
        return gone(call)

    return act
