"""Images of servers: snapshots and backups begin here, with a record that waits for its
bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Conflict
from compute.image.client import NewImage
from compute.instance.parts import Parts
from compute.instance.records import Server
from compute.instance.service.actions import Change, ServerActions
from compute.instance.service.order_checks import (
    check_metadata,
)
from compute.instance.service.ordering import Ordering
from compute.instance.service.volume_images import VolumeImages, inherited_properties
from objectstore.kernel.errors import Rejected

SNAPSHOT_RULE = "os_compute_api:servers:create_image"


class Snapshots:
    """Begins them."""

    def __init__(
        self, parts: Parts, actions: ServerActions, ordering: Ordering
    ) -> None:
        self._parts = parts
        self._actions = actions
        self._ordering = ordering
        self._volume_images = VolumeImages(parts)

    def _visible(self, context: RequestContext, server_id: str) -> Server:
        return self._parts.database.read(
            lambda connection: self._parts.visible(
                connection, context, server_id, SNAPSHOT_RULE
            )
        )

    def create_image(
        self,
        context: RequestContext,
        server_id: str,
        name: str,
        metadata: Mapping[str, str],
    ) -> str:
        """Begin a snapshot; the new image's id."""
        return self._capture(context, server_id, name, metadata, {}, {})

    def create_backup(
        self,
        context: RequestContext,
        server_id: str,
        name: str,
        kind: str,
        rotation: int,
        metadata: Mapping[str, str],
    ) -> str:
        """Begin a snapshot that counts as a backup of that ``kind``; the new image's
        id.  When it is there, all but the newest ``rotation`` of the kind go."""
        if self._visible(context, server_id).is_volume_backed:
            raise BadRequest("Backup is not supported for volume-backed instances.")
        marks = {"image_type": "backup", "backup_type": kind}
        keep = {"backup_type": kind, "rotation": rotation}
        return self._capture(context, server_id, name, metadata, marks, keep)

    def _capture(
        self,
        context: RequestContext,
        server_id: str,
        name: str,
        metadata: Mapping[str, str],
        marks: Mapping[str, str],
        more: Mapping[str, Any],
    ) -> str:
        server = self._visible(context, server_id)
        self._actions.check(context, server, "create_image")
        check_metadata(metadata, self._ordering.limits(context))
        if server.is_volume_backed:
            return self._volume_images.create(context, server, name, metadata)
        properties = {**metadata, **marks}
        image_id = self.new_image(server, name, properties, token=context.token)
        arguments = {"image_id": image_id, **more}
        try:
            self._actions.begin(
                context,
                server_id,
                "create_image",
                lambda connection, server: Change(arguments=arguments),
                rule=SNAPSHOT_RULE,
            )
        except Exception:
            self._parts.images.delete(image_id)
            raise
        return image_id

    def new_image(
        self,
        server: Server,
        name: str,
        metadata: Mapping[str, str],
        *,
        token: str = "",
    ) -> str:
        """An image of the server that waits for its bytes; its id.  Made in the name
        of whose ``token`` it is; without one, for the server's project."""
        properties = {
            **inherited_properties(server),
            "image_type": "snapshot",
            "instance_uuid": server.id,
            "base_image_ref": server.image_id,
            "user_id": server.user_id,
            **metadata,
        }
        image = NewImage(
            name=name,
            disk_format="qcow2",
            container_format="bare",
            owner="" if token else server.project_id,
            visibility="private",
            min_disk_gib=int(server.flavor["disk"]),
            min_ram_mib=int(server.image.get("min_ram", 0)),
            properties=properties,
        )
        try:
            return self._parts.images.create(image, token).id
        except Rejected as error:
            if error.status == 409:
                raise Conflict(error.text) from None
            raise
