"""The EC2 tree of a server's metadata: ``<version>/meta-data/...``, ``user-data``.

A nested mapping is a directory, a text a file; ``lookup`` walks it as the service
of that kind does: a directory answers with the names in it.
"""

from __future__ import annotations

from typing import Any

from compute.core.guest_metadata import RESERVED, options_of
from compute.core.identifiers import ec2_id
from compute.instance.metadata.openstack import user_data
from compute.instance.records import Server

VERSIONS = (
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "latest",
)


def meta_data(server: Server) -> dict[str, Any]:
    """The tree under ``meta-data``."""
    fixed = [
        address["address"]
        for vif in server.vifs
        for address in vif.get("addresses", ())
        if address["version"] == 4
    ]
    floating = [
        each
        for vif in server.vifs
        for address in vif.get("addresses", ())
        for each in address.get("floating", ())
    ]
    tree: dict[str, Any] = {
        "ami-id": ec2_id("ami", server.image_id) if server.image_id else "",
        "ami-launch-index": str(server.launch_index),
        "instance-action": "none",
        "instance-id": ec2_id("i", server.id),
        "instance-type": str(server.flavor["name"]),
        "local-hostname": server.hostname,
        "local-ipv4": ", ".join(fixed[:1]),
        "hostname": server.hostname,
        "placement": {"availability-zone": server.availability_zone or "nova"},
        "public-hostname": server.hostname,
        "public-ipv4": ", ".join(floating[:1]),
        "reservation-id": server.reservation_id,
        "security-groups": "\n".join(server.security_groups),
        "block-device-mapping": {"ami": "vda", "root": server.root_device},
    }
    if server.key_name:
        tree["public-keys"] = {"0": {"openssh-key": server.key_public}}
        tree["public-keys-names"] = f"0={server.key_name}"
    if options_of(server.metadata).shows_tags:
        tags = {
            key: value
            for key, value in server.metadata.items()
            if not key.startswith(RESERVED)
        }
        tree["tags"] = {"instance": {"Name": server.name, **tags}}
    kernel = server.image.get("kernel_id", "")
    if kernel:
        tree["kernel-id"] = ec2_id("aki", str(kernel))
    ramdisk = server.image.get("ramdisk_id", "")
    if ramdisk:
        tree["ramdisk-id"] = ec2_id("ari", str(ramdisk))
    return tree


def lookup(server: Server, parts: list[str]) -> bytes | None:
    """What ``/<version>/...`` answers; None: nothing is there."""
    if not parts:
        return "\n".join(VERSIONS).encode()
    if parts[0] not in VERSIONS:
        return None
    if len(parts) == 1:
        names = ["meta-data/", *(["user-data"] if server.user_data else [])]
        return "\n".join(names).encode()
    if parts[1] == "user-data" and len(parts) == 2:
        return user_data(server) if server.user_data else None
    if parts[1] != "meta-data":
        return None
    tree = meta_data(server)
    names_of_keys = tree.pop("public-keys-names", "")
    found: Any = tree
    for part in parts[2:]:
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    if parts[2:] == ["public-keys"]:
        return str(names_of_keys).encode()
    if isinstance(found, dict):
        return "\n".join(_listed(found)).encode()
    return str(found).encode()


def _listed(tree: dict[str, Any]) -> list[str]:
    return [
        f"{name}/" if isinstance(value, dict) else name
        for name, value in sorted(tree.items())
    ]
