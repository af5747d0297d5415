"""Of volume types: their extra specs, and who may use them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.core.sql.database import Connection
from compute.volume.api.frame import SPECS, Verb, accepted, ok
from compute.volume.parts import Parts
from compute.volume.records import VolumeType
from compute.volume.service.types import Types
from objectstore.kernel.reply import Reply

SHOW_SPECS = "volume_extension:types_extra_specs:show"
SPECS_RULE = "volume_extension:types_extra_specs"
READ_SENSITIVE = "volume_extension:types_extra_specs:read_sensitive"
USERS_SPECS = frozenset(
    {"RESKEY:availability_zones", "multiattach", "replication_enabled"}
)
EXTRA_SPECS = Schema(
    {
        "type": "object",
        "properties": {"extra_specs": SPECS},
        "required": ["extra_specs"],
        "additionalProperties": False,
    }
)
ONE_SPEC = Schema({**SPECS, "maxProperties": 1})
_PROJECT = {
    "type": "object",
    "properties": {"project": {"type": "string", "minLength": 1, "maxLength": 64}},
    "required": ["project"],
    "additionalProperties": False,
}
ACTION = Schema(
    {
        "type": "object",
        "properties": {"addProjectAccess": _PROJECT, "removeProjectAccess": _PROJECT},
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
)


class TypeDetailsApi:
    """Handlers."""

    def __init__(self, parts: Parts, types: Types) -> None:
        self._parts = parts
        self._types = types

    def verbs(self) -> list[Verb]:
        """The routes."""
        one = "/types/{type_id}"
        specs = f"{one}/extra_specs"
        return [
            Verb("GET", specs, self.specs),
            Verb("POST", specs, self.add_specs),
            Verb("GET", f"{specs}/{{key}}", self.show_spec),
            Verb("PUT", f"{specs}/{{key}}", self.set_spec),
            Verb("DELETE", f"{specs}/{{key}}", self.delete_spec),
            Verb("GET", f"{one}/os-volume-type-access", self.access),
            Verb("POST", f"{one}/action", self.act),
        ]

    # ---- extra specs -----------------------------------------------------------

    def specs(self, call: ApiCall) -> Reply:
        """GET /types/{type_id}/extra_specs."""
        return ok({"extra_specs": shown_specs(self._parts, call, self._seen(call))})

    def _seen(self, call: ApiCall) -> VolumeType:
        key, parts = call.parameters["type_id"], self._parts
        parts.enforce(call.context, SHOW_SPECS)
        return parts.database.read(
            lambda connection: self._types.get(connection, call.context, key)
        )

    def add_specs(self, call: ApiCall) -> Reply:
        """POST /types/{type_id}/extra_specs."""
        self._parts.enforce(call.context, SPECS_RULE)
        given = texts_of(call.json(EXTRA_SPECS)["extra_specs"])
        self._write_specs(call, lambda before: {**before, **given})
        return ok({"extra_specs": given})

    def _write_specs(self, call: ApiCall, decide: Any) -> None:
        change_type(
            self._parts,
            self._types,
            call,
            SPECS_RULE,
            lambda found: {"extra_specs": decide(dict(found.extra_specs))},
        )

    def show_spec(self, call: ApiCall) -> Reply:
        """GET /types/{type_id}/extra_specs/{key}."""
        found = shown_specs(self._parts, call, self._seen(call))
        key = call.parameters["key"]
        if key not in found:
            raise NotFound(f"Volume Type has no extra specs with key {key}.")
        return ok({key: found[key]})

    def set_spec(self, call: ApiCall) -> Reply:
        """PUT /types/{type_id}/extra_specs/{key}."""
        self._parts.enforce(call.context, SPECS_RULE)
        given, key = texts_of(call.json(ONE_SPEC)), call.parameters["key"]
        if set(given) != {key}:
            raise BadRequest("Request body and URI mismatch")
        self._write_specs(call, lambda before: {**before, **given})
        return ok(given)

    def delete_spec(self, call: ApiCall) -> Reply:
        """DELETE /types/{type_id}/extra_specs/{key}."""
        key = call.parameters["key"]

        def without(before: dict[str, str]) -> dict[str, str]:
            if key not in before:
                raise NotFound(f"Volume Type has no extra specs with key {key}.")
            return {name: value for name, value in before.items() if name != key}

        self._write_specs(call, without)
        return accepted()

    # ---- who may use it --------------------------------------------------------

    def access(self, call: ApiCall) -> Reply:
        """GET /types/{type_id}/os-volume-type-access."""
        parts, key = self._parts, call.parameters["type_id"]
        parts.enforce(call.context, "volume_extension:volume_type_access")
        found = parts.database.read(
            lambda connection: self._types.get(connection, call.context, key)
        )
        if found.is_public:
            raise NotFound("Access list not available for public volume types.")
        shown = [
            {"volume_type_id": found.id, "project_id": project}
            for project in found.projects
        ]
        return ok({"volume_type_access": shown})

    def act(self, call: ApiCall) -> Reply:
        """POST /types/{type_id}/action."""
        rule = "volume_extension:volume_type_access"
        self._parts.enforce(call.context, rule)
        ((name, value),) = call.json(ACTION).items()
        project = value["project"]

        def decide(found: VolumeType) -> dict[str, Any]:
            if found.is_public:
                raise Conflict("Type access modification is not applicable to public.")
            if name == "addProjectAccess":
                if project in found.projects:
                    raise Conflict(
                        f"Volume type access for {found.id} / {project} combination"
                        " already exists."
                    )
                return {"projects": [*found.projects, project]}
            if project not in found.projects:
                raise NotFound(
                    f"Volume type access not found for {found.id} / {project}"
                )
            return {"projects": [each for each in found.projects if each != project]}

        change_type(self._parts, self._types, call, rule, decide)
        return accepted()


def shown_specs(parts: Parts, call: ApiCall, volume_type: VolumeType) -> dict[str, str]:
    """What the caller may know of a type's extra specs: operators' notes are not for
    everybody, what users choose a type for is."""
    if parts.allows(call.context, READ_SENSITIVE):
        return dict(volume_type.extra_specs)
    found = volume_type.extra_specs.items()
    return {name: value for name, value in found if name in USERS_SPECS}


def change_type(
    parts: Parts, types: Types, call: ApiCall, rule: str, decide: Any
) -> VolumeType:
    """Set what ``decide`` makes of a type, for whoever may by that rule."""
    parts.enforce(call.context, rule)

    def write(connection: Connection) -> VolumeType:
        found = types.get(connection, call.context, call.parameters["type_id"])
        values = {**decide(found), "updated_at": parts.clock.time()}
        parts.tell(connection, call.context, "volume_type.update", found.id)
        return parts.stores.types.change(connection, found, **values)

    return parts.change(write)


def texts_of(specs: Mapping[str, Any]) -> dict[str, str]:
    """Extra specs are texts, whatever was sent."""
    return {name: str(value) for name, value in specs.items()}
