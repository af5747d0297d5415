"""How a type's volumes are encrypted, as administrators say it.

Like Cinder this takes whatever is said; what is not kept here is refused when somebody
wants such a volume (``encryption.py``).  While there are volumes of a type, it stays.
"""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest, NotFound
from compute.core.instants import iso_micro
from compute.core.sql.database import Connection
from compute.volume.api.frame import Verb, accepted, body_of, ok
from compute.volume.encryption import CONTROL_LOCATIONS, FRONT_END
from compute.volume.parts import Parts
from compute.volume.records import TypeEncryption, VolumeType
from compute.volume.service.types import Types
from objectstore.kernel.reply import Reply

RULE = "volume_extension:volume_type_encryption"
_TEXT = {"type": ["string", "null"], "maxLength": 255}
_FIELDS = {
    "provider": {"type": "string", "minLength": 1, "maxLength": 255},
    "control_location": {"enum": list(CONTROL_LOCATIONS)},
    "cipher": _TEXT,
    "key_size": {
        "type": ["integer", "string", "null"],
        "pattern": "^[0-9]{1,5}$",
        "minimum": 0,
        "maximum": 65535,
    },
}
CREATE = body_of("encryption", _FIELDS, ("provider",))
UPDATE = body_of("encryption", _FIELDS)


class TypeEncryptionApi:
    """Handlers."""

    def __init__(self, parts: Parts, types: Types) -> None:
        self._parts = parts
        self._types = types
        self._rows = parts.stores.type_encryptions

    def verbs(self) -> list[Verb]:
        """The routes."""
        every = "/types/{type_id}/encryption"
        one = f"{every}/{{key}}"
        return [
            Verb("GET", every, self.show),
            Verb("POST", every, self.create),
            Verb("GET", one, self.show_one),
            Verb("PUT", one, self.update),
            Verb("DELETE", one, self.delete),
        ]

    def show(self, call: ApiCall) -> Reply:
        """GET /types/{type_id}/encryption; ``{}``: it is not encrypted."""
        found = self._found(call)
        return ok(_document(found) if found else {})

    def show_one(self, call: ApiCall) -> Reply:
        """GET /types/{type_id}/encryption/{key}: one field."""
        found, key = self._found(call), call.parameters["key"]
        document = _document(found) if found else {}
        if key not in document:
            raise NotFound("The resource could not be found.")
        return ok({key: document[key]})

    def create(self, call: ApiCall) -> Reply:
        """POST /types/{type_id}/encryption."""
        parts = self._parts
        parts.enforce(call.context, f"{RULE}:create")
        given = _fields(call.json(CREATE)["encryption"])

        def write(connection: Connection) -> TypeEncryption:
            volume_type = self._free_type(connection, call, "create")
            if self._rows.get(connection, volume_type.id) is not None:
                raise BadRequest(
                    f"Volume type encryption for type {volume_type.id} already exists."
                )
            made = TypeEncryption(
                **{"control_location": FRONT_END, **given},
                id=volume_type.id,
                encryption_id=parts.identifiers.uuid(),
                created_at=parts.clock.time(),
            )
            self._rows.add(connection, made)
            parts.tell(connection, call.context, "volume_type.encrypt", made.id)
            return made

        document = _document(parts.change(write))
        shown = ("volume_type_id", "encryption_id", *_FIELDS)
        return ok({"encryption": {name: document[name] for name in shown}})

    def update(self, call: ApiCall) -> Reply:
        """PUT /types/{type_id}/encryption/{encryption_id}."""
        parts = self._parts
        parts.enforce(call.context, f"{RULE}:update")
        given = _fields(call.json(UPDATE)["encryption"])

        def write(connection: Connection) -> None:
            volume_type = self._free_type(connection, call, "update")
            found = self._named(connection, call, volume_type)
            values = {**given, "updated_at": parts.clock.time()}
            self._rows.change(connection, found, **values)
            parts.tell(connection, call.context, "volume_type.encrypt", found.id)

        parts.change(write)
        return ok({"encryption": given})

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /types/{type_id}/encryption/{encryption_id}."""
        parts = self._parts
        parts.enforce(call.context, f"{RULE}:delete")

        def write(connection: Connection) -> None:
            volume_type = self._free_type(connection, call, "delete")
            found = self._named(connection, call, volume_type)
            self._rows.delete(connection, found.id)
            parts.tell(connection, call.context, "volume_type.decrypt", found.id)

        parts.change(write)
        return accepted()

    # ---- inside ----------------------------------------------------------------

    def _found(self, call: ApiCall) -> TypeEncryption | None:
        self._parts.enforce(call.context, f"{RULE}:get")
        key = call.parameters["type_id"]

        def look(connection: Connection) -> TypeEncryption | None:
            volume_type = self._types.get(connection, call.context, key)
            return self._rows.get(connection, volume_type.id)

        return self._parts.database.read(look)

    def _free_type(
        self, connection: Connection, call: ApiCall, what: str
    ) -> VolumeType:
        """The type, which no volume and no encrypted backup has."""
        key = call.parameters["type_id"]
        found = self._types.get(connection, call.context, key)
        if self._parts.stores.is_type_used(connection, found.id):
            raise BadRequest(f"Cannot {what} encryption specs. Volume type in use.")
        return found

    def _named(
        self, connection: Connection, call: ApiCall, volume_type: VolumeType
    ) -> TypeEncryption:
        found = self._rows.get(connection, volume_type.id)
        if found is None or found.encryption_id != call.parameters["key"]:
            raise NotFound(
                f"Volume type encryption for type {volume_type.id} does not exist."
            )
        return found


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    """Clients write the size of a key as a number, and as a text."""
    found = dict(given)
    if found.get("key_size") is not None:
        found["key_size"] = int(found["key_size"])
    return found


def _document(found: TypeEncryption) -> dict[str, Any]:
    updated = found.updated_at
    return {
        "volume_type_id": found.id,
        "encryption_id": found.encryption_id,
        "provider": found.provider,
        "control_location": found.control_location,
        "cipher": found.cipher,
        "key_size": found.key_size,
        "created_at": iso_micro(found.created_at),
        "updated_at": None if updated is None else iso_micro(updated),
        "deleted_at": None,
        "deleted": False,
    }
