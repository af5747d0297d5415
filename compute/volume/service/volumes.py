"""What may be done with a volume that is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.database import Connection
from compute.core.errors import BadRequest
from compute.image.client import ImageRecord, NewImage
from compute.volume import rules
from compute.volume.errors import InvalidStatus
from compute.volume.model import (
    AVAILABLE,
    DELETING,
    IN_USE,
    METADATA_ITEMS_MAX,
    STATUSES,
)
from compute.volume.records import Volume
from compute.volume.service.quotas import Quotas
from compute.volume.service.types import Types
from compute.volume.wiring import Wiring

Decide = Callable[[Connection, Volume], Mapping[str, Any]]


class Volumes:
    """Each call is one transaction."""

    def __init__(self, wiring: Wiring, quotas: Quotas, types: Types) -> None:
        self._wiring = wiring
        self._quotas = quotas
        self._types = types

    def change(
        self,
        context: RequestContext,
        volume_id: str,
        action: str,
        rule: str,
        decide: Decide,
    ) -> Volume:
        """Set what ``decide`` says, if the action is legal now."""
        wiring = self._wiring

        def write(connection: Connection) -> Volume:
            volume = wiring.volume(connection, context, volume_id, rule)
            rules.check_volume(volume, action)
            values = dict(decide(connection, volume))
            wiring.tell(connection, context, f"volume.{action}", volume_id)
            if "status" in values:
                return wiring.set_status(
                    connection, volume, values.pop("status"), **values
                )
            values["updated_at"] = wiring.clock.time()
            return wiring.stores.volumes.change(connection, volume, **values)

        return wiring.change(write)

    def order(
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
        wiring = self._wiring

        def write(connection: Connection) -> Volume:
            volume = wiring.volume(connection, context, volume_id, rule)
            found = rules.check_volume(volume, action)
            arguments = {"volume_id": volume.id, **job(connection, volume)}
            wiring.tell(connection, context, f"volume.{action}", volume_id)
            wiring.add_job(connection, kind, volume.id, arguments)
            return wiring.set_status(connection, volume, found.during, **values)

        return wiring.order(write)

    # ---- what changes the record -----------------------------------------------

    def update(
        self, context: RequestContext, volume_id: str, values: Mapping[str, Any]
    ) -> Volume:
        """Name, description, metadata."""
        if "metadata" in values:
            rules.check_metadata_count(values["metadata"])
        rule = "volume:update"
        return self.change(
            context, volume_id, "update", rule, lambda connection, volume: values
        )

    def change_metadata(
        self,
        context: RequestContext,
        volume_id: str,
        decide: Callable[[dict[str, str]], dict[str, str]],
        column: str = "metadata",
    ) -> dict[str, str]:
        """What ``decide`` makes of it; the metadata then.  ``column``: ``metadata`` or
        ``image_metadata``."""

        def merge(connection: Connection, volume: Volume) -> Mapping[str, Any]:
            after = decide(dict(getattr(volume, column)))
            if len(after) > METADATA_ITEMS_MAX:
                rules.check_metadata_count(after)
            return {column: after}

        rule = "volume:update_volume_metadata"
        changed = self.change(context, volume_id, "update", rule, merge)
        return dict(getattr(changed, column))

    def set_bootable(
        self, context: RequestContext, volume_id: str, bootable: bool
    ) -> None:
        """Whether servers may boot from it."""
        self.change(
            context,
            volume_id,
            "set_bootable",
            "volume:update",
            lambda connection, volume: {"bootable": bootable},
        )

    def set_read_only(
        self, context: RequestContext, volume_id: str, read_only: bool
    ) -> None:
        """Whether attachments from now on may write."""
        self.change(
            context,
            volume_id,
            "set_readonly",
            "volume:update_readonly_flag",
            lambda connection, volume: {"read_only": read_only},
        )

    def reset_status(
        self, context: RequestContext, volume_id: str, values: Mapping[str, str]
    ) -> None:
        """Administrators know better."""
        status = values.get("status", "")
        if status and status not in STATUSES:
            raise BadRequest(f"Invalid status: {status} is not a volume's")

        def decide(connection: Connection, volume: Volume) -> Mapping[str, Any]:
            return {"status": status} if status else {}

        rule = "volume_extension:volume_admin_actions:reset_status"
        self.change(context, volume_id, "reset_status", rule, decide)

    def retype(
        self, context: RequestContext, volume_id: str, type_key: str, policy: str
    ) -> None:
        """Another type: all types' volumes are at the same place, so this moves
        nothing."""

        def decide(connection: Connection, volume: Volume) -> Mapping[str, Any]:
            wanted = self._types.get(connection, context, type_key)
            if wanted.id == volume.type_id:
                raise BadRequest(
                    f"Invalid input received: Volume {volume.id} is of type"
                    f" {wanted.name} already"
                )
            rules.check_type_usable(wanted)
            now = self._types.known(connection, volume.type_id)
            if volume.status == IN_USE and now.qos_id != wanted.qos_id:
                raise InvalidStatus(
                    "Invalid volume: Retype cannot change the qos specs of a volume"
                    " that is in-use."
                )
            more = {"volumes": 1, "gigabytes": volume.size_gib}
            limits = self._quotas.of(connection, volume.project_id)
            of_type = {
                f"{name}_{wanted.name}": limits.get(f"{name}_{wanted.name}", -1)
                for name in more
            }
            used = self._quotas.used(connection, volume.project_id)
            rules.check_quota(of_type, used, more, wanted)
            return {"type_id": wanted.id}

        self.change(context, volume_id, "retype", "volume:retype", decide)

    # ---- what is work ----------------------------------------------------------

    def delete(
        self,
        context: RequestContext,
        volume_id: str,
        *,
        cascade: bool = False,
        force: bool = False,
    ) -> None:
        """Remove it; with its snapshots if ``cascade``."""
        wiring = self._wiring
        rule = "volume:force_delete" if force else "volume:delete"
        action = "force_delete" if force else "delete"

        def write(connection: Connection) -> None:
            volume = wiring.volume(connection, context, volume_id, rule)
            if volume.status == DELETING and force:
                return
            found = rules.check_volume(volume, action)
            self._check_unused(connection, volume, cascade=cascade, force=force)
            if force:
                wiring.stores.jobs.cancel(connection, volume.id)
            arguments = {"volume_id": volume.id, "cascade": cascade}
            wiring.add_job(connection, "delete_volume", volume.id, arguments)
            wiring.tell(connection, context, "volume.delete", volume.id)
            wiring.set_status(connection, volume, found.during)

        wiring.order(write)

    def _check_unused(
        self, connection: Connection, volume: Volume, *, cascade: bool, force: bool
    ) -> None:
        stores = self._wiring.stores
        if stores.attachments.all(connection, volume_id=volume.id) and not force:
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

        def job(connection: Connection, volume: Volume) -> Mapping[str, Any]:
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
        self.order(
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
        wiring = self._wiring

        def job(connection: Connection, volume: Volume) -> Mapping[str, Any]:
            snapshots = wiring.stores.snapshots.all(connection, volume_id=volume.id)
            newest = snapshots[-1] if snapshots else None
            if newest is None or newest.id != snapshot_id:
                raise BadRequest(
                    f"Invalid input received: Snapshot {snapshot_id} is not the latest"
                    f" one of volume {volume.id}."
                )
            found = rules.check_snapshot(newest, "revert")
            wiring.stores.snapshots.change(connection, newest, status=found.during)
            return {"snapshot_id": snapshot_id}

        self.order(
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
        wiring = self._wiring
        action = "upload_forced" if force else "upload"
        rule = "volume_extension:volume_actions:upload_image"

        def look(connection: Connection) -> Volume:
            volume = wiring.volume(connection, context, volume_id, rule)
            rules.check_volume(volume, action)
            return volume

        wiring.database.read(look)
        created = wiring.images.create(image, context.token)
        try:
            volume = self.order(
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
            wiring.images.delete(created.id)
            raise
        return volume, created

    # ---- the older way of attaching: no records --------------------------------

    def step(
        self, context: RequestContext, volume_id: str, action: str, *, quiet: bool
    ) -> None:
        """One of reserve, unreserve, begin_detaching, roll_detaching.  ``quiet``: when
        it is not legal, nothing happens, as Cinder does it."""
        rule = "volume_extension:volume_actions:reserve"
        wiring = self._wiring

        def write(connection: Connection) -> None:
            volume = wiring.volume(connection, context, volume_id, rule)
            try:
                found = rules.check_volume(volume, action)
            except InvalidStatus:
                if quiet:
                    return
                raise
            attachments = wiring.stores.attachments.all(connection, volume_id=volume_id)
            status = found.during
            if status == AVAILABLE:
                status = rules.status_of_attachments(attachments)
            wiring.tell(connection, context, f"volume.{action}", volume_id)
            wiring.set_status(connection, volume, status)

        wiring.change(write)
