"""Images of volume-backed servers: nothing but names of snapshots of their volumes.

Such an image has no bytes; its property ``block_device_mapping`` says of which
snapshots a server made from it gets its volumes.  The snapshots are as of one moment
each, as a power cut would leave the disks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from compute.core.context import RequestContext
from compute.core.errors import Conflict, QuotaExceeded
from compute.core.sql.database import Connection
from compute.image.client import RESERVED_PREFIX, NewImage
from compute.instance.block_devices import (
    SNAPSHOT,
    VOLUME,
    BlockDevice,
    guest_volumes,
)
from compute.instance.model import ACTIONS
from compute.instance.parts import Parts
from compute.instance.records import Server
from compute.instance.service.volume_choice import MAPPING_PROPERTY
from objectstore.kernel.errors import Rejected

# What a snapshot does not inherit: it says where an image came from, not what it is.
NOT_INHERITED = frozenset(
    {
        "image_type",
        "base_image_ref",
        "image_location",
        "image_state",
        "bdm_v2",
        "root_device_name",
        MAPPING_PROPERTY,
    }
)


def inherited_properties(server: Server) -> dict[str, str]:
    """What an image of the server has from the server's own image."""
    return {
        key: str(value)
        for key, value in server.image.get("properties", {}).items()
        # Servers made before this was left out of images' records may still know it.
        if key not in NOT_INHERITED and not key.startswith(RESERVED_PREFIX)
    }


class VolumeImages:
    """Makes them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def create(
        self,
        context: RequestContext,
        server: Server,
        name: str,
        metadata: Mapping[str, str],
    ) -> str:
        """Snapshots of the server's volumes, and the image that names them; its id.
        ``QuotaExceeded``, ``Conflict``."""
        taken: list[str] = []
        try:
            mapping = [
                self._mapped(context, name, device, taken)
                for device in guest_volumes(server.block_devices)
            ]
            image_id = self._image(context, server, name, metadata, mapping)
        except BaseException:
            for snapshot_id in taken:
                self._parts.volumes.delete_snapshot(snapshot_id)
            raise
        self._parts.database.run(
            lambda connection: self._tell(connection, context, server)
        )
        return image_id

    def _mapped(
        self,
        context: RequestContext,
        name: str,
        device: BlockDevice,
        taken: list[str],
    ) -> dict[str, Any]:
        try:
            made = self._parts.volumes.create_snapshot(
                device.volume_id, f"snapshot for {name}", context.token, force=True
            )
        except Rejected as error:
            if error.status == 413:
                raise QuotaExceeded(error.text, status=403) from None
            raise Conflict(error.text or "A volume has no snapshot now") from None
        taken.append(made.id)
        return {
            "source_type": SNAPSHOT,
            "destination_type": VOLUME,
            "snapshot_id": made.id,
            "volume_size": device.size,
            "boot_index": device.boot_index,
            "device_name": device.device,
            "disk_bus": device.bus or None,
            "delete_on_termination": device.delete_on_termination,
            "tag": device.tag or None,
        }

    def _image(
        self,
        context: RequestContext,
        server: Server,
        name: str,
        metadata: Mapping[str, str],
        mapping: list[dict[str, Any]],
    ) -> str:
        properties = {
            **inherited_properties(server),
            **metadata,
            "bdm_v2": "True",
            "root_device_name": server.root_device,
            MAPPING_PROPERTY: orjson.dumps(mapping).decode(),
        }
        images = self._parts.images
        try:
            image = images.create(
                NewImage(
                    name=name,
                    disk_format="raw",
                    visibility="private",
                    min_ram_mib=int(server.image.get("min_ram", 0)),
                    properties=properties,
                ),
                context.token,
            )
        except Rejected as error:
            if error.status == 409:
                raise Conflict(error.text) from None
            raise
        # No bytes, but an image that can be used: its status says so.
        images.upload(image.id, b"", context.token)
        return image.id

    def _tell(
        self, connection: Connection, context: RequestContext, server: Server
    ) -> None:
        stores, now = self._parts.stores, self._parts.clock.time()
        label = ACTIONS["create_image"].label
        stores.actions.begin(connection, context, server.id, label, now)
        stores.events.append(connection, context, now, "server.snapshot", server.id)
