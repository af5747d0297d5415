"""One path of a server's metadata service, in either tree."""

from __future__ import annotations

import base64

from compute.instance.metadata import ec2, openstack
from compute.instance.records import Server

JSON = "application/json"
TEXT = "text/plain; charset=UTF-8"
BYTES = "application/octet-stream"


def look_up(server: Server, path: str) -> tuple[str, bytes] | None:
    """Content type and content; None: 404."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["openstack"]:
        return _openstack(server, parts[1:])
    found = ec2.lookup(server, parts)
    if found is None:
        return None
    if not parts:
        return TEXT, found + b"\nopenstack"
    return (BYTES if parts[-1] == "user-data" else TEXT), found


def _openstack(server: Server, parts: list[str]) -> tuple[str, bytes] | None:
    if not parts:
        return TEXT, "\n".join([*openstack.VERSIONS, openstack.LATEST]).encode()
    version = parts[0]
    if version == "content" and len(parts) == 2:
        return _content(server, parts[1])
    if version != openstack.LATEST and version not in openstack.VERSIONS:
        return None
    if len(parts) == 1:
        return TEXT, "\n".join(openstack.documents_of(server, version)).encode()
    if len(parts) > 2:
        return None
    found = openstack.document(server, version, parts[1])
    if found is None:
        return None
    kind = BYTES if parts[1] == "user_data" else JSON
    return (TEXT if parts[1] == "password" else kind), found


def _content(server: Server, name: str) -> tuple[str, bytes] | None:
    """Files that the user injected, by number."""
    files = {str(number): each for number, each in enumerate(server.personality)}
    if name not in files:
        return None
    return BYTES, base64.b64decode(files[name]["contents"])
