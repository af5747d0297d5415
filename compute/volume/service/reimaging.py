"""Another image over what a volume has."""

from __future__ import annotations

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.volume import rules
from compute.volume.errors import InvalidStatus
from compute.volume.records import Volume
from compute.volume.service.create import VolumeCreation
from compute.volume.service.group_rest import check_at_rest
from compute.volume.service.sources import of_image
from compute.volume.wiring import Wiring


class Reimaging:
    """One transaction; the bytes come by a job."""

    def __init__(self, wiring: Wiring, creation: VolumeCreation) -> None:
        self._wiring = wiring
        self._creation = creation

    def reimage(
        self, context: RequestContext, volume_id: str, image_id: str, *, reserved: bool
    ) -> None:
        """Begin to write it; ``reserved``: also while the volume is promised to a
        server.  ``InvalidStatus`` while a host is connected."""
        wiring = self._wiring
        name = "reimage_reserved" if reserved else "reimage"
        rule = f"volume:{name}"
        wiring.database.read(
            lambda connection: wiring.volume(connection, context, volume_id, rule)
        )
        source = of_image(self._creation.image(context, image_id))

        def write(connection: Connection) -> Volume:
            volume = wiring.volume(connection, context, volume_id, rule)
            found = rules.check_volume(volume, name)
            check_at_rest(connection, wiring.stores, volume.group_id)
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
            wiring.add_job(connection, kind, volume.id, arguments, volume.host)
            wiring.tell(connection, context, "volume.reimage", volume.id)
            return wiring.set_status(connection, volume, found.during)

        wiring.order(write)

    def _check_let_go(self, connection: Connection, volume: Volume) -> None:
        """Nobody has a way to bytes that are about to be others."""
        rows = self._wiring.stores.attachments.all(connection, volume_id=volume.id)
        if any(each.connector for each in rows) or not volume.host:
            raise InvalidStatus(
                f"Invalid volume: Volume {volume.id} has no bytes, or a host that is"
                " connected to them"
            )
