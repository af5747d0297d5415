"""Decisions of the volume room: pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from compute.core.errors import BadRequest
from compute.volume.errors import InvalidStatus, OverLimit
from compute.volume.group_records import Group, GroupSnapshot
from compute.volume.migrating import check_action, check_still
from compute.volume.model import (
    ACTIONS,
    AT_WORK,
    ATTACHED,
    ATTACHING,
    AVAILABLE,
    BACKUP_ACTIONS,
    GIB,
    GROUP_ACTIONS,
    GROUP_MEMBERS,
    GROUP_SNAPSHOT_ACTIONS,
    IN_USE,
    METADATA_ITEMS_MAX,
    PREVIOUS,
    READ_ONLY_KEY,
    RESERVED,
    SIZE_GIB_MAX,
    SNAPSHOT_ACTIONS,
    STORAGE_PROTOCOL,
    VENDOR,
    Action,
)
from compute.volume.records import (
    Attachment,
    Backup,
    Snapshot,
    Used,
    Volume,
    VolumeType,
)
from compute.volume.sharing import check_room

UNLIMITED = -1


def check_volume(volume: Volume, action: str) -> Action:
    """The table's row; ``InvalidStatus`` when it is not legal now."""
    subject = f"Invalid volume: Volume {volume.id} status"
    found = _check(ACTIONS[action], volume.status, subject, ", ")
    check_action(volume, action)
    return found


def check_snapshot(snapshot: Snapshot, action: str) -> Action:
    """The same of a snapshot."""
    subject = f"Invalid snapshot: Snapshot {snapshot.id} status"
    return _check(SNAPSHOT_ACTIONS[action], snapshot.status, subject, " or ")


def check_backup(backup: Backup, action: str) -> Action:
    """The same of a backup."""
    subject = "Invalid backup: Backup status"
    return _check(BACKUP_ACTIONS[action], backup.status, subject, " or ")


def check_group(group: Group, action: str) -> Action:
    """The same of a group."""
    subject = f"Invalid Group: Group {group.id} status"
    return _check(GROUP_ACTIONS[action], group.status, subject, " or ")


def check_group_snapshot(snapshot: GroupSnapshot, action: str) -> Action:
    """The same of a group's snapshot."""
    subject = f"Invalid GroupSnapshot: Group snapshot {snapshot.id} status"
    return _check(GROUP_SNAPSHOT_ACTIONS[action], snapshot.status, subject, " or ")


def check_ungrouped(volume: Volume, what: str) -> None:
    """``InvalidStatus`` for a volume in a group, which is not alone."""
    if volume.group_id:
        raise InvalidStatus(
            f"Invalid volume: Volume {volume.id} is in group {volume.group_id}: it"
            f" cannot be {what} while it is."
        )


def check_snapshot_ungrouped(snapshot: Snapshot) -> None:
    """``InvalidStatus`` for a part of a group's snapshot: they go together."""
    if snapshot.group_snapshot_id:
        raise InvalidStatus(
            f"Invalid snapshot: Snapshot {snapshot.id} is a part of group snapshot"
            f" {snapshot.group_snapshot_id}, and goes with it."
        )


def check_members(volumes: Sequence[Volume]) -> None:
    """``InvalidStatus`` unless all of them may be copied together."""
    for volume in volumes:
        check_still(volume)
        if volume.status not in GROUP_MEMBERS:
            wanted = ", ".join(sorted(GROUP_MEMBERS))
            raise InvalidStatus(
                f"Invalid volume: Volume {volume.id} status must be {wanted}, but"
                f" current status is: {volume.status}"
            )


def _check(action: Action, status: str, subject: str, joint: str) -> Action:
    if status not in action.statuses:
        wanted = joint.join(sorted(action.statuses))
        raise InvalidStatus(
            f"{subject} must be {wanted}, but current status is: {status}"
        )
    return action


def status_after(ending: str, attachments: Sequence[Attachment]) -> str:
    """The status that an ending means for a volume: where it was before is what its
    attachments make of it now, for a server may have gone meanwhile."""
    return status_of_attachments(attachments) if ending == PREVIOUS else ending


def status_of_attachments(attachments: Sequence[Attachment]) -> str:
    """What its attachments, of which one was just taken away, make of a volume."""
    statuses = {each.status for each in attachments}
    for status, meaning in ((ATTACHED, IN_USE), (ATTACHING, ATTACHING)):
        if status in statuses:
            return meaning
    return RESERVED if statuses else AVAILABLE


def is_had_at_work(volume: Volume, attachments: Sequence[Attachment]) -> bool:
    """Whether something is done with it that hides that a server has it.  The server
    may stop, start and move all the same."""
    has_it = any(each.status == ATTACHED for each in attachments)
    return has_it and volume.status in AT_WORK


def check_attachable(
    volume: Volume, attachments: Sequence[Attachment], instance_id: str
) -> None:
    """Whether one more attachment may begin: of a free volume, of one that servers
    share, or for a server that has it already (it is moving to another host)."""
    check_still(volume)
    if volume.status == AVAILABLE and not attachments:
        return
    theirs = {each.instance_id for each in attachments}
    same = instance_id and theirs == {instance_id}
    if volume.multiattach:
        same = instance_id and instance_id in theirs
    may = volume.status in (RESERVED, ATTACHING, IN_USE)
    if same and (may or is_had_at_work(volume, attachments)):
        return
    if volume.multiattach and (may or volume.status == AVAILABLE):
        check_room(volume, attachments)
        return
    raise InvalidStatus(
        f"Invalid volume: Volume {volume.id} status must be available,"
        f" but current status is: {volume.status}"
    )


def is_served(volume_type: VolumeType, backend: str) -> bool:
    """Whether that backend is what the type's extra specs ask for.  Specs that no
    backend tells of itself are notes."""
    told = {
        "volume_backend_name": backend,
        "vendor_name": VENDOR,
        "storage_protocol": STORAGE_PROTOCOL,
    }
    for name, wanted in volume_type.extra_specs.items():
        value = told.get(name.removeprefix("capabilities:"))
        if value is not None and value not in _wanted_values(wanted):
            return False
    return True


def _wanted_values(text: str) -> set[str]:
    """``nbd``, ``s== nbd``, ``<or> nbd <or> iSCSI``."""
    if text.lstrip().startswith("<or>"):
        return {each.strip() for each in text.split("<or>")}
    return {text.strip().removeprefix("s==").strip()}


def check_size(size_gib: int, least_gib: int, what: str) -> None:
    """``BadRequest`` for a size that is none, or less than its source needs."""
    if not 0 < size_gib <= SIZE_GIB_MAX:
        raise BadRequest(
            f"Invalid input received: Volume size '{size_gib}' must be an integer"
            f" and greater than 0 and at most {SIZE_GIB_MAX}"
        )
    if size_gib < least_gib:
        raise BadRequest(
            f"Invalid input received: Volume size {size_gib}GB cannot be smaller"
            f" than {what} {least_gib}GB. They must be >= original size."
        )


def gib_of(size_bytes: int) -> int:
    """GiB that hold so many bytes."""
    return -(-size_bytes // GIB)


def check_metadata_count(metadata: Mapping[str, Any]) -> None:
    """``OverLimit`` for too many pairs, but for the one that the service sets."""
    if len(metadata.keys() - {READ_ONLY_KEY}) > METADATA_ITEMS_MAX:
        raise OverLimit(
            f"Maximum number of metadata items exceeds {METADATA_ITEMS_MAX}"
        )


def check_quota(
    limits: Mapping[str, int],
    used: Used,
    wanted: Mapping[str, int],
    volume_type: VolumeType,
) -> None:
    """``OverLimit`` when what is ``wanted`` (``volumes``, ``snapshots``, ``gigabytes``,
    ``backups``, ``backup_gigabytes``) is too much, in all or of its type."""
    have = {
        "volumes": used.volumes,
        "snapshots": used.snapshots,
        "gigabytes": used.volume_gib + used.snapshot_gib,
        "backups": used.backups,
        "backup_gigabytes": used.backup_gib,
    }
    of_type = {
        "volumes": used.volumes_of,
        "snapshots": used.snapshots_of,
        "gigabytes": used.gib_of,
    }
    for name, more in wanted.items():
        _check_one(name, limits.get(name, UNLIMITED), have[name], more)
        if name in of_type:
            limit = limits.get(f"{name}_{volume_type.name}", UNLIMITED)
            _check_one(name, limit, of_type[name].get(volume_type.id, 0), more)


def _check_one(name: str, limit: int, have: int, more: int) -> None:
    if limit == UNLIMITED or more <= 0 or have + more <= limit:
        return
    if "gigabytes" in name:
        kind = "VolumeBackupSize" if name.startswith("backup") else "VolumeSize"
        raise OverLimit(
            f"{kind}ExceedsAvailableQuota: Requested volume or snapshot exceeds"
            f" allowed {name} quota. Requested {more}G, quota is {limit}G and {have}G"
            " has been consumed."
        )
    kind = name.removesuffix("s").capitalize()
    raise OverLimit(
        f"{kind}LimitExceeded: Maximum number of {name} allowed ({limit}) exceeded"
    )


def check_groups(limits: Mapping[str, int], used: Used) -> None:
    """``OverLimit`` for one group too many."""
    _check_one("groups", limits.get("groups", UNLIMITED), used.groups, 1)


def check_per_volume(limits: Mapping[str, int], size_gib: int) -> None:
    """``OverLimit`` for one volume that is too large."""
    limit = limits.get("per_volume_gigabytes", UNLIMITED)
    if UNLIMITED != limit < size_gib:
        raise OverLimit(
            f"VolumeSizeExceedsLimit: Requested volume size {size_gib}G is larger than"
            f" maximum allowed limit {limit}G."
        )


def check_unknown(given: Collection[str], known: Collection[str], what: str) -> None:
    """``BadRequest`` for names that are none."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise BadRequest(f"Invalid input received: bad {what}: {', '.join(unknown)}")
