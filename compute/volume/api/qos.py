"""QoS specs: limits of speed that types may have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.core.sql.database import Connection, Duplicate
from compute.volume.api.frame import Verb, accepted, links, ok
from compute.volume.parts import Parts
from compute.volume.qos import CONSUMERS, FRONT, check
from compute.volume.records import QosSpecs
from compute.volume.service.types import Types
from objectstore.kernel.reply import Reply

RULE = "volume_extension:qos_specs_manage"
_VALUE = {"type": ["string", "integer", "number", "boolean"], "maxLength": 255}
CREATE = Schema(
    {
        "type": "object",
        "properties": {
            "qos_specs": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "minLength": 1, "maxLength": 255},
                    "consumer": {"enum": list(CONSUMERS)},
                },
                "required": ["name"],
                "propertyNames": {"pattern": r"^[a-zA-Z0-9\-_:. ]{1,255}$"},
                "additionalProperties": _VALUE,
            }
        },
        "required": ["qos_specs"],
        "additionalProperties": False,
    }
)
UPDATE = Schema(
    {
        "type": "object",
        "properties": {
            "qos_specs": {
                "type": "object",
                "properties": {"consumer": {"enum": list(CONSUMERS)}},
                "minProperties": 1,
                "propertyNames": {"pattern": r"^[a-zA-Z0-9\-_:. ]{1,255}$"},
                "additionalProperties": _VALUE,
            }
        },
        "required": ["qos_specs"],
        "additionalProperties": False,
    }
)
DELETE_KEYS = Schema(
    {
        "type": "object",
        "properties": {
            "keys": {"type": "array", "items": {"type": "string"}, "maxItems": 100}
        },
        "required": ["keys"],
        "additionalProperties": False,
    }
)


class QosApi:
    """Handlers."""

    def __init__(self, parts: Parts, types: Types) -> None:
        self._parts = parts
        self._types = types
        self._rows = parts.stores.qos

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/qos-specs/{qos_id}"
        return [
            Verb("GET", "/qos-specs", self.index),
            Verb("POST", "/qos-specs", self.create),
            Verb("GET", one, self.show),
            Verb("PUT", one, self.update),
            Verb("DELETE", one, self.delete),
            Verb("PUT", f"{one}/delete_keys", self.delete_keys),
            Verb("GET", f"{one}/associations", self.associations),
            Verb("GET", f"{one}/associate", self.associate),
            Verb("GET", f"{one}/disassociate", self.disassociate),
            Verb("GET", f"{one}/disassociate_all", self.disassociate_all),
        ]

    def index(self, call: ApiCall) -> Reply:
        """GET /qos-specs."""
        self._parts.enforce(call.context, RULE)
        found = self._parts.database.read(self._rows.all)
        return ok({"qos_specs": [_document(each) for each in found]})

    def show(self, call: ApiCall) -> Reply:
        """GET /qos-specs/{qos_id}."""
        return self._shown(call, self._read(call))

    def _shown(self, call: ApiCall, qos: QosSpecs) -> Reply:
        shown = links(call, "qos-specs", qos.id)
        return ok({"qos_specs": _document(qos), "links": shown})

    def _read(self, call: ApiCall) -> QosSpecs:
        self._parts.enforce(call.context, RULE)
        return self._parts.database.read(lambda connection: self._get(connection, call))

    def _get(self, connection: Connection, call: ApiCall) -> QosSpecs:
        key = call.parameters["qos_id"]
        found = self._rows.get(connection, key)
        if found is None:
            raise NotFound(f"No such qos spec {key}.")
        return found

    def create(self, call: ApiCall) -> Reply:
        """POST /qos-specs."""
        self._parts.enforce(call.context, RULE)
        body = dict(call.json(CREATE)["qos_specs"])
        name = body.pop("name").strip()
        qos = QosSpecs(
            id=self._parts.identifiers.uuid(),
            name=name,
            consumer=body.pop("consumer", FRONT),
            created_at=self._parts.clock.time(),
            specs={key: str(value) for key, value in body.items()},
        )
        check(qos.consumer, qos.specs)
        try:
            self._parts.change(lambda connection: self._rows.add(connection, qos))
        except Duplicate:
            raise Conflict(f"Qos specs {name} already exists.") from None
        return self._shown(call, qos)

    def update(self, call: ApiCall) -> Reply:
        """PUT /qos-specs/{qos_id}."""
        self._parts.enforce(call.context, RULE)
        given = dict(call.json(UPDATE)["qos_specs"])

        def write(connection: Connection) -> None:
            qos = self._get(connection, call)
            consumer = given.get("consumer", qos.consumer)
            more = {
                key: str(value) for key, value in given.items() if key != "consumer"
            }
            specs = {**qos.specs, **more}
            check(consumer, specs)
            self._rows.change(connection, qos, consumer=consumer, specs=specs)

        self._change(write)
        return ok({"qos_specs": given})

    def delete_keys(self, call: ApiCall) -> Reply:
        """PUT /qos-specs/{qos_id}/delete_keys."""
        self._parts.enforce(call.context, RULE)
        keys = call.json(DELETE_KEYS)["keys"]

        def write(connection: Connection) -> None:
            qos = self._get(connection, call)
            for key in keys:
                if key not in qos.specs:
                    raise BadRequest(f"No spec with key {key} in qos spec {qos.id}.")
            left = {key: qos.specs[key] for key in qos.specs if key not in keys}
            check(FRONT, left)
            self._rows.change(connection, qos, specs=left)

        self._change(write)
        return accepted()

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /qos-specs/{qos_id}."""
        self._parts.enforce(call.context, RULE)
        force = call.query.flag("force")

        def write(connection: Connection) -> None:
            qos = self._get(connection, call)
            types = self._parts.stores.types.all(connection, qos_id=qos.id)
            if types and not force:
                raise BadRequest(
                    f"Qos specs {qos.id} is still associated with entities"
                )
            self._let_go(connection, qos.id)
            self._rows.delete(connection, qos.id)

        self._change(write)
        return accepted()

    def associations(self, call: ApiCall) -> Reply:
        """GET /qos-specs/{qos_id}/associations."""
        qos, types = self._read(call), self._parts.stores.types
        found = self._parts.database.read(
            lambda connection: types.all(connection, qos_id=qos.id)
        )
        shown = [
            {"association_type": "volume_type", "name": each.name, "id": each.id}
            for each in found
        ]
        return ok({"qos_associations": shown})

    def associate(self, call: ApiCall) -> Reply:
        """GET /qos-specs/{qos_id}/associate?vol_type_id=."""
        return self._associate(call, wanted=True)

    def disassociate(self, call: ApiCall) -> Reply:
        """GET /qos-specs/{qos_id}/disassociate?vol_type_id=."""
        return self._associate(call, wanted=False)

    def _associate(self, call: ApiCall, *, wanted: bool) -> Reply:
        self._parts.enforce(call.context, RULE)
        key = call.query.one("vol_type_id")
        if not key:
            raise BadRequest("Volume Type id must not be None.")

        def write(connection: Connection) -> None:
            qos = self._get(connection, call)
            found = self._types.get(connection, call.context, key)
            if wanted and found.qos_id not in ("", qos.id):
                raise BadRequest(
                    f"Type {found.id} is already associated with another qos specs"
                )
            new: dict[str, Any] = {"qos_id": qos.id if wanted else ""}
            self._parts.stores.types.change(connection, found, **new)

        self._change(write)
        return accepted()

    def disassociate_all(self, call: ApiCall) -> Reply:
        """GET /qos-specs/{qos_id}/disassociate_all."""
        qos = self._read(call)
        self._change(lambda connection: self._let_go(connection, qos.id))
        return accepted()

    def _change(self, write: Callable[[Connection], None]) -> None:
        """Also for guests that run."""
        self._parts.change(write)
        self._parts.speeds_changed()

    def _let_go(self, connection: Connection, qos_id: str) -> None:
        types = self._parts.stores.types
        for each in types.all(connection, qos_id=qos_id):
            types.change(connection, each, qos_id="")


def _document(qos: QosSpecs) -> dict[str, Any]:
    return {
        "id": qos.id,
        "name": qos.name,
        "consumer": qos.consumer,
        "specs": dict(qos.specs),
    }
