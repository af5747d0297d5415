"""A server's volumes at the volume service: reserved, waited for and given back, each
safe to repeat.

An attachment with the server's id is *the server's*: it goes with it, also when
whoever made it died before telling anyone.
"""

from __future__ import annotations

import logging

from compute.core.errors import BadRequest
from compute.instance.block_devices import BlockDevice, devices_of, volumes_of
from compute.instance.records import Server
from compute.volume.client import AttachmentRecord, Connector, VolumeClient
from objectstore.kernel.errors import Rejected, Unavailable

# What a volume goes through before it can be attached for the first time.
_COMING = frozenset({"creating", "downloading"})

_log = logging.getLogger("compute.instance")


def is_coming(volumes: VolumeClient, device: BlockDevice) -> bool:
    """Whether the volume that was made for a server is not ready yet.  ``BadRequest``
    when it never will be."""
    volume = volumes.get(device.volume_id)
    if volume.has_failed:
        raise BadRequest(f"Volume {volume.id} could not be made: it is {volume.status}")
    return volume.status in _COMING


def attachment_of(volumes: VolumeClient, server_id: str, volume_id: str) -> str:
    """The id of the server's attachment of this volume, made when there is none."""
    for found in volumes.list_attachments(volume_id=volume_id):
        if found.server_id == server_id:
            return found.id
    return volumes.create_attachment(volume_id, server_id).id


def arriving(
    volumes: VolumeClient, server_id: str, device: BlockDevice, host: str
) -> list[AttachmentRecord]:
    """The attachments by which the server has, or is to have, the device's volume on a
    host that it moves to, beside the device's own; one that no host has yet is
    among them."""
    found = volumes.list_attachments(volume_id=device.volume_id, server_id=server_id)
    return [
        each
        for each in found
        if each.id != device.attachment_id and each.host in ("", host)
    ]


def attach_there(
    volumes: VolumeClient, server_id: str, device: BlockDevice, connector: Connector
) -> AttachmentRecord:
    """A second attachment of the device's volume, for the host that the server moves
    to; the same at each call."""
    for found in arriving(volumes, server_id, device, connector.host):
        return volumes.update_attachment(found.id, connector)
    return volumes.create_attachment(device.volume_id, server_id, connector=connector)


def release_attachment(volumes: VolumeClient, attachment_id: str) -> None:
    """After it: the volume is not attached by it."""
    if attachment_id:
        volumes.delete_attachment(attachment_id)


def delete_volume(volumes: VolumeClient, volume_id: str) -> None:
    """Begin to remove it; one that cannot be removed now (somebody took a snapshot, or
    attached it elsewhere) is its owner's again.  ``Unavailable`` while it is still
    being made: it will be possible then."""
    try:
        volumes.delete(volume_id)
    except Rejected as error:
        if _is_being_made(volumes, volume_id):
            raise Unavailable(f"volume {volume_id} is still being made") from error
        _log.warning("volume %s stays: %s", volume_id, error)


def _is_being_made(volumes: VolumeClient, volume_id: str) -> bool:
    try:
        return volumes.get(volume_id).status in _COMING
    except Rejected:
        return False


def release_volumes(volumes: VolumeClient, server: Server) -> None:
    """After it: the server has no volumes."""
    if not any(each.is_volume for each in devices_of(server.block_devices)):
        return  # most servers: the volume service need not be there
    for attachment in list(volumes.list_attachments(server_id=server.id)):
        release_attachment(volumes, attachment.id)
    for device in volumes_of(server.block_devices):
        # What was made for a server that never ran holds nothing of anybody's.
        is_unused = device.is_made and server.launched_at is None
        if device.delete_on_termination or is_unused:
            delete_volume(volumes, device.volume_id)
