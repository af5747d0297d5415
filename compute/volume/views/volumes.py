"""Volumes, snapshots and attachments as the API shows them: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compute.core.instants import iso_micro
from compute.volume import migrating
from compute.volume.host_records import pool_name
from compute.volume.model import ATTACHED, BACKEND, READ_ONLY_KEY
from compute.volume.records import Attachment, Snapshot, Volume

USER_SINCE, GROUP_SINCE, PROVIDER_SINCE, SHARED_SINCE = 41, 13, 21, 48
CLUSTER_SINCE, TYPE_ID_SINCE, KEY_SINCE, QUOTA_SINCE = 61, 63, 64, 65


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reply depends on besides the record.  ``extended``: with what extensions
    add, which the API does when a volume is shown, not when one is made or changed;
    ``backends``: those of the volume hosts, for administrators."""

    minor: int
    is_admin: bool
    extended: bool = True
    backends: Mapping[str, str] = field(default_factory=dict)


def volume_document(
    volume: Volume,
    type_name: str,
    attachments: Sequence[Attachment],
    links: list[dict[str, str]],
    shown: Shown,
) -> dict[str, Any]:
    """A volume in detail."""
    found: dict[str, Any] = {
        "id": volume.id,
        "name": volume.name,
        "description": volume.description,
        "status": volume.status,
        "size": volume.size_gib,
        "availability_zone": volume.availability_zone,
        "created_at": iso_micro(volume.created_at),
        "updated_at": iso_micro(volume.updated_at),
        "attachments": [
            _attached(each, shown) for each in attachments if each.status == ATTACHED
        ],
        "bootable": "true" if volume.bootable else "false",
        "encrypted": volume.is_encrypted,
        "multiattach": volume.multiattach,
        "metadata": _metadata(volume),
        "volume_type": type_name,
        "snapshot_id": volume.snapshot_id or None,
        "source_volid": volume.source_volume_id or None,
        "user_id": volume.user_id,
        "consistencygroup_id": None,
        "replication_status": None,
        "migration_status": migrating.shown(volume.migration_status)
        if shown.is_admin
        else None,
        "links": links,
    }
    if shown.extended:
        found |= _extensions(volume, shown)
    newer: tuple[tuple[int, str, Any, bool], ...] = (
        (GROUP_SINCE, "group_id", volume.group_id or None, False),
        (PROVIDER_SINCE, "provider_id", None, True),
        (SHARED_SINCE, "shared_targets", False, False),
        (SHARED_SINCE, "service_uuid", None, False),
        (CLUSTER_SINCE, "cluster_name", None, True),
        (TYPE_ID_SINCE, "volume_type_id", volume.type_id, False),
        (QUOTA_SINCE, "consumes_quota", True, False),
    )
    if volume.is_encrypted and shown.minor >= KEY_SINCE:
        found["encryption_key_id"] = volume.encryption_key_id
    for since, key, value, admin_only in newer:
        if shown.minor >= since and (shown.is_admin or not admin_only):
            found[key] = value
    return found


def _extensions(volume: Volume, shown: Shown) -> dict[str, Any]:
    found: dict[str, Any] = {"os-vol-tenant-attr:tenant_id": volume.project_id}
    if volume.image_metadata:
        found["volume_image_metadata"] = dict(volume.image_metadata)
    if shown.is_admin:
        backend = shown.backends.get(volume.host, BACKEND)
        place = pool_name(volume.host, backend) if volume.host else None
        found["os-vol-host-attr:host"] = place
        migration = migrating.shown(volume.migration_status)
        found["os-vol-mig-status-attr:migstat"] = migration
        found["os-vol-mig-status-attr:name_id"] = None
    return found


def _metadata(volume: Volume) -> dict[str, str]:
    """The read-only flag is told here, where clients look for it, whatever became of
    the note that was made when it was set."""
    if volume.read_only:
        return {**volume.metadata, READ_ONLY_KEY: "True"}
    return dict(volume.metadata)


def _attached(attachment: Attachment, shown: Shown) -> dict[str, Any]:
    moment = attachment.attached_at
    return {
        "id": attachment.volume_id,
        "attachment_id": attachment.id,
        "volume_id": attachment.volume_id,
        "server_id": attachment.instance_id or None,
        "host_name": attachment.host if shown.is_admin and attachment.host else None,
        "device": attachment.mountpoint or None,
        "attached_at": None if moment is None else iso_micro(moment),
    }


def snapshot_document(
    snapshot: Snapshot, shown: Shown, *, detail: bool = True
) -> dict[str, Any]:
    """A snapshot."""
    found: dict[str, Any] = {
        "id": snapshot.id,
        "name": snapshot.name,
        "description": snapshot.description,
        "status": snapshot.status,
        "size": snapshot.size_gib,
        "volume_id": snapshot.volume_id,
        "metadata": dict(snapshot.metadata),
        "created_at": iso_micro(snapshot.created_at),
        "updated_at": iso_micro(snapshot.updated_at),
    }
    if detail:
        found["os-extended-snapshot-attributes:progress"] = snapshot.progress
        found["os-extended-snapshot-attributes:project_id"] = snapshot.project_id
    if shown.minor >= 14:
        found["group_snapshot_id"] = snapshot.group_snapshot_id or None
    if shown.minor >= USER_SINCE:
        found["user_id"] = snapshot.user_id
    if shown.minor >= QUOTA_SINCE:
        found["consumes_quota"] = True
    return found


def attachment_document(
    attachment: Attachment, *, detail: bool, with_connection: bool
) -> dict[str, Any]:
    """An attachment; how to reach the bytes only for who may know it."""
    found: dict[str, Any] = {
        "id": attachment.id,
        "status": attachment.status,
        "instance": attachment.instance_id or None,
        "volume_id": attachment.volume_id,
    }
    if not detail:
        return found
    moment = attachment.attached_at
    found["attached_at"] = "" if moment is None else iso_micro(moment)
    found["detached_at"] = ""
    found["attach_mode"] = attachment.access
    if with_connection:
        found["host_name"] = attachment.host or None
    known = dict(attachment.connection) if with_connection else {}
    if known and attachment.mountpoint:
        known["mountpoint"] = attachment.mountpoint
    found["connection_info"] = known
    return found
