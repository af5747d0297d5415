"""The lives of volumes, snapshots, attachments and backups, as tables.

An *action* is what somebody asks of a volume: it is legal in some statuses, and a
volume has another status while (or once) it is done.  A *job* is the work behind an
action: it ends in one of two statuses.  ``PREVIOUS`` stands for the one before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CREATING, DOWNLOADING, AVAILABLE = "creating", "downloading", "available"
RESERVED, ATTACHING, IN_USE, DETACHING = "reserved", "attaching", "in-use", "detaching"
MAINTENANCE, RETYPING, EXTENDING = "maintenance", "retyping", "extending"
UPLOADING, BACKING_UP, RESTORING = "uploading", "backing-up", "restoring-backup"
REVERTING, AWAITING_TRANSFER = "reverting", "awaiting-transfer"
DELETING, ERROR, ERROR_DELETING = "deleting", "error", "error_deleting"
ERROR_RESTORING, ERROR_EXTENDING = "error_restoring", "error_extending"
RESTORING_SNAPSHOT = "restoring"
UNMANAGING = "unmanaging"
PREVIOUS, GONE = "@previous", "@gone"

STATUSES = (
    CREATING,
    DOWNLOADING,
    AVAILABLE,
    RESERVED,
    ATTACHING,
    IN_USE,
    DETACHING,
    MAINTENANCE,
    RETYPING,
    EXTENDING,
    UPLOADING,
    BACKING_UP,
    RESTORING,
    REVERTING,
    AWAITING_TRANSFER,
    DELETING,
    UNMANAGING,
    ERROR,
    ERROR_DELETING,
    ERROR_RESTORING,
    ERROR_EXTENDING,
)
STABLE = frozenset(
    {
        AVAILABLE,
        RESERVED,
        ATTACHING,
        IN_USE,
        DETACHING,
        MAINTENANCE,
        AWAITING_TRANSFER,
        ERROR,
        ERROR_DELETING,
        ERROR_RESTORING,
        ERROR_EXTENDING,
    }
)
"""What a volume may stay in without anybody working on it."""
AT_WORK = frozenset({EXTENDING, UPLOADING, BACKING_UP})
"""What may be done with a volume while servers have it, and is no status of theirs."""
_BROKEN = frozenset({ERROR, ERROR_DELETING, ERROR_RESTORING, ERROR_EXTENDING})
_CALM = frozenset({AVAILABLE, IN_USE})
_QUIET = STABLE - {AWAITING_TRANSFER}


@dataclass(frozen=True, slots=True)
class Action:
    """``statuses``: where it is legal.  ``during``: what follows at once; "" for what
    changes no status."""

    statuses: frozenset[str]
    during: str = ""


ACTIONS: Mapping[str, Action] = {
    "migrate": Action(frozenset({AVAILABLE})),
    "migrate_attached": Action(frozenset({IN_USE})),
    "migrate_locked": Action(frozenset({AVAILABLE}), MAINTENANCE),
    "retype_moving": Action(frozenset({AVAILABLE}), RETYPING),
    "update": Action(frozenset(STATUSES) - {DELETING, MAINTENANCE}),
    "set_bootable": Action(frozenset(STATUSES) - {DELETING, MAINTENANCE}),
    "set_readonly": Action(frozenset({AVAILABLE})),
    "delete": Action(_BROKEN | {AVAILABLE}, DELETING),
    # Whatever is under way is cancelled; only who is attached is not cut off.
    "force_delete": Action(
        frozenset(STATUSES) - {IN_USE, DETACHING, UNMANAGING}, DELETING
    ),
    "unmanage": Action(frozenset({AVAILABLE}), UNMANAGING),
    "extend": Action(frozenset({AVAILABLE}), EXTENDING),
    "extend_attached": Action(_CALM, EXTENDING),
    "retype": Action(_CALM),
    "reset_status": Action(frozenset(STATUSES) - {DELETING, UNMANAGING}),
    # The same where the host that should delete it is down.
    "take_back": Action(frozenset({DELETING})),
    "reimage": Action(frozenset({AVAILABLE, ERROR}), DOWNLOADING),
    "reimage_reserved": Action(frozenset({AVAILABLE, ERROR, RESERVED}), DOWNLOADING),
    "upload": Action(frozenset({AVAILABLE}), UPLOADING),
    "upload_forced": Action(_CALM, UPLOADING),
    "create_snapshot": Action(frozenset({AVAILABLE})),
    "create_snapshot_forced": Action(_CALM),
    "revert": Action(frozenset({AVAILABLE}), REVERTING),
    "clone": Action(_CALM),
    "create_backup": Action(frozenset({AVAILABLE}), BACKING_UP),
    "create_backup_forced": Action(_CALM, BACKING_UP),
    "restore_backup": Action(frozenset({AVAILABLE}), RESTORING),
    "create_transfer": Action(frozenset({AVAILABLE}), AWAITING_TRANSFER),
    "delete_transfer": Action(frozenset({AWAITING_TRANSFER}), AVAILABLE),
    "accept_transfer": Action(frozenset({AWAITING_TRANSFER}), AVAILABLE),
    # The attachments' own way.
    "reserve_attachment": Action(frozenset({AVAILABLE}), RESERVED),
    "connect": Action(frozenset({RESERVED, ATTACHING, IN_USE}), ATTACHING),
    "complete": Action(frozenset({RESERVED, ATTACHING, IN_USE}), IN_USE),
    # The older way.
    "reserve": Action(frozenset({AVAILABLE}), ATTACHING),
    "unreserve": Action(frozenset({ATTACHING}), AVAILABLE),
    "reserve_shared": Action(frozenset({AVAILABLE, IN_USE}), ATTACHING),
    "attach_shared": Action(
        frozenset({AVAILABLE, RESERVED, ATTACHING, IN_USE}), IN_USE
    ),
    "initialize": Action(frozenset({AVAILABLE, RESERVED, ATTACHING, IN_USE})),
    "attach": Action(frozenset({AVAILABLE, RESERVED, ATTACHING}), IN_USE),
    "begin_detaching": Action(frozenset({IN_USE}), DETACHING),
    "roll_detaching": Action(frozenset({DETACHING}), IN_USE),
    "terminate": Action(_QUIET),
    # Of one that nobody has there is nothing to do, and no harm in saying so.
    "detach": Action(frozenset({IN_USE, DETACHING, AVAILABLE}), AVAILABLE),
    "force_detach": Action(_QUIET, AVAILABLE),
}
"""The one table of what may be done with a volume."""


STARTING, MIGRATING, COMPLETING, SUCCESS = (
    "starting",
    "migrating",
    "completing",
    "success",
)
NO_MIGRATION = "none"
MIGRATION_MOVES: Mapping[str, frozenset[str]] = {
    "": frozenset({STARTING}),
    # Ordered; its new host has not begun.
    STARTING: frozenset({MIGRATING, ERROR}),
    # Bytes are copied; the volume is where it was.
    MIGRATING: frozenset({COMPLETING, ERROR}),
    # It is on its new host, and the file on the old one is about to go.
    COMPLETING: frozenset({SUCCESS}),
    SUCCESS: frozenset({STARTING}),
    ERROR: frozenset({STARTING}),
}
"""A volume's migration status ("": it never moved), and which may follow which."""
UNDER_WAY = frozenset({STARTING, MIGRATING})
"""While its bytes must not change where they are."""
DONE_IN_MIGRATION = frozenset(
    {"update", "set_bootable", "set_readonly", "reset_status", "force_delete"}
)
"""What may be done with a volume meanwhile.  A forced deletion ends the migration."""
_LOCKS = frozenset({MAINTENANCE, RETYPING})
MIGRANTS = frozenset({AVAILABLE}) | _LOCKS
"""In which statuses a volume arrives; it is ``available`` then."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The status of a job's subject when it is done, and when it has failed."""

    done: str
    failed: str


VOLUME_JOBS: Mapping[str, Ending] = {
    "create_volume": Ending(AVAILABLE, ERROR),
    "manage_volume": Ending(AVAILABLE, ERROR),
    "unmanage_volume": Ending(GONE, AVAILABLE),
    "delete_volume": Ending(GONE, ERROR_DELETING),
    "extend_volume": Ending(PREVIOUS, ERROR_EXTENDING),
    "upload_volume": Ending(PREVIOUS, PREVIOUS),
    "revert_volume": Ending(AVAILABLE, ERROR),
    "reimage_volume": Ending(PREVIOUS, ERROR),
    "create_backup": Ending(PREVIOUS, PREVIOUS),
    "restore_backup": Ending(AVAILABLE, ERROR_RESTORING),
}
"""What becomes of the volume."""

SNAPSHOT_STATUSES = (
    CREATING,
    AVAILABLE,
    DELETING,
    UNMANAGING,
    ERROR,
    ERROR_DELETING,
    BACKING_UP,
    RESTORING_SNAPSHOT,
)
SNAPSHOT_ACTIONS: Mapping[str, Action] = {
    "update": Action(frozenset(SNAPSHOT_STATUSES) - {DELETING}),
    "delete": Action(frozenset({AVAILABLE, ERROR, ERROR_DELETING}), DELETING),
    "force_delete": Action(frozenset(SNAPSHOT_STATUSES) - {UNMANAGING}, DELETING),
    "unmanage": Action(frozenset({AVAILABLE}), UNMANAGING),
    "use": Action(frozenset({AVAILABLE})),
    "backup": Action(frozenset({AVAILABLE}), BACKING_UP),
    "revert": Action(frozenset({AVAILABLE}), RESTORING_SNAPSHOT),
    "reset_status": Action(frozenset(SNAPSHOT_STATUSES) - {DELETING, UNMANAGING}),
    "tell_status": Action(frozenset(SNAPSHOT_STATUSES)),
}
SNAPSHOT_TOLD: Mapping[str, frozenset[str]] = {
    CREATING: frozenset({CREATING, AVAILABLE, ERROR}),
    DELETING: frozenset({DELETING, ERROR_DELETING}),
}
"""What may be told of a snapshot that is being taken or removed."""
SNAPSHOT_JOBS: Mapping[str, Ending] = {
    "create_snapshot": Ending(AVAILABLE, ERROR),
    "copy_snapshot": Ending(AVAILABLE, ERROR),
    "manage_snapshot": Ending(AVAILABLE, ERROR),
    "unmanage_snapshot": Ending(GONE, AVAILABLE),
    "delete_snapshot": Ending(GONE, ERROR_DELETING),
    "revert_volume": Ending(AVAILABLE, AVAILABLE),
    "create_backup": Ending(AVAILABLE, AVAILABLE),
}
MAKING_SNAPSHOTS = frozenset({"create_snapshot", "copy_snapshot", "manage_snapshot"})
"""Of those, what leaves one whole."""

GROUP_STATUSES = (CREATING, AVAILABLE, DELETING, ERROR, ERROR_DELETING)
"""Of groups and of their snapshots."""
GROUP_ACTIONS: Mapping[str, Action] = {
    "update": Action(frozenset({AVAILABLE, ERROR})),
    "add_volume": Action(frozenset({AVAILABLE})),
    "create_snapshot": Action(frozenset({AVAILABLE})),
    "clone": Action(frozenset({AVAILABLE})),
    "delete": Action(frozenset({AVAILABLE, ERROR, ERROR_DELETING}), DELETING),
    "reset_status": Action(frozenset(GROUP_STATUSES)),
}
GROUP_SNAPSHOT_ACTIONS: Mapping[str, Action] = {
    "use": Action(frozenset({AVAILABLE})),
    "delete": Action(frozenset({AVAILABLE, ERROR, ERROR_DELETING}), DELETING),
    "reset_status": Action(frozenset(GROUP_STATUSES)),
}
GROUP_MEMBERS = frozenset({AVAILABLE, IN_USE})
"""In which statuses volumes come into a group, and are copied with it."""
GROUP_LEAVERS = GROUP_MEMBERS | _BROKEN
"""In which they leave it."""
SHARED_ATTACHMENTS_MAX = 16
"""Servers that share one volume, as many as EC2 lets: each may have two ways to it
while it moves, and its daemon serves ``storage_daemon.CLIENTS_MAX``."""
GROUP_VOLUMES_MAX = 32
"""Each has two daemons more, and an answer of two daemons to each write, while its
group is copied."""

BACKUP_RESTORING = "restoring"
BACKUP_STATUSES = (
    CREATING,
    AVAILABLE,
    BACKUP_RESTORING,
    DELETING,
    ERROR,
    ERROR_DELETING,
)
BACKUP_ACTIONS: Mapping[str, Action] = {
    "update": Action(frozenset(BACKUP_STATUSES) - {DELETING}),
    "delete": Action(frozenset({AVAILABLE, ERROR, ERROR_DELETING}), DELETING),
    "force_delete": Action(frozenset(BACKUP_STATUSES) - {BACKUP_RESTORING}, DELETING),
    "restore": Action(frozenset({AVAILABLE}), BACKUP_RESTORING),
    "reset_status": Action(frozenset(BACKUP_STATUSES) - {DELETING}),
}
BACKUP_JOBS: Mapping[str, Ending] = {
    "create_backup": Ending(AVAILABLE, ERROR),
    "restore_backup": Ending(AVAILABLE, AVAILABLE),
    "delete_backup": Ending(GONE, ERROR_DELETING),
}

# An attachment is RESERVED for a server, ATTACHING on its way to a host, then there.
ATTACHED = "attached"

ZONE = "nova"
"""The one availability zone, by the name that clients expect."""
DEFAULT_TYPE = "__DEFAULT__"
READ_ONLY_KEY = "readonly"
"""Where a volume's metadata says whether servers may write."""
TYPE_OF_IMAGE = "cinder_img_volume_type"
"""The property by which an image says of which type its volumes shall be."""
BACKEND, VENDOR, STORAGE_PROTOCOL = "files", "Ringstack", "nbd"
"""What the one pool says of itself, and what types may ask for."""
GIB = 2**30
SIZE_GIB_MAX = 64 * 1024
"""64 TiB: more than any file system of a volume host gives one file at once."""
METADATA_ITEMS_MAX = 128
TEXT_CHARACTERS_MAX = 255
