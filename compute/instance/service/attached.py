"""A volume that a server is to have, and the device of one that it has."""

from __future__ import annotations

from dataclasses import dataclass

from compute.core.errors import BadRequest, Conflict, NotFound
from compute.instance.block_devices import (
    ATTACHED,
    BlockDevice,
    find_volume,
    volumes_of,
)
from compute.instance.records import Server
from compute.instance.shared_volumes import SINCE


@dataclass(frozen=True, slots=True)
class NewAttachment:
    """What to attach, and how.  ``device``: ``/dev/vdc``, "": the first free.
    ``minor``: the version in which it is asked."""

    volume_id: str
    device: str = ""
    tag: str = ""
    delete_on_termination: bool = False
    minor: int = SINCE


def device_of(server: Server, volume_id: str) -> BlockDevice:
    """The server's device of that volume; ``NotFound``."""
    found = find_volume(server.block_devices, volume_id)
    if found is None:
        raise NotFound(
            f"Instance {server.id} is not attached to volume {volume_id}"
            if volumes_of(server.block_devices)
            else f"volume_id not found: {volume_id}"
        )
    return found


def had_already(volume_id: str) -> BadRequest:
    """Of a volume that the server has."""
    return BadRequest(f"Invalid volume: volume {volume_id} already attached")


def settled_device(server: Server, volume_id: str) -> BlockDevice:
    """The device when nothing is under way with it; ``Conflict``."""
    device = device_of(server, volume_id)
    if device.state != ATTACHED:
        raise Conflict(
            f"Invalid volume: volume {volume_id} is {device.state} at instance"
            f" {server.id}"
        )
    return device
