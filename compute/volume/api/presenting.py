"""Records of the room, with what belongs to them, ready for a reply."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.sql.database import Connection
from compute.volume.api.frame import links, minor_of
from compute.volume.parts import Parts
from compute.volume.records import Attachment, Volume
from compute.volume.views.volumes import (
    Shown,
    attachment_document,
    volume_document,
)

_Beside = tuple[dict[str, str], list[Attachment], dict[str, str]]
"""Types' names, attachments, hosts' back ends."""


class Presenter:
    """Shows things to a caller."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def shown(self, call: ApiCall) -> Shown:
        """What this caller's replies depend on."""
        is_admin = self._parts.allows(
            call.context, "volume_extension:volume_host_attribute"
        )
        return Shown(minor_of(call), is_admin)

    def volumes(
        self, call: ApiCall, volumes: list[Volume], *, extended: bool = True
    ) -> list[dict[str, Any]]:
        """In detail."""
        stores = self._parts.stores
        services = stores.services

        def look(connection: Connection) -> _Beside:
            names = {each.id: each.name for each in stores.types.all(connection)}
            ids = [each.id for each in volumes]
            held = stores.attachments.all(connection, volume_id=ids)
            backends = {
                each.host: each.told.backend for each in services.all(connection)
            }
            return names, held, backends

        names, attachments, backends = self._parts.database.read(look)
        shown = replace(self.shown(call), extended=extended, backends=backends)
        return [
            volume_document(
                volume,
                names.get(volume.type_id, ""),
                [each for each in attachments if each.volume_id == volume.id],
                links(call, "volumes", volume.id),
                shown,
            )
            for volume in volumes
        ]

    def brief(self, call: ApiCall, volumes: list[Volume]) -> list[dict[str, Any]]:
        """Id, name and links."""
        return [
            {
                "id": volume.id,
                "name": volume.name,
                "links": links(call, "volumes", volume.id),
            }
            for volume in volumes
        ]

    def volume(self, call: ApiCall, volume: Volume) -> dict[str, Any]:
        """One."""
        return {"volume": self.volumes(call, [volume])[0]}

    def changed_volume(self, call: ApiCall, volume: Volume) -> dict[str, Any]:
        """One that was just made or changed."""
        return {"volume": self.volumes(call, [volume], extended=False)[0]}

    def attachment(
        self, call: ApiCall, attachment: Attachment, *, detail: bool = True
    ) -> dict[str, Any]:
        """One."""
        may = self._parts.allows(call.context, "volume:attachment_connection")
        return attachment_document(attachment, detail=detail, with_connection=may)
