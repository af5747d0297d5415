"""What users are told when something that they ordered went wrong.

A reply to an order comes before its work: what happens later is told here.  A message
says which work it was, in words that hold no more than its owner may know; the host's
own words are in its log and in the events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compute.volume.records import Message

KEPT_SECONDS = 30 * 86400.0
"""So long a message can be read, as Cinder keeps them."""
ERROR_LEVEL = "ERROR"
VOLUME, SNAPSHOT, BACKUP = "VOLUME", "VOLUME_SNAPSHOT", "VOLUME_BACKUP"


@dataclass(frozen=True, slots=True)
class Failure:
    """``number``: what clients of the field know the work by."""

    resource_type: str
    number: str
    text: str


# What an event's number says after that of the work.
_UNKNOWN, _NO_BACKEND = "001", "003"
NO_BACKEND = Failure(
    VOLUME,
    f"001_{_NO_BACKEND}",
    "schedule allocate volume: no backend has what the volume's type asks for.",
)
_WORK: Mapping[str, tuple[str, str, str]] = {
    "create_volume": (VOLUME, "008", "create volume"),
    "extend_volume": (VOLUME, "007", "extend volume"),
    "reimage_volume": (VOLUME, "022", "reimage volume"),
    "upload_volume": (VOLUME, "003", "copy volume to image"),
    "revert_volume": (VOLUME, "008", "revert volume to snapshot"),
    "delete_volume": (VOLUME, "008", "delete volume"),
    "manage_volume": (VOLUME, "008", "manage volume"),
    "unmanage_volume": (VOLUME, "008", "unmanage volume"),
    "create_snapshot": (SNAPSHOT, "009", "create snapshot"),
    "copy_snapshot": (SNAPSHOT, "009", "copy snapshot"),
    "delete_snapshot": (SNAPSHOT, "010", "delete snapshot"),
    "manage_snapshot": (SNAPSHOT, "009", "manage snapshot"),
    "unmanage_snapshot": (SNAPSHOT, "010", "unmanage snapshot"),
    "create_backup": (BACKUP, "013", "create backup"),
    "delete_backup": (BACKUP, "014", "delete backup"),
    "restore_backup": (BACKUP, "015", "restore backup"),
}
SUBJECTS: Mapping[str, str] = {
    VOLUME: "volume_id",
    SNAPSHOT: "snapshot_id",
    BACKUP: "backup_id",
}
"""The job's argument that names the thing."""


def failure_of(job_kind: str) -> Failure | None:
    """What is told when a job of that kind has failed."""
    if job_kind not in _WORK:
        return None
    resource_type, number, verb = _WORK[job_kind]
    text = f"{verb}: the volume host could not do it."
    return Failure(resource_type, f"{number}_{_UNKNOWN}", text)


def message(
    failure: Failure,
    *,
    key: str,
    project_id: str,
    resource_id: str,
    request_id: str,
    now: float,
) -> Message:
    """The record."""
    return Message(
        id=key,
        project_id=project_id,
        request_id=request_id,
        resource_type=failure.resource_type,
        resource_id=resource_id,
        event_id=f"VOLUME_{failure.resource_type}_{failure.number}",
        level=ERROR_LEVEL,
        text=failure.text,
        created_at=now,
        expires_at=now + KEPT_SECONDS,
    )
