"""Another image over what a volume has."""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.volume import rules
from compute.volume.errors import InvalidStatus
from compute.volume.parts import Parts
from compute.volume.records import Volume
from compute.volume.service.create import VolumeCreation
from compute.volume.service.group_rest import check_at_rest
from compute.volume.service.sources import of_image


class Reimaging:
    """One transaction; the bytes come by a job."""

    def __init__(self, parts: Parts, creation: VolumeCreation) -> None:
        self._parts = parts
        self._creation = creation

    def reimage(
        self, context: RequestContext, volume_id: str, image_id: str, *, reserved: bool
    ) -> None:
        """Begin to write it; ``reserved``: also while the volume is promised to a
        server.  ``InvalidStatus`` while a host is connected."""
        parts = self._parts
        name = "reimage_reserved" if reserved else "reimage"
        rule = f"volume:{name}"
        parts.database.read(
            lambda connection: parts.volume(connection, context, volume_id, rule)
        )
        source = of_image(self._creation.image(context, image_id))

        def write(connection: Connection) -> Volume:
            volume = parts.volume(connection, context, volume_id, rule)
            found = rules.check_volume(volume, name)
            check_at_rest(connection, parts.stores, volume.group_id)
            self._check_let_go(connection, volume)
            rules.check_size(volume.size_gib, source.least_gib, "its source")
            arguments = {
                "volume_id": volume.id,
                "size_gib": volume.size_gib,
                "image_id": source.id,
                "image_format": source.image_format,
                "image_metadata": source.image_metadata,
            }
            kind = "reimage_volume"
            parts.add_job(connection, kind, volume.id, arguments, volume.host)
            parts.tell(connection, context, "volume.reimage", volume.id)
            return parts.set_status(connection, volume, found.during)

        parts.order(write)

    def _check_let_go(self, connection: Connection, volume: Volume) -> None:
        """Nobody has a way to bytes that are about to be others."""
        rows = self._parts.stores.attachments.all(connection, volume_id=volume.id)
        if any(each.connector for each in rows) or not volume.host:
            raise InvalidStatus(
                f"Invalid volume: Volume {volume.id} has no bytes, or a host that is"
                " connected to them"
            )
