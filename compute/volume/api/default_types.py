"""The type of a project's volumes when nobody says one (3.62)."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, empty_reply
from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.volume.api.frame import Verb, body_of, ok
from compute.volume.parts import Parts
from compute.volume.records import DefaultType
from compute.volume.service.types import Types
from objectstore.kernel.reply import Reply

DEFAULTS_SINCE = 62
_NAME = {"type": "string", "minLength": 1, "maxLength": 255}
DEFAULT = body_of("default_type", {"volume_type": _NAME}, ("volume_type",))


class DefaultTypesApi:
    """Handlers."""

    def __init__(self, parts: Parts, types: Types) -> None:
        self._parts = parts
        self._types = types

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/default-types/{owner}"
        return [
            Verb("GET", "/default-types", self.defaults, DEFAULTS_SINCE),
            Verb("GET", one, self.show_default, DEFAULTS_SINCE),
            Verb("PUT", one, self.set_default, DEFAULTS_SINCE),
            Verb("DELETE", one, self.unset_default, DEFAULTS_SINCE),
        ]

    def defaults(self, call: ApiCall) -> Reply:
        """GET /default-types."""
        parts = self._parts
        parts.enforce(call.context, "volume_extension:default")
        found = parts.database.read(parts.stores.default_types.all)
        return ok({"default_types": [_default(each) for each in found]})

    def show_default(self, call: ApiCall) -> Reply:
        """GET /default-types/{project}."""
        parts, owner = self._parts, call.parameters["owner"]
        parts.enforce(call.context, "volume_extension:default")
        rows = parts.stores.default_types
        found = parts.database.read(lambda connection: rows.get(connection, owner))
        if found is None:
            raise NotFound(f"Default type for project {owner} not found.")
        return ok({"default_type": _default(found)})

    def set_default(self, call: ApiCall) -> Reply:
        """PUT /default-types/{project}."""
        parts, owner = self._parts, call.parameters["owner"]
        parts.enforce(call.context, "volume_extension:default")
        key = call.json(DEFAULT)["default_type"]["volume_type"]

        def write(connection: Connection) -> DefaultType:
            found = self._types.get(connection, call.context, key)
            parts.stores.default_types.delete(connection, owner)
            chosen = DefaultType(owner, found.id)
            parts.stores.default_types.add(connection, chosen)
            parts.tell(connection, call.context, "default_type.set", found.id)
            return chosen

        return ok({"default_type": _default(parts.change(write))})

    def unset_default(self, call: ApiCall) -> Reply:
        """DELETE /default-types/{project}."""
        parts, owner = self._parts, call.parameters["owner"]
        parts.enforce(call.context, "volume_extension:default")
        rows = parts.stores.default_types
        if not parts.change(lambda connection: rows.delete(connection, owner)):
            raise NotFound(f"Default type for project {owner} not found.")
        return empty_reply()


def _default(chosen: DefaultType) -> dict[str, str]:
    return {"project_id": chosen.id, "volume_type_id": chosen.type_id}
