"""What is work on a volume's bytes: checked, and written as a volume host's job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.image.client import ImageRecord, NewImage
from compute.volume import rules, sharing
from compute.volume.errors import InvalidStatus
from compute.volume.model import DELETING
from compute.volume.parts import Parts
from compute.volume.records import Volume
from compute.volume.service.group_rest import check_at_rest
from compute.volume.service.quotas import Quotas
from compute.volume.service.types import Types


class VolumeOrders:
    """Each call is one transaction."""

    def __init__(self, parts: Parts, quotas: Quotas, types: Types) -> None:
        self._parts = parts
        self._quotas = quotas
        self._types = types

    def delete(
        self,
        context: RequestContext,
        volume_id: str,
        *,
        cascade: bool = False,
        force: bool = False,
    ) -> None:
        """Remove it; with its snapshots if ``cascade``."""
        parts = self._parts
        rule = "volume:force_delete" if force else "volume:delete"

        def write(connection: Connection) -> None:
            volume = parts.volume(connection, context, volume_id, rule)
            if volume.status == DELETING and force:
                return
            rules.check_ungrouped(volume, "deleted")
            self.begin_deletion(
                connection, context, volume, cascade=cascade, force=force
            )

        parts.order(write)

    def begin_deletion(
        self,
        connection: Connection,
        context: RequestContext,
        volume: Volume,
        *,
        cascade: bool = False,
        force: bool = False,
    ) -> None:
        """``delete``, for who may, as a part of a transaction."""
        parts = self._parts
        found = rules.check_volume(volume, "force_delete" if force else "delete")
        self._check_unused(connection, volume, cascade=cascade, force=force)
        taken = parts.stores.snapshots.all(connection, volume_id=volume.id)
        if not volume.host and not taken:
            # It never had a place: there are no bytes to remove first.
            parts.tell(connection, context, "volume.deleted", volume.id)
            parts.stores.forget_volume(connection, volume.id)
            return
        if force:
            parts.stores.jobs.cancel(connection, volume.id)
        arguments = {"volume_id": volume.id, "cascade": cascade}
        parts.add_job(connection, "delete_volume", volume.id, arguments, volume.host)
        parts.tell(connection, context, "volume.delete", volume.id)
        parts.set_status(connection, volume, found.during)

    def _check_unused(
        self, connection: Connection, volume: Volume, *, cascade: bool, force: bool
    ) -> None:
        stores = self._parts.stores
        attachments = stores.attachments.all(connection, volume_id=volume.id)
        if attachments and not (force and sharing.is_free(volume, attachments)):
            raise InvalidStatus(
                f"Invalid volume: Volume {volume.id} is still attached, detach volume"
                " first."
            )
        snapshots = stores.snapshots.all(connection, volume_id=volume.id)
        if snapshots and not cascade:
            raise InvalidStatus(
                f"Invalid volume: Volume {volume.id} still has {len(snapshots)}"
                " dependent snapshots."
            )
        for snapshot in snapshots:
            rules.check_snapshot(snapshot, "delete")
            rules.check_snapshot_ungrouped(snapshot)
            stores.snapshots.change(connection, snapshot, status=DELETING)

    def extend(
        self,
        context: RequestContext,
        volume_id: str,
        size_gib: int,
        *,
        attached: bool,
    ) -> None:
        """Let it grow; ``attached``: also one that is in use."""
        parts = self._parts

        def job(connection: Connection, volume: Volume) -> Mapping[str, Any]:
            rows = parts.stores.attachments
            sharing.check_growing(volume, rows.all(connection, volume_id=volume.id))
            if size_gib <= volume.size_gib:
                raise BadRequest(
                    "Invalid input received: New size for extend must be greater than"
                    f" current size. (current: {volume.size_gib}, extended:"
                    f" {size_gib})."
                )
            rules.check_size(size_gib, 0, "")
            self._quotas.check_size(connection, volume.project_id, size_gib)
            more = size_gib - volume.size_gib
            volume_type = self._types.known(connection, volume.type_id)
            self._quotas.check(
                connection, volume.project_id, volume_type, gigabytes=more
            )
            return {"size_gib": size_gib}

        action = "extend_attached" if attached else "extend"
        self._order(
            context,
            volume_id,
            action,
            "volume:extend",
            job,
            "extend_volume",
            extending_to_gib=size_gib,
        )

    def revert(self, context: RequestContext, volume_id: str, snapshot_id: str) -> None:
        """Back to the newest snapshot."""
        parts = self._parts

        def job(connection: Connection, volume: Volume) -> Mapping[str, Any]:
            snapshots = parts.stores.snapshots.all(connection, volume_id=volume.id)
            newest = snapshots[-1] if snapshots else None
            if newest is None or newest.id != snapshot_id:
                raise BadRequest(
                    f"Invalid input received: Snapshot {snapshot_id} is not the latest"
                    f" one of volume {volume.id}."
                )
            if newest.size_gib != volume.size_gib:
                raise BadRequest(
                    f"Invalid input received: Volume {volume.id} has grown since"
                    f" snapshot {snapshot_id} was taken: it cannot be reverted."
                )
            found = rules.check_snapshot(newest, "revert")
            parts.stores.snapshots.change(connection, newest, status=found.during)
            return {"snapshot_id": snapshot_id}

        self._order(
            context,
            volume_id,
            "revert",
            "volume:revert_to_snapshot",
            job,
            "revert_volume",
        )

    def upload(
        self,
        context: RequestContext,
        volume_id: str,
        image: NewImage,
        *,
        force: bool,
    ) -> tuple[Volume, ImageRecord]:
        """Begin to make an image of it; the volume, and the image without bytes."""
        parts = self._parts
        action = "upload_forced" if force else "upload"
        rule = "volume_extension:volume_actions:upload_image"

        def look(connection: Connection) -> Volume:
            volume = parts.volume(connection, context, volume_id, rule)
            rules.check_volume(volume, action)
            if volume.is_encrypted:
                raise BadRequest(
                    "Invalid input received: an image of an encrypted volume would be"
                    " of no use without its key, and is not made here"
                )
            return volume

        parts.database.read(look)
        created = parts.images.create(image, context.token)
        try:
            volume = self._order(
                context,
                volume_id,
                action,
                rule,
                lambda connection, volume: {
                    "image_id": created.id,
                    "was": volume.status,
                },
                "upload_volume",
            )
        except BaseException:
            parts.images.delete(created.id)
            raise
        return volume, created

    def _order(
        self,
        context: RequestContext,
        volume_id: str,
        action: str,
        rule: str,
        job: Callable[[Connection, Volume], Mapping[str, Any]],
        kind: str,
        **values: Any,
    ) -> Volume:
        """Begin a job of that kind; ``job`` checks, and gives its arguments."""
        parts = self._parts

        def write(connection: Connection) -> Volume:
            volume = parts.volume(connection, context, volume_id, rule)
            found = rules.check_volume(volume, action)
            check_at_rest(connection, parts.stores, volume.group_id)
            arguments = {"volume_id": volume.id, **job(connection, volume)}
            parts.tell(connection, context, f"volume.{action}", volume_id)
            parts.add_job(connection, kind, volume.id, arguments, volume.host)
            return parts.set_status(connection, volume, found.during, **values)

        return parts.order(write)
