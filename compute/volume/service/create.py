"""New volumes: empty, or from an image, a snapshot, another volume, or a backup."""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.image.client import ImageRecord
from compute.volume import rules, sharing
from compute.volume.errors import InvalidStatus
from compute.volume.keys import kept_cipher
from compute.volume.messages import NO_BACKEND
from compute.volume.model import CREATING, ERROR, RESTORING, TYPE_OF_IMAGE, ZONE
from compute.volume.parts import Parts
from compute.volume.records import Backup, Volume, VolumeType
from compute.volume.service.group_members import check_member, check_room
from compute.volume.service.hosts import Hosts, host_of_group
from compute.volume.service.new_volumes import Order, check_one_source
from compute.volume.service.quotas import Quotas
from compute.volume.service.restoring import add_restore_job
from compute.volume.service.snapshot_shares import usable_snapshot
from compute.volume.service.sources import FILE, Source, of_image, of_volume
from compute.volume.service.types import Types
from objectstore.kernel.errors import Rejected


class VolumeCreation:
    """See the module's docstring."""

    def __init__(self, parts: Parts, quotas: Quotas, types: Types) -> None:
        self._parts = parts
        self._quotas = quotas
        self._types = types
        self._hosts = Hosts(parts)

    def create(self, context: RequestContext, order: Order) -> Volume:
        """A volume in status ``creating``.  ``NotFound`` for a source that is not
        there, ``BadRequest`` for one that cannot be used, ``OverLimit``."""
        parts = self._parts
        parts.enforce(context, "volume:create")
        check_one_source(order)
        rules.check_metadata_count(order.metadata)
        image = self.image(context, order.image_id) if order.image_id else None
        return parts.order(
            lambda connection: self._add(connection, context, order, image)
        )

    def restored(
        self,
        connection: Connection,
        context: RequestContext,
        backup: Backup,
        order: Order,
    ) -> Volume:
        """A volume for a backup's bytes, which another job brings."""
        source = Source(
            "backup",
            backup.id,
            backup.size_gib,
            backup.type_id,
            is_encrypted=bool(backup.encryption_key_id),
        )
        return self._insert(connection, context, order, source, RESTORING)

    def _add(
        self,
        connection: Connection,
        context: RequestContext,
        order: Order,
        image: ImageRecord | None,
    ) -> Volume:
        if order.backup_id:
            return self._from_backup(connection, context, order)
        if order.group_id:
            rule = "group:update"
            group = self._parts.group(connection, context, order.group_id, rule)
            check_room(connection, self._parts.stores, group)
        source = self._source(connection, context, order, image)
        volume = self._insert(connection, context, order, source, CREATING)
        if volume.status == ERROR:
            return volume
        arguments = {
            "volume_id": volume.id,
            "size_gib": volume.size_gib,
            "source": source.kind,
            "source_id": source.id,
            "image_format": source.image_format,
            "key_of": source.key_of,
        }
        kind = "create_volume"
        self._parts.add_job(connection, kind, volume.id, arguments, volume.host)
        return volume

    def member(
        self,
        connection: Connection,
        context: RequestContext,
        order: Order,
        source: Source,
    ) -> Volume:
        """A volume whose bytes another job brings: a group's, or one that takes over
        what is there."""
        return self._insert(connection, context, order, source, CREATING)

    def _insert(
        self,
        connection: Connection,
        context: RequestContext,
        order: Order,
        source: Source,
        status: str,
    ) -> Volume:
        parts = self._parts
        if order.availability_zone not in ("", ZONE):
            raise BadRequest(
                f"Availability zone '{order.availability_zone}' is invalid."
            )
        project_id = order.project_id or context.project_id
        size = order.size_gib or (source.least_gib if source.kind != "image" else 0)
        what = {"snapshot": "the snapshot size", "volume": "original volume size"}
        rules.check_size(size, source.least_gib, what.get(source.kind, "its source"))
        volume_type = self._type(connection, context, project_id, order, source)
        is_shared = sharing.is_multiattach(volume_type)
        if is_shared:
            parts.enforce(context, sharing.RULE)
        check_member(connection, parts.stores, order.group_id, project_id, volume_type)
        is_encrypted = self._is_encrypted(connection, volume_type, source)
        sharing.check_plain(is_shared=is_shared, is_encrypted=is_encrypted)
        self._quotas.check_size(connection, project_id, size)
        self._quotas.check(
            connection, project_id, volume_type, volumes=1, gigabytes=size
        )
        host = self._hosts.choose(
            connection, volume_type, self._near(connection, order, source)
        )
        has_place = bool(host)
        if status != CREATING and not has_place:
            raise BadRequest("No valid backend was found for the volume's type")
        now = parts.clock.time()
        volume = Volume(
            id=parts.identifiers.uuid(),
            project_id=project_id,
            user_id=order.user_id or context.user_id,
            status=status if has_place else ERROR,
            size_gib=size,
            created_at=now,
            updated_at=now,
            type_id=volume_type.id,
            host=host,
            availability_zone=ZONE,
            name=order.name,
            description=order.description,
            bootable=source.bootable,
            multiattach=is_shared,
            snapshot_id=order.snapshot_id,
            source_volume_id=order.source_volume_id,
            metadata=order.metadata,
            image_metadata=source.image_metadata,
            group_id=order.group_id,
            encryption_key_id=parts.identifiers.uuid() if is_encrypted else "",
        )
        parts.stores.volumes.add(connection, volume)
        parts.tell(connection, context, "volume.create", volume.id, {"size_gib": size})
        if not has_place:
            parts.report(
                connection, NO_BACKEND, project_id, volume.id, context.request_id
            )
        return volume

    def _near(self, connection: Connection, order: Order, source: Source) -> str:
        """The host that it has to be on: where the bytes are that it begins with, and
        the volumes of its group; "" for any."""
        together = host_of_group(connection, self._parts.stores, order.group_id)
        if source.host and together and source.host != together:
            raise BadRequest(
                "Invalid input received: what the volume is made of, and its group,"
                " are on two hosts: migrate one of them"
            )
        return source.host or together

    def _type(
        self,
        connection: Connection,
        context: RequestContext,
        project_id: str,
        order: Order,
        source: Source,
    ) -> VolumeType:
        if order.type_key:
            return self._types.get(connection, context, order.type_key)
        named = source.image_metadata.get(TYPE_OF_IMAGE, "")
        if named and source.kind == "image":
            return self._types.get(connection, context, named)
        if source.type_id:
            return self._types.known(connection, source.type_id)
        return self._types.default_of(connection, project_id)

    def _is_encrypted(
        self, connection: Connection, volume_type: VolumeType, source: Source
    ) -> bool:
        """Whether it will be, as its type says; bytes that are copied stay as they
        are, so the type must say what they are."""
        rows = self._parts.stores.type_encryptions
        cipher = kept_cipher(connection, rows, volume_type.id)
        if source.kind in ("volume", "snapshot", "backup", FILE):
            there = None
            if source.is_encrypted:
                there = kept_cipher(connection, rows, source.type_id)
            if there != cipher:
                raise BadRequest(
                    f"Invalid input received: a volume of type {volume_type.name}"
                    f" cannot be made from a {source.kind} that is not encrypted as"
                    " that type says"
                )
        return cipher is not None

    # ---- sources ---------------------------------------------------------------

    def _source(
        self,
        connection: Connection,
        context: RequestContext,
        order: Order,
        image: ImageRecord | None,
    ) -> Source:
        if image is not None:
            return of_image(image)
        if order.snapshot_id:
            return self._of_snapshot(connection, context, order.snapshot_id)
        if order.source_volume_id:
            volume = self._parts.volume(
                connection, context, order.source_volume_id, "volume:get"
            )
            rules.check_volume(volume, "clone")
            return of_volume("volume", volume.id, volume.size_gib, volume)
        return Source()

    def _of_snapshot(
        self, connection: Connection, context: RequestContext, snapshot_id: str
    ) -> Source:
        snapshot = usable_snapshot(self._parts, connection, context, snapshot_id)
        rules.check_snapshot(snapshot, "use")
        volume = self._parts.stores.volumes.get(connection, snapshot.volume_id)
        source = of_volume("snapshot", snapshot.id, snapshot.size_gib, volume)
        known = self._types.known(connection, source.type_id)
        if not self._types.is_visible(context, known):
            # Somebody else's: it is his type's bytes, and not his type.
            source.type_id = ""
        return source

    def _from_backup(
        self, connection: Connection, context: RequestContext, order: Order
    ) -> Volume:
        parts = self._parts
        backup = parts.backup(connection, context, order.backup_id, "backup:restore")
        rules.check_backup(backup, "restore")
        volume = self.restored(connection, context, backup, order)
        add_restore_job(parts, connection, backup, volume, is_new=True)
        return volume

    def image(self, context: RequestContext, image_id: str) -> ImageRecord:
        """As the caller sees it; without a token of his, as the house does."""
        is_house = context.has_role("service")
        try:
            image = self._parts.images.get(
                image_id, token="" if is_house else context.token
            )
        except Rejected as error:
            if error.status in (400, 404):
                raise NotFound(f"Image {image_id} could not be found.") from None
            raise
        if not image.is_active:
            raise InvalidStatus(f"Invalid image: Image {image_id} is not active.")
        return image
