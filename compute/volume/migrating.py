"""When a volume may move to another host, and what it may do on its way: pure."""

from __future__ import annotations

from collections.abc import Sequence

from compute.core.errors import BadRequest
from compute.volume.errors import InvalidStatus
from compute.volume.model import (
    ATTACHED,
    COMPLETING,
    DONE_IN_MIGRATION,
    IN_USE,
    MIGRATION_MOVES,
    NO_MIGRATION,
    STARTING,
    UNDER_WAY,
)
from compute.volume.records import Attachment, Snapshot, Volume


def check_still(volume: Volume) -> None:
    """``InvalidStatus`` while the bytes are on their way: what was done with them here
    would not be there."""
    if volume.migration_status in UNDER_WAY:
        raise InvalidStatus(
            f"Invalid volume: Volume {volume.id} is migrating to another host; wait"
            " until that is done."
        )


def check_action(volume: Volume, action: str) -> None:
    """``check_still``, but for what does no harm on the way."""
    if action not in DONE_IN_MIGRATION:
        check_still(volume)


def moved(volume: Volume, status: str) -> str:
    """The next migration status; it must be a legal one."""
    assert status in MIGRATION_MOVES[volume.migration_status], (volume, status)
    return status


def shown(status: str) -> str | None:
    """As the API has it: none is null."""
    return status or None


def reset(text: str) -> str:
    """What an administrator sets it to; ``BadRequest``."""
    status = "" if text == NO_MIGRATION else text
    if status not in MIGRATION_MOVES:
        raise BadRequest(f"Invalid migration status: {text} is not a volume's")
    return status


def check_movable(
    volume: Volume,
    attachments: Sequence[Attachment],
    snapshots: Sequence[Snapshot],
    copies: Sequence[Volume],
    *,
    is_worked_on: bool,
) -> None:
    """``InvalidStatus`` for a volume whose bytes are not its own affair alone.
    ``copies``: volumes that are being made of it."""
    subject = f"Invalid volume: Volume {volume.id}"
    if volume.migration_status in UNDER_WAY | {COMPLETING}:
        raise InvalidStatus(f"{subject} is migrating already.")
    if volume.status == IN_USE or attachments:
        _check_guest(volume, attachments, subject)
    if volume.group_id:
        raise InvalidStatus(
            f"{subject} is in group {volume.group_id}: it cannot be migrated while it"
            " is."
        )
    if snapshots:
        raise InvalidStatus(
            f"{subject} has {len(snapshots)} snapshots, which would stay behind: they"
            " go first."
        )
    if copies or is_worked_on:
        raise InvalidStatus(f"{subject} is being copied; wait until that is done.")
    if not volume.host:
        raise InvalidStatus(f"{subject} is on no host.")
    moved(volume, STARTING)


def _check_guest(
    volume: Volume, attachments: Sequence[Attachment], subject: str
) -> None:
    """One that is in use is mirrored by the guest that has it, so it must be one."""
    if volume.multiattach:
        raise InvalidStatus(
            f"{subject} is multiattach and in use: no guest knows what the others"
            " write. It moves when nobody has it."
        )
    statuses = [each.status for each in attachments]
    if volume.status != IN_USE or statuses != [ATTACHED]:
        raise InvalidStatus(
            f"{subject} is {volume.status} with {len(statuses)} attachments: it moves"
            " when one server has it, or nobody."
        )
    if not attachments[0].instance_id:
        raise InvalidStatus(
            f"{subject} is attached to no server, which would move with it: detach it"
            " first."
        )
