"""Backups' records, written down for the day on which the database is lost.

What a backup holds is in the ring, and outlives the room's database; its record says
where, and the hash that everything in it hangs on.  An administrator exports records,
keeps them, and imports them into a new database under the same ids.  They are then his
project's: nobody may have the one that they were of.  A record that was changed since
leads to no bytes, or to ones of another hash, and restores nothing.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from compute.core.api.frame import ApiCall, json_reply
from compute.core.api.plain_json import check_plain
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection, Duplicate
from compute.volume.api.frame import UUID, Verb, body_of, links, ok
from compute.volume.backups.ring import container_of
from compute.volume.model import AVAILABLE, SIZE_GIB_MAX, ZONE
from compute.volume.parts import Parts
from compute.volume.records import Backup
from compute.volume.rules import check_metadata_count
from objectstore.kernel.reply import Reply

RULE = "backup:export-import"
SERVICE = "cinder.backup.drivers.ringstack"
"""Tells ours from the records of others, as clients of the field expect it to begin."""
RECORD_CHARACTERS_MAX = 640 * 1024
"""More than the longest that an export writes: all the metadata that a backup may have,
of characters that JSON writes as six."""
MOMENT_MAX = 253_402_300_799
"""The last second of the year 9999: a list could not show a later one."""
IMPORT = body_of(
    "backup-record",
    {
        "backup_service": {"type": "string", "minLength": 1, "maxLength": 255},
        "backup_url": {
            "type": "string",
            "minLength": 1,
            "maxLength": RECORD_CHARACTERS_MAX,
        },
    },
    ("backup_service", "backup_url"),
)
_TEXT = {"type": ["string", "null"], "maxLength": 255}
_NUMBER = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
_MOMENT = {"type": "number", "minimum": 0, "maximum": MOMENT_MAX}
_MAYBE_UUID = {"anyOf": [UUID, {"enum": [""]}]}
RECORD = Schema(
    {
        "type": "object",
        "properties": {
            "id": UUID,
            "volume_id": UUID,
            "size_gib": {**_NUMBER, "minimum": 1, "maximum": SIZE_GIB_MAX},
            "created_at": _MOMENT,
            "name": {"type": "string", "maxLength": 255},
            "description": _TEXT,
            "snapshot_id": _MAYBE_UUID,
            "parent_id": _MAYBE_UUID,
            "object_count": _NUMBER,
            "manifest_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "data_at": _MOMENT,
            "metadata": {
                "type": "object",
                "propertyNames": {"minLength": 1, "maxLength": 255},
                "additionalProperties": {"type": "string", "maxLength": 255},
            },
        },
        "required": [
            "id",
            "volume_id",
            "size_gib",
            "created_at",
            "name",
            "description",
            "snapshot_id",
            "parent_id",
            "object_count",
            "manifest_sha256",
            "data_at",
            "metadata",
        ],
        "additionalProperties": False,
    }
)


class BackupRecordsApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def verbs(self) -> list[Verb]:
        """The routes."""
        return [
            Verb("GET", "/backups/{backup_id}/export_record", self.export),
            Verb("POST", "/backups/import_record", self.import_),
        ]

    def export(self, call: ApiCall) -> Reply:
        """GET /backups/{backup_id}/export_record."""
        key, parts = call.parameters["backup_id"], self._parts
        parts.enforce(call.context, RULE)
        backup = parts.database.read(
            lambda connection: parts.backup(connection, call.context, key, RULE)
        )
        if backup.status != AVAILABLE:
            raise BadRequest(
                f"Invalid backup: Backup status must be {AVAILABLE} and not"
                f" {backup.status}."
            )
        if backup.encryption_key_id:
            raise BadRequest(
                "Invalid backup: an encrypted backup is of no use where its key is not,"
                " and a record has no keys."
            )
        names = RECORD.document["required"]
        record = {name: getattr(backup, name) for name in names}
        raw = orjson.dumps({**record, "metadata": dict(backup.metadata)})
        url = base64.b64encode(raw).decode()
        return ok({"backup-record": {"backup_service": SERVICE, "backup_url": url}})

    def import_(self, call: ApiCall) -> Reply:
        """POST /backups/import_record."""
        parts = self._parts
        parts.enforce(call.context, RULE)
        given = call.json(IMPORT)["backup-record"]
        if given["backup_service"] != SERVICE:
            raise BadRequest(
                f"Invalid input received: {given['backup_service']} has not made"
                " backups of this cloud"
            )
        record = _record_of(given["backup_url"])
        now = parts.clock.time()
        backup = Backup(
            **record,
            project_id=call.context.project_id,
            user_id=call.context.user_id,
            status=AVAILABLE,
            updated_at=now,
            availability_zone=ZONE,
            container=container_of(record["id"]),
        )

        def write(connection: Connection) -> None:
            parts.stores.backups.add(connection, backup)
            parts.tell(connection, call.context, "backup.import", backup.id)

        try:
            parts.change(write)
        except Duplicate:
            raise BadRequest(
                f"Invalid backup: Backup {backup.id} already exists."
            ) from None
        document = {
            "id": backup.id,
            "name": backup.name,
            "links": links(call, "backups", backup.id),
        }
        return json_reply(201, {"backup": document})


def _record_of(url: str) -> dict[str, Any]:
    """What an export has written; ``BadRequest`` for anything else."""
    try:
        record = orjson.loads(base64.b64decode(url, validate=True))
    except (binascii.Error, ValueError):
        raise BadRequest(
            "Invalid input received: backup_url is no backup's record"
        ) from None
    check_plain(record)
    RECORD.check(record)
    check_metadata_count(record["metadata"])
    found: dict[str, Any] = record
    return found
