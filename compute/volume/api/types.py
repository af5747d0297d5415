"""Volume types."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.core.sql.database import Connection, Duplicate
from compute.volume.api.frame import FLAG, SPECS, Verb, accepted, body_of, is_true, ok
from compute.volume.api.type_details import (
    SHOW_SPECS,
    change_type,
    shown_specs,
    texts_of,
)
from compute.volume.model import DEFAULT_TYPE
from compute.volume.parts import Parts
from compute.volume.records import VolumeType
from compute.volume.service.types import Types
from objectstore.kernel.reply import Reply

MANAGE = "volume_extension:types_manage"
_NAME = {"type": "string", "minLength": 1, "maxLength": 255}
_DESCRIPTION = {"type": ["string", "null"], "maxLength": 255}
_FIELDS: Mapping[str, Any] = {
    "name": _NAME,
    "description": _DESCRIPTION,
    "os-volume-type-access:is_public": FLAG,
    "is_public": FLAG,
}
CREATE = body_of(
    "volume_type",
    {**_FIELDS, "extra_specs": {**SPECS, "minProperties": 0}},
    ("name",),
)
UPDATE = body_of(
    "volume_type", {**_FIELDS, "name": {**_NAME, "type": ["string", "null"]}}
)


class TypesApi:
    """Handlers."""

    def __init__(self, parts: Parts, types: Types) -> None:
        self._parts = parts
        self._types = types
        self._rows = parts.stores.types

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/types/{type_id}"
        return [
            Verb("GET", "/types", self.index),
            Verb("POST", "/types", self.create),
            Verb("GET", one, self.show),
            Verb("PUT", one, self.update),
            Verb("DELETE", one, self.delete),
        ]

    # ---- types -----------------------------------------------------------------

    def index(self, call: ApiCall) -> Reply:
        """GET /types."""
        everything = self._parts.database.read(self._rows.all)
        context, query = call.context, call.query
        found = [each for each in everything if self._types.is_visible(context, each)]
        wanted = query.one("is_public", "true").lower()
        if not context.has_role("admin"):
            wanted = "none" if wanted == "none" else "true"
        if wanted != "none" and context.has_role("admin"):
            found = [each for each in found if each.is_public == is_true(wanted)]
        if query.one("name"):
            found = [each for each in found if each.name == query.one("name")]
        for name, value in query.pairs:
            if name == "extra_specs":
                found = [each for each in found if self._has(call, each, value)]
        found.sort(key=lambda each: (each.created_at, each.id), reverse=True)
        found = _paged(call, found)
        return ok({"volume_types": [self._document(call, each) for each in found]})

    def _has(self, call: ApiCall, volume_type: VolumeType, wanted: str) -> bool:
        specs = shown_specs(self._parts, call, volume_type)
        return all(specs.get(key) == value for key, value in _pairs(wanted).items())

    def show(self, call: ApiCall) -> Reply:
        """GET /types/{type_id}; ``default`` is the caller's default type."""
        key, context = call.parameters["type_id"], call.context

        def look(connection: Connection) -> VolumeType:
            if key == "default":
                return self._types.default_of(connection, context.project_id)
            return self._types.get(connection, context, key)

        return self._shown(call, self._parts.database.read(look))

    def _shown(
        self, call: ApiCall, volume_type: VolumeType, without: Iterable[str] = ()
    ) -> Reply:
        found = self._document(call, volume_type)
        for name in without:
            found.pop(name, None)
        return ok({"volume_type": found})

    def _document(self, call: ApiCall, volume_type: VolumeType) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": volume_type.id,
            "name": volume_type.name,
            "description": volume_type.description,
            "is_public": volume_type.is_public,
            "os-volume-type-access:is_public": volume_type.is_public,
        }
        if self._parts.allows(call.context, SHOW_SPECS):
            found["extra_specs"] = shown_specs(self._parts, call, volume_type)
        if self._parts.allows(call.context, MANAGE):
            found["qos_specs_id"] = volume_type.qos_id or None
        return found

    def create(self, call: ApiCall) -> Reply:
        """POST /types."""
        parts = self._parts
        parts.enforce(call.context, MANAGE)
        body = call.json(CREATE)["volume_type"]
        name = _name(body["name"])
        volume_type = VolumeType(
            id=parts.identifiers.uuid(),
            name=name,
            created_at=parts.clock.time(),
            description=body.get("description"),
            is_public=_public(body, True),
            extra_specs=texts_of(body.get("extra_specs") or {}),
        )

        def write(connection: Connection) -> None:
            self._rows.add(connection, volume_type)
            parts.tell(connection, call.context, "volume_type.create", volume_type.id)

        try:
            parts.change(write)
        except Duplicate:
            raise Conflict(f"Volume Type {name} already exists.") from None
        return self._shown(call, volume_type, ("qos_specs_id",))

    def update(self, call: ApiCall) -> Reply:
        """PUT /types/{type_id}."""
        body = call.json(UPDATE)["volume_type"]
        values: dict[str, Any] = {}
        if body.get("name") is not None:
            values["name"] = _name(body["name"])
        if "description" in body:
            values["description"] = body["description"]
        if "is_public" in body or "os-volume-type-access:is_public" in body:
            values["is_public"] = _public(body, True)
        if not values:
            raise BadRequest("Specify volume type name, description or is_public")

        def decide(volume_type: VolumeType) -> dict[str, Any]:
            if volume_type.name == DEFAULT_TYPE and values.get(
                "name", DEFAULT_TYPE
            ) != (DEFAULT_TYPE):
                raise BadRequest(f"{DEFAULT_TYPE} keeps its name")
            return values

        try:
            changed = change_type(self._parts, self._types, call, MANAGE, decide)
        except Duplicate:
            raise Conflict(f"Volume Type {values['name']} already exists.") from None
        without = ("qos_specs_id", "os-volume-type-access:is_public")
        return self._shown(call, changed, without)

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /types/{type_id}."""
        parts = self._parts
        parts.enforce(call.context, MANAGE)

        def write(connection: Connection) -> None:
            volume_type = self._types.get(
                connection, call.context, call.parameters["type_id"]
            )
            stores = parts.stores
            if volume_type.name == DEFAULT_TYPE:
                raise BadRequest(
                    f"Target volume type is the default: {DEFAULT_TYPE} stays"
                )
            if stores.is_type_used(connection, volume_type.id):
                raise BadRequest("Target volume type is still in use.")
            for each in stores.default_types.all(connection, type_id=volume_type.id):
                stores.default_types.delete(connection, each.id)
            stores.type_encryptions.delete(connection, volume_type.id)
            self._rows.delete(connection, volume_type.id)
            parts.tell(connection, call.context, "volume_type.delete", volume_type.id)

        parts.change(write)
        return accepted()


def _name(text: str) -> str:
    if not text.strip():
        raise BadRequest("Volume type name can not be empty.")
    return text.strip()


def _public(body: Mapping[str, Any], default: bool) -> bool:
    for name in ("os-volume-type-access:is_public", "is_public"):
        if name in body:
            return is_true(body[name])
    return default


def _pairs(wanted: str) -> dict[Any, Any]:
    """``{'key': 'value'}`` as Python writes it."""
    try:
        pairs = ast.literal_eval(wanted)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pairs = None
    if not isinstance(pairs, dict):
        raise BadRequest("extra_specs must be a dictionary")
    return pairs


def _paged(call: ApiCall, found: list[VolumeType]) -> list[VolumeType]:
    marker = call.query.one("marker")
    if marker:
        ids = [each.id for each in found]
        if marker not in ids:
            raise NotFound(f"marker [{marker}] not found")
        found = found[ids.index(marker) + 1 :]
    offset = call.query.number("offset", 0)
    return found[offset : offset + call.query.number("limit", 1000)]
