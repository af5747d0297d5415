"""Groups, their types and their snapshots as the API shows them: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compute.core.instants import iso_micro
from compute.volume.group_records import Group, GroupSnapshot, GroupType

SOURCES_SINCE, REPLICATION_SINCE, PROJECT_SINCE = 14, 38, 58


def group_document(
    group: Group, minor: int, volume_ids: Sequence[str] | None = None
) -> dict[str, Any]:
    """In detail; ``volume_ids`` when they were asked for."""
    found: dict[str, Any] = {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "status": group.status,
        "availability_zone": group.availability_zone,
        "created_at": iso_micro(group.created_at),
        "group_type": group.group_type_id,
        "volume_types": list(group.type_ids),
    }
    if minor >= SOURCES_SINCE:
        found["group_snapshot_id"] = group.group_snapshot_id or None
        found["source_group_id"] = group.source_group_id or None
    if minor >= REPLICATION_SINCE:
        found["replication_status"] = None
    if minor >= PROJECT_SINCE:
        found["project_id"] = group.project_id
    if volume_ids is not None:
        found["volumes"] = list(volume_ids)
    return found


def group_snapshot_document(found: GroupSnapshot, minor: int) -> dict[str, Any]:
    """In detail."""
    shown: dict[str, Any] = {
        "id": found.id,
        "name": found.name,
        "description": found.description,
        "status": found.status,
        "group_id": found.group_id,
        "group_type_id": found.group_type_id,
        "created_at": iso_micro(found.created_at),
    }
    if minor >= PROJECT_SINCE:
        shown["project_id"] = found.project_id
    return shown


def group_type_document(found: GroupType, *, with_specs: bool) -> dict[str, Any]:
    """A type; its specs are operators' business."""
    shown: dict[str, Any] = {
        "id": found.id,
        "name": found.name,
        "description": found.description,
        "is_public": found.is_public,
    }
    if with_specs:
        shown["group_specs"] = dict(found.group_specs)
    return shown
