"""Actions that look further than the state table: rebuild, resize, images, shelves."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.database import Connection
from compute.core.errors import BadRequest, Conflict
from compute.image.client import ImageRecord, NewImage
from compute.instance.block_devices import root_of
from compute.instance.model import VmState
from compute.instance.records import Server
from compute.instance.rules import NO_VALID_HOST, on_volume
from compute.instance.service.actions import Change, ServerActions
from compute.instance.service.departures import NoRoom
from compute.instance.service.moving import Moving
from compute.instance.service.needs import amounts_of
from compute.instance.service.order_checks import (
    check_fit,
    check_metadata,
    check_no_growth_down,
    image_snapshot,
)
from compute.instance.service.ordering import Ordering
from compute.instance.service.quotas import Quotas
from compute.instance.service.volume_images import VolumeImages, inherited_properties
from compute.instance.wiring import Wiring
from objectstore.kernel.errors import Rejected

RESCUE_PROPERTIES = ("hw_rescue_device", "hw_rescue_bus")
SNAPSHOT_RULE = "os_compute_api:servers:create_image"


class _NoRoomHere(BadRequest):
    """The server's own host has no room for the flavor."""


class Lifecycle:
    """The larger actions."""

    def __init__(
        self,
        wiring: Wiring,
        actions: ServerActions,
        ordering: Ordering,
        quotas: Quotas,
        moving: Moving,
    ) -> None:
        self._moving = moving
        self._wiring = wiring
        self._stores = wiring.stores
        self._actions = actions
        self._ordering = ordering
        self._quotas = quotas
        self._volume_images = VolumeImages(wiring)

    def visible(
        self, context: RequestContext, server_id: str, rule: str = ""
    ) -> Server:
        """The server, for whoever may act on it."""
        return self._wiring.database.read(
            lambda connection: self._wiring.visible(
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
        volume = self._wiring.volumes.get(root.volume_id)
        if volume.image_properties.get("image_id") == image.id and not may_write:
            return False
        if not may_write:
            raise BadRequest(
                "Unable to rebuild with a different image for a volume-backed server."
            )
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
        key = self._wiring.database.read(
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

    # ---- resize ----------------------------------------------------------------

    def resize(self, context: RequestContext, server_id: str, flavor_id: str) -> None:
        """Another flavor: on the same host, which costs no copy of the disk; on
        another where that one has no room or takes no new servers.  ``BadRequest``."""
        server = self.visible(context, server_id)
        self._actions.check(context, server, "resize")
        new = self._wiring.database.read(
            lambda connection: self._new_flavor(connection, context, server, flavor_id)
        )
        if self._is_leaving(server):
            try:
                self._moving.resize_elsewhere(context, server, new)
            except NoRoom:
                self._resize_here(context, server, flavor_id)
            return
        try:
            self._resize_here(context, server, flavor_id)
        except _NoRoomHere:
            self._moving.resize_elsewhere(context, server, new)

    def _resize_here(
        self, context: RequestContext, server: Server, flavor_id: str
    ) -> None:
        def decide(connection: Connection, server: Server) -> Change:
            new = self._new_flavor(connection, context, server, flavor_id)
            # Room for either, until it is clear which one stays.
            both = amounts_of(new).at_least(amounts_of(server.flavor))
            capacity = self._wiring.placer.capacity
            if not self._stores.hosts.change(connection, server.id, both, capacity):
                raise _NoRoomHere(NO_VALID_HOST)
            migration = self._moving.note_stay(connection, context, server, new)
            resize = {
                "old_flavor": dict(server.flavor),
                "new_flavor": new,
                "old_vm_state": server.vm_state,
                "migration": migration.uuid,
            }
            return Change({"resize": resize}, {"flavor": new})

        self._actions.begin(context, server.id, "resize", decide)

    def _new_flavor(
        self,
        connection: Connection,
        context: RequestContext,
        server: Server,
        flavor_id: str,
    ) -> dict[str, Any]:
        flavor = self._ordering.flavor(connection, context, flavor_id)
        if flavor.flavor_id == server.flavor_id:
            raise BadRequest("When resizing, instances must change flavor!")
        is_on_volume = server.is_volume_backed
        check_no_growth_down(server.flavor, flavor, has_root=not is_on_volume)
        self._quotas.check_growth(
            connection,
            server.project_id,
            server.user_id,
            vcpus=flavor.vcpus - server.vcpus,
            memory_mib=flavor.ram - server.memory_mib,
        )
        new = flavor.snapshot()
        return on_volume(new) if is_on_volume else new

    def _is_leaving(self, server: Server) -> bool:
        """Whether the server's host is being emptied."""
        host = self._wiring.database.read(
            lambda connection: self._stores.hosts.get(connection, server.host)
        )
        return host is not None and not host.enabled

    # ---- images ----------------------------------------------------------------

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
        if self.visible(context, server_id, SNAPSHOT_RULE).is_volume_backed:
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
        server = self.visible(context, server_id, SNAPSHOT_RULE)
        self._actions.check(context, server, "create_image")
        check_metadata(metadata, self._ordering.limits(context))
        if server.is_volume_backed:
            return self._volume_images.create(context, server, name, metadata)
        properties = {**metadata, **marks}
        image_id = self._new_image(server, name, properties, token=context.token)
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
            self._wiring.images.delete(image_id)
            raise
        return image_id

    def _new_image(
        self,
        server: Server,
        name: str,
        metadata: Mapping[str, str],
        *,
        token: str = "",
    ) -> str:
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
            return self._wiring.images.create(image, token).id
        except Rejected as error:
            if error.status == 409:
                raise Conflict(error.text) from None
            raise

    # ---- shelves ---------------------------------------------------------------

    def shelve(self, context: RequestContext, server_id: str) -> None:
        """Keep the server as an image, and give its place back."""
        server = self.visible(context, server_id)
        self._actions.check(context, server, "shelve")
        image_id = ""
        if not server.is_volume_backed:
            image_id = self._new_image(server, f"{server.name}-shelved", {})
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
                self._wiring.images.delete(image_id)
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
