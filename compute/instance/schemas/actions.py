"""What the actions of a server take, by name; those that take nothing are missing."""

from __future__ import annotations

from compute.instance.frame.bodies import Field
from compute.instance.schemas.types import (
    BOOLEAN,
    DISK_CONFIG,
    ID,
    METADATA,
    NAME,
    PASSWORD,
    UUID,
)

# How many backups of a kind are kept; clients send it as a text too.
ROTATION = {
    "type": ["integer", "string"],
    "pattern": "^[0-9]{1,4}$",
    "minimum": 0,
    "maximum": 9999,
}

ADD_OR_REMOVE_GROUP = (Field("name", NAME, required=True),)
CHANGE_PASSWORD = (Field("adminPass", PASSWORD, required=True),)
CONSOLE_OUTPUT = (Field("length", {"type": ["integer", "string", "null"]}),)
CREATE_BACKUP = (
    Field("name", NAME, required=True),
    # Clients that are not told a kind send an empty one.
    Field("backup_type", {"type": "string", "maxLength": 255}, required=True),
    Field("rotation", ROTATION, required=True),
    Field("metadata", METADATA),
)
CREATE_IMAGE = (Field("name", NAME, required=True), Field("metadata", METADATA))
LOCK = (Field("locked_reason", {**NAME, "pattern": ".*"}, since=73),)
_HOST_OR_NONE = {"type": ["string", "null"], "minLength": 1, "maxLength": 255}
# With a host that is named: past the scheduler, which versions 2.30 to 2.67 allow.
FORCE_SINCE, FORCE_UNTIL = 30, 67
EVACUATE = (
    Field("host", {**_HOST_OR_NONE, "type": "string"}),
    Field("onSharedStorage", BOOLEAN, until=13, required=True),
    Field("adminPass", PASSWORD),
    Field("force", BOOLEAN, since=29, until=FORCE_UNTIL),
)
MIGRATE = (Field("host", _HOST_OR_NONE, since=56),)
MIGRATE_LIVE = (
    Field("host", _HOST_OR_NONE, required=True),
    Field("block_migration", BOOLEAN, until=24, required=True),
    Field("disk_over_commit", BOOLEAN, until=24, required=True),
    Field(
        "block_migration",
        {"enum": [True, False, "auto", "True", "False", "true", "false"]},
        since=25,
        required=True,
    ),
    Field("force", BOOLEAN, since=FORCE_SINCE, until=FORCE_UNTIL),
)
REBOOT = (
    Field(
        "type",
        {"enum": ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"]},
        required=True,
    ),
)
RESCUE = (Field("adminPass", PASSWORD), Field("rescue_image_ref", UUID))
RESET_STATE = (Field("state", {"enum": ["active", "error"]}, required=True),)
RESIZE = (
    Field("flavorRef", ID, required=True),
    Field("OS-DCF:diskConfig", DISK_CONFIG),
)
UNSHELVE = (
    Field("availability_zone", {"type": ["string", "null"]}, since=77),
    Field("host", NAME, since=91),
)
