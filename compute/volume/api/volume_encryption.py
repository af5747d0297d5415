"""How one volume is encrypted, for whoever may see it."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.volume.api.frame import Verb, ok
from compute.volume.parts import Parts
from objectstore.kernel.reply import Reply

RULE = "volume_extension:volume_encryption_metadata"


class VolumeEncryptionApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def verbs(self) -> list[Verb]:
        """The routes."""
        every = "/volumes/{volume_id}/encryption"
        return [
            Verb("GET", every, self.show),
            Verb("GET", f"{every}/{{key}}", self.show_one),
        ]

    def show(self, call: ApiCall) -> Reply:
        """GET /volumes/{volume_id}/encryption."""
        return ok(self._document(call))

    def show_one(self, call: ApiCall) -> Reply:
        """GET /volumes/{volume_id}/encryption/{key}."""
        document, key = self._document(call), call.parameters["key"]
        if key not in document:
            raise NotFound("The resource could not be found.")
        return ok({key: document[key]})

    def _document(self, call: ApiCall) -> dict[str, Any]:
        parts, key = self._parts, call.parameters["volume_id"]

        def look(connection: Connection) -> dict[str, Any]:
            volume = parts.volume(connection, call.context, key, RULE)
            found: dict[str, Any] = {
                "encryption_key_id": volume.encryption_key_id or None
            }
            said = parts.stores.type_encryptions.get(connection, volume.type_id)
            if said is None or not volume.is_encrypted:
                return found
            return found | {
                "provider": said.provider,
                "control_location": said.control_location,
                "cipher": said.cipher,
                "key_size": said.key_size,
            }

        return parts.database.read(look)
