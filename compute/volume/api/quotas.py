"""Quotas of projects and of their class, and limits as their users see them."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest
from compute.volume.api.frame import Verb, ok
from compute.volume.parts import Parts
from compute.volume.service.quotas import CLASS_DEFAULT, Quotas
from objectstore.kernel.reply import Reply

LIMIT_MAX = 2**31 - 1
SHOW, UPDATE = "volume_extension:quotas:show", "volume_extension:quotas:update"
CLASSES = "volume_extension:quota_classes"
_NUMBER = {
    "type": ["integer", "string"],
    "pattern": r"^-?[0-9]{1,10}$",
    "minimum": -1,
    "maximum": LIMIT_MAX,
}


def _body(wrapper: str) -> Schema:
    inner = {
        "type": "object",
        "properties": {
            "tenant_id": {"type": "string", "maxLength": 255},
            "class_name": {"type": "string", "maxLength": 255},
        },
        "additionalProperties": _NUMBER,
    }
    return Schema(
        {
            "type": "object",
            "properties": {wrapper: inner},
            "required": [wrapper],
            "additionalProperties": False,
        }
    )


QUOTA_SET, CLASS_SET = _body("quota_set"), _body("quota_class_set")


class QuotasApi:
    """Handlers."""

    def __init__(self, parts: Parts, quotas: Quotas) -> None:
        self._parts = parts
        self._quotas = quotas

    def verbs(self) -> list[Verb]:
        """The routes."""
        one, of_class = "/os-quota-sets/{owner}", "/os-quota-class-sets/{name}"
        return [
            Verb("GET", "/limits", self.limits),
            Verb("GET", one, self.show),
            Verb("PUT", one, self.update),
            Verb("DELETE", one, self.delete),
            Verb("GET", f"{one}/defaults", self.defaults),
            Verb("GET", of_class, self.show_class),
            Verb("PUT", of_class, self.update_class),
        ]

    def limits(self, call: ApiCall) -> Reply:
        """GET /limits."""
        project = call.context.project_id
        asked = call.query.one("project_id") or call.query.one("tenant_id")
        if asked and asked != project:
            self._parts.enforce(call.context, "limits:other_project")
            project = asked
        limits, usage = self._parts.database.read(
            lambda connection: (
                self._quotas.of(connection, project),
                self._quotas.usage(connection, project),
            )
        )
        absolute = {
            "maxTotalVolumes": limits["volumes"],
            "maxTotalSnapshots": limits["snapshots"],
            "maxTotalVolumeGigabytes": limits["gigabytes"],
            "maxTotalBackups": limits["backups"],
            "maxTotalBackupGigabytes": limits["backup_gigabytes"],
            "totalVolumesUsed": usage["volumes"],
            "totalSnapshotsUsed": usage["snapshots"],
            "totalGigabytesUsed": usage["gigabytes"],
            "totalBackupsUsed": usage["backups"],
            "totalBackupGigabytesUsed": usage["backup_gigabytes"],
        }
        return ok({"limits": {"rate": [], "absolute": absolute}})

    def show(self, call: ApiCall) -> Reply:
        """GET /os-quota-sets/{project}."""
        owner = call.parameters["owner"]
        self._parts.policy.enforce(call.context, SHOW, {"project_id": owner})
        limits, usage = self._parts.database.read(
            lambda connection: (
                self._quotas.of(connection, owner),
                self._quotas.usage(connection, owner),
            )
        )
        found: dict[str, Any] = dict(limits)
        if call.query.flag("usage"):
            found = {
                name: {
                    "limit": limit,
                    "in_use": usage.get(name, 0),
                    "reserved": 0,
                    "allocated": 0,
                }
                for name, limit in limits.items()
            }
        return ok({"quota_set": {"id": owner, **found}})

    def defaults(self, call: ApiCall) -> Reply:
        """GET /os-quota-sets/{project}/defaults."""
        owner = call.parameters["owner"]
        self._parts.policy.enforce(call.context, SHOW, {"project_id": owner})
        limits = self._parts.database.read(self._quotas.defaults)
        return ok({"quota_set": {"id": owner, **limits}})

    def update(self, call: ApiCall) -> Reply:
        """PUT /os-quota-sets/{project}."""
        self._parts.enforce(call.context, UPDATE)
        owner = call.parameters["owner"]
        return ok({"quota_set": self._set(call, owner, QUOTA_SET, "quota_set")})

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /os-quota-sets/{project}."""
        self._parts.enforce(call.context, UPDATE)
        owner = call.parameters["owner"]
        self._parts.change(lambda connection: self._quotas.forget(connection, owner))
        return ok()

    def show_class(self, call: ApiCall) -> Reply:
        """GET /os-quota-class-sets/{name}."""
        self._parts.enforce(call.context, CLASSES)
        limits = self._parts.database.read(self._quotas.defaults)
        return ok({"quota_class_set": {"id": call.parameters["name"], **limits}})

    def update_class(self, call: ApiCall) -> Reply:
        """PUT /os-quota-class-sets/{name}."""
        self._parts.enforce(call.context, CLASSES)
        if call.parameters["name"] != "default":
            raise BadRequest("Invalid input received: the class is called default")
        found = self._set(call, CLASS_DEFAULT, CLASS_SET, "quota_class_set")
        return ok({"quota_class_set": found})

    def _set(
        self, call: ApiCall, owner: str, schema: Schema, wrapper: str
    ) -> dict[str, int]:
        given = {
            name: int(value)
            for name, value in call.json(schema)[wrapper].items()
            if name not in ("tenant_id", "class_name")
        }
        for name, value in given.items():
            if not -1 <= value <= LIMIT_MAX:
                raise BadRequest(f"Invalid input received: {name}: {value}")

        def write(connection: Any) -> dict[str, int]:
            self._quotas.set(connection, owner, given)
            if owner == CLASS_DEFAULT:
                return self._quotas.defaults(connection)
            return self._quotas.of(connection, owner)

        return self._parts.change(write)
