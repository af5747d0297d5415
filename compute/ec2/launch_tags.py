"""What an order says of things that come with its instances: the tags of volumes and
interfaces, and as what each volume was wanted.

These are made while a server is built.  So an order notes it on the server, and
whoever looks at instances or volumes once it is built gives it to them, as with public
addresses (``public_addresses``).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.device_names import NAMED_AS, disk_meant, naming
from compute.ec2.inventory import Inventory, Thing
from compute.ec2.marking import there_or_not
from compute.ec2.tagging import Tags
from compute.ec2.volume_types import WANTED_AS
from compute.ec2.words import RESERVED
from objectstore.kernel.errors import Rejected

# Of a server: a tag for each thing of that kind that comes with it.
_NOTES: Mapping[str, str] = {
    ids.VOLUME: f"{RESERVED}volume-tag:",
    ids.INTERFACE: f"{RESERVED}interface-tag:",
}
KINDS = tuple(_NOTES)
# Of a server: what the volume at that disk is to keep, by its own names for that.
_KEPT_NOTES: Mapping[str, str] = {
    f"{RESERVED}volume-type:": WANTED_AS,
    f"{RESERVED}volume-device:": NAMED_AS,
}
_ROOT = "root"
_PREFIXES = (*_NOTES.values(), *_KEPT_NOTES)
# It has not all of them yet, or never will.
_UNFINISHED = ("BUILD", "ERROR")

_logger = logging.getLogger("compute.ec2")


def notes(tags: Mapping[str, Tags]) -> dict[str, str]:
    """What a server keeps of the tags of an order, by kind."""
    return {
        prefix + key: value
        for kind, prefix in _NOTES.items()
        for key, value in tags[kind].items()
    }


def volume_notes(disks: Iterable[Mapping[str, Any]], types: Iterable[str]) -> Tags:
    """What a server keeps of the types and names that its order wished for."""
    found = {}
    for disk, wanted in zip(disks, types, strict=True):
        # The root has no name of its own in an order.
        name = disk.get("device_name", "")
        meant = disk_meant(name) or _ROOT
        kept = naming(name, meant) if name else {}
        if wanted:
            kept[WANTED_AS] = wanted
        for prefix, key in _KEPT_NOTES.items():
            if key in kept:
                found[prefix + meant] = kept[key]
    return found


def settle(inventory: Inventory) -> Inventory:
    """Give the tags that were noted on servers which are built; what the project has
    after that."""
    changed = False
    for server in inventory.servers:
        noted = [key for key in server["metadata"] if key.startswith(RESERVED)]
        waiting = [key for key in noted if key.startswith(_PREFIXES)]
        if waiting and server["status"] not in _UNFINISHED:
            changed |= _give(inventory, server, waiting)
    return inventory.look_again() if changed else inventory


def _give(inventory: Inventory, server: Thing, waiting: Iterable[str]) -> bool:
    try:
        for kind, prefix in _NOTES.items():
            tags = {
                key.removeprefix(prefix): server["metadata"][key]
                for key in waiting
                if key.startswith(prefix)
            }
            for uuid in _things(inventory, server, kind) if tags else ():
                with there_or_not():
                    tagging.put(inventory, kind, uuid, tags)
        _give_wishes(inventory, server)
        for key in waiting:
            with there_or_not():
                path = ("servers", server["id"], "metadata", key)
                inventory.rooms.delete("compute", *path)
    except Rejected as error:
        # This caller only reads, or something is just being changed: whoever looks
        # next tries again.
        _logger.info("no tags for what came with %s: %s", server["id"], error.text)
        return False
    return True


def _give_wishes(inventory: Inventory, server: Thing) -> None:
    root = server.get("OS-EXT-SRV-ATTR:root_device_name") or "/dev/vda"
    for volume, attachment in inventory.volumes_by_server.get(server["id"], []):
        is_root = attachment["device"] == root
        disk = _ROOT if is_root else attachment["device"].removeprefix("/dev/")
        wanted = {
            key: server["metadata"][prefix + disk]
            for prefix, key in _KEPT_NOTES.items()
            if prefix + disk in server["metadata"]
        }
        if wanted:
            with there_or_not():
                path = ("volumes", volume["id"], "metadata")
                inventory.rooms.post("volume", *path, body={"metadata": wanted})


def _things(inventory: Inventory, server: Thing, kind: str) -> list[str]:
    if kind == ids.INTERFACE:
        return [each["id"] for each in inventory.ports_by_server.get(server["id"], [])]
    found = inventory.volumes_by_server.get(server["id"], [])
    return [volume["id"] for volume, _ in found]
