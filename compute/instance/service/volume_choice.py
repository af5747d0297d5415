"""The volumes of an order: checked with the volume service, made and reserved before
the servers are promised, and given back when they are not.

Everything is asked with the caller's token: nobody attaches what he may not see.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import orjson

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, QuotaExceeded
from compute.image.client import ImageRecord
from compute.instance.block_devices import (
    BLANK,
    IMAGE,
    SNAPSHOT,
    VOLUME,
    BlockDevice,
    devices_of,
)
from compute.instance.parts import DROP_VOLUME, ROOM_QUEUE, Parts
from compute.instance.records import Flavor, Server
from compute.instance.service.device_order import INVALID
from compute.instance.shared_volumes import SINCE, check_version
from compute.instance.volumes import delete_volume, release_attachment
from compute.volume.client import NewVolume, VolumeRecord
from objectstore.kernel.errors import Rejected, Unavailable

# What a volume knows of its image beside the image's own properties.
_FACTS = frozenset(
    {
        "image_id",
        "image_name",
        "checksum",
        "container_format",
        "disk_format",
        "min_disk",
        "min_ram",
        "size",
        "signature_verified",
    }
)
# How an image of a volume-backed server says what it is.
MAPPING_PROPERTY = "block_device_mapping"


def mapping_of_image(image: ImageRecord | None) -> list[Mapping[str, Any]]:
    """The devices that an image made of a volume-backed server names."""
    text = image.properties.get(MAPPING_PROPERTY, "") if image is not None else ""
    if not text:
        return []
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, list) or not all(isinstance(x, dict) for x in found):
        raise BadRequest(f"{INVALID}: the image's block_device_mapping is no list")
    return found


def facts_of_volume(volume: VolumeRecord | None) -> ImageRecord:
    """What a volume remembers of the image that it was made from, as an image."""
    known = volume.image_properties if volume is not None else {}
    properties = {key: value for key, value in known.items() if key not in _FACTS}
    return ImageRecord(
        id=known.get("image_id", ""),
        name=known.get("image_name", ""),
        status="active",
        visibility="",
        owner="",
        size_bytes=None,
        virtual_bytes=None,
        checksum="",
        hash_algorithm="",
        hash_hex="",
        disk_format="raw",
        container_format="bare",
        min_disk_gib=int(known.get("min_disk") or 0),
        min_ram_mib=int(known.get("min_ram") or 0),
        protected=False,
        is_hidden=False,
        created_at="",
        updated_at="",
        properties=properties,
    )


def check_local_sizes(devices: Sequence[BlockDevice], flavor: Flavor) -> None:
    """Extra disks are no larger than the flavor's.  ``BadRequest``."""
    extra = [
        each
        for each in devices
        if not each.is_volume and each.source == BLANK and not each.is_swap
    ]
    if sum(each.size or flavor.ephemeral for each in extra) > flavor.ephemeral:
        raise BadRequest(
            f"{INVALID}: Ephemeral disks requested are larger than the instance type"
            " allows."
        )
    if any(each.is_swap and each.size > flavor.swap for each in devices):
        raise BadRequest(
            f"{INVALID}: Swap drive requested is larger than instance type allows."
        )


class VolumeChoice:
    """Checks, makes and reserves."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._volumes = parts.volumes

    def checked(
        self,
        context: RequestContext,
        devices: Sequence[BlockDevice],
        count: int,
        *,
        has_image: bool = False,
        minor: int = SINCE,
    ) -> tuple[list[BlockDevice], VolumeRecord | None]:
        """The devices with their true sizes, and the volume that is the root if there
        is one already.  ``has_image``: an image tells what boots, whatever the root
        says of itself; ``minor``: the version of the order.
        ``BadRequest`` for what cannot be had."""
        root: VolumeRecord | None = None
        found = []
        for device in devices:
            if device.source == VOLUME:
                if count > 1:
                    raise BadRequest(
                        "Cannot attach one or more volumes to multiple instances"
                    )
                volume = self._volume(context, device)
                check_version(volume, minor)
                if device.is_root and not (volume.bootable or has_image):
                    raise BadRequest(f"Block Device {volume.id} is not bootable.")
                device = dataclasses.replace(device, size=volume.size_gib)
                root = volume if device.is_root else root
            elif device.source == SNAPSHOT:
                device = self._from_snapshot(context, device)
            found.append(device)
        return found, root

    def _volume(self, context: RequestContext, device: BlockDevice) -> VolumeRecord:
        try:
            volume = self._volumes.get(device.source_id, context.token)
        except Rejected as error:
            _refuse(error, "volume", device.source_id)
        if not (volume.is_available or volume.multiattach):
            raise BadRequest(
                f"Invalid volume: volume '{volume.id}' status must be 'available'."
                f" Currently in '{volume.status}'"
            )
        return volume

    def _from_snapshot(
        self, context: RequestContext, device: BlockDevice
    ) -> BlockDevice:
        try:
            snapshot = self._volumes.get_snapshot(device.source_id, context.token)
        except Rejected as error:
            _refuse(error, "snapshot", device.source_id)
        if device.size and device.size < snapshot.size_gib:
            raise BadRequest(
                f"{INVALID}: the volume must not be smaller than its snapshot"
            )
        return dataclasses.replace(device, size=device.size or snapshot.size_gib)

    def prepare(self, context: RequestContext, server: Server) -> Server:
        """The server with its volumes: those that are there reserved, the others being
        made.  When one cannot be had, those before it are given back."""
        done: list[BlockDevice] = []
        try:
            for device in devices_of(server.block_devices):
                done.append(self._prepared(context, server.id, device))
        except BaseException:
            self.give_back(done)
            raise
        entries: list[Mapping[str, Any]] = [each.to_json() for each in done]
        return dataclasses.replace(server, block_devices=entries)

    def _prepared(
        self, context: RequestContext, server_id: str, device: BlockDevice
    ) -> BlockDevice:
        if not device.is_volume:
            return device
        try:
            if device.source == VOLUME:
                made = self._volumes.create_attachment(
                    device.volume_id, server_id, context.token
                )
                return dataclasses.replace(device, attachment_id=made.id)
            new = NewVolume(
                size_gib=device.size,
                image_id=device.source_id if device.source == IMAGE else "",
                snapshot_id=device.source_id if device.source == SNAPSHOT else "",
                volume_type=device.volume_type,
            )
            volume = self._volumes.create(new, context.token)
        except Rejected as error:
            if error.status == 413:
                raise QuotaExceeded(error.text, status=403) from None
            raise BadRequest(error.text or f"{INVALID}: refused") from None
        return dataclasses.replace(device, volume_id=volume.id, size=volume.size_gib)

    def give_back(self, devices: Sequence[BlockDevice]) -> None:
        """What ``prepare`` took for a server that is not to be.  A volume that is still
        being made goes when it is: the room's own job."""
        for device in devices:
            try:
                release_attachment(self._volumes, device.attachment_id)
                if device.is_made and device.volume_id:
                    delete_volume(self._volumes, device.volume_id)
            except Unavailable:
                self._later(device)

    def _later(self, device: BlockDevice) -> None:
        now = self._parts.clock.time()
        self._parts.database.run(
            lambda connection: self._parts.stores.jobs.add(
                connection,
                job_id=self._parts.identifiers.uuid(),
                kind=DROP_VOLUME,
                queue=ROOM_QUEUE,
                subject_id=device.volume_id,
                arguments={
                    "volume_id": device.volume_id if device.is_made else "",
                    "attachment_id": device.attachment_id,
                },
                now=now,
            )
        )
        self._parts.wake(ROOM_QUEUE)


def _refuse(error: Rejected, what: str, key: str) -> NoReturn:
    if error.status in (400, 403, 404):
        raise BadRequest(f"{INVALID}: failed to get {what} {key}.") from None
    raise error
