"""Actions that look further than the state table: rebuild, shelves, rescue."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.image.client import ImageRecord
from compute.instance.abilities import check_image_there
from compute.instance.block_devices import root_of
from compute.instance.parts import Parts
from compute.instance.records import Server
from compute.instance.service.actions import Change, ServerActions
from compute.instance.service.order_checks import (
    check_fit,
    check_metadata,
    image_snapshot,
)
from compute.instance.service.ordering import Ordering
from compute.instance.service.snapshots import Snapshots
from compute.instance.shared_volumes import check_own
from compute.instance.states import VmState

RESCUE_PROPERTIES = ("hw_rescue_device", "hw_rescue_bus")


class Lifecycle:
    """The larger actions."""

    def __init__(
        self,
        parts: Parts,
        actions: ServerActions,
        ordering: Ordering,
        snapshots: Snapshots,
    ) -> None:
        self._parts = parts
        self._stores = parts.stores
        self._actions = actions
        self._ordering = ordering
        self._snapshots = snapshots

    def visible(
        self, context: RequestContext, server_id: str, rule: str = ""
    ) -> Server:
        """The server, for whoever may act on it."""
        return self._parts.database.read(
            lambda connection: self._parts.visible(
                connection, context, server_id, rule or "os_compute_api:servers:act"
            )
        )

    # ---- rebuild ---------------------------------------------------------------

    def rebuild(
        self,
        context: RequestContext,
        server_id: str,
        body: Mapping[str, Any],
        values: Mapping[str, Any],
        password: str,
        *,
        may_write_volume: bool = False,
    ) -> Server:
        """A fresh disk from an image; ``values``: what else changes.
        ``may_write_volume``: also where that disk is a volume."""
        before = self.visible(context, server_id)
        image = self._ordering.bootable(context, body["imageRef"])
        written = self._written_volume(before, image, may_write_volume)
        if "metadata" in body:
            check_metadata(body["metadata"], self._ordering.limits(context))
        key: dict[str, Any] = {}
        if "key_name" in body:
            key = self._key(context, body["key_name"])

        def decide(connection: Connection, server: Server) -> Change:
            flavor = self._stores.flavors.get(connection, server.flavor_id)
            if flavor is not None:
                sized = dataclasses.replace(flavor, disk=server.flavor["disk"])
                check_fit(sized, image, has_root=not server.is_volume_backed)
            host = self._stores.hosts.get(connection, server.host)
            check_image_there(server, host, image_snapshot(image))
            return Change(
                {
                    **values,
                    **key,
                    # A volume-backed server has no image of its own.
                    "image_id": "" if server.is_volume_backed else image.id,
                    "image": image_snapshot(image),
                    "progress": 0,
                },
                {
                    "was_stopped": server.vm_state == VmState.STOPPED.value,
                    "admin_password": password,
                    **({"volume_image_id": image.id} if written else {}),
                },
            )

        return self._actions.begin(context, server_id, "rebuild", decide)

    def _written_volume(
        self, server: Server, image: ImageRecord, may_write: bool
    ) -> bool:
        """Whether the image is to be written into the server's root volume; not when
        it was made from that very image.  ``BadRequest``."""
        root = root_of(server.block_devices)
        if root is None:
            return False
        volume = self._parts.volumes.get(root.volume_id)
        if volume.image_properties.get("image_id") == image.id and not may_write:
            return False
        if not may_write:
            raise BadRequest(
                "Unable to rebuild with a different image for a volume-backed server."
            )
        check_own(self._parts.volumes, server.id, volume.id)
        need = max(image.min_disk_gib << 30, image.virtual_bytes or 0)
        if need > volume.size_gib << 30:
            raise BadRequest(
                f"Volume {volume.id} is too small for image {image.id}: it has"
                f" {volume.size_gib} GB"
            )
        return True

    def _key(self, context: RequestContext, name: str | None) -> dict[str, Any]:
        if name is None:
            return {"key_name": "", "key_public": ""}
        key = self._parts.database.read(
            lambda connection: self._stores.keypairs.get(
                connection, context.user_id, name
            )
        )
        if key is None:
            raise BadRequest("Invalid key_name provided.")
        return {
            "key_name": key.name,
            "key_type": key.type,
            "key_public": key.public_key,
        }

    # ---- shelves ---------------------------------------------------------------

    def shelve(self, context: RequestContext, server_id: str) -> None:
        """Keep the server as an image, and give its place back."""
        server = self.visible(context, server_id)
        self._actions.check(context, server, "shelve")
        image_id = ""
        if not server.is_volume_backed:
            image_id = self._snapshots.new_image(server, f"{server.name}-shelved", {})
        try:
            self._actions.begin(
                context,
                server_id,
                "shelve",
                lambda connection, server: Change(
                    {"shelved_image_id": image_id},
                    {"image_id": image_id, "offload": True},
                ),
            )
        except Exception:
            if image_id:
                self._parts.images.delete(image_id)
            raise

    # ---- rescue ----------------------------------------------------------------

    def rescue(
        self,
        context: RequestContext,
        server_id: str,
        image_id: str,
        *,
        may_have_volume: bool = False,
    ) -> None:
        """Boot from another image, the own disk beside it.  ``may_have_volume``: also
        where that disk is a volume; then every disk keeps its place, as it does when
        the image asks for that by its ``hw_rescue`` properties."""
        server = self.visible(context, server_id)
        wanted = image_id or server.image_id
        if server.is_volume_backed and not may_have_volume:
            raise BadRequest(
                f"Instance {server_id} cannot be rescued: Cannot rescue a volume-backed"
                " instance"
            )
        if not wanted:
            raise BadRequest("rescue_image_ref: an image is needed to boot from.")
        image = self._ordering.bootable(context, wanted)
        keeps_places = server.is_volume_backed or any(
            name in image.properties for name in RESCUE_PROPERTIES
        )
        self._actions.begin(
            context,
            server_id,
            "rescue",
            lambda connection, server: Change(
                {"rescue_image_id": image.id},
                {"image_id": image.id, "keeps_places": keeps_places},
            ),
        )
