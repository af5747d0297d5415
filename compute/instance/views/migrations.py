"""How migrations are shown, by microversion."""

from __future__ import annotations

from typing import Any

from compute.core.instants import iso_micro
from compute.instance.records import Migration

TYPE_SINCE, UUID_SINCE, OWNER_SINCE = 23, 59, 80


def listed(
    migration: Migration, minor: int, flavors: dict[str, int], href: str
) -> dict[str, Any]:
    """For the list of all.  ``flavors``: the numbers of flavors by id; ``href`` leads
    to the live migration that it is now, or is ""."""
    value: dict[str, Any] = {
        "id": migration.number,
        "instance_uuid": migration.server_id,
        "status": migration.status,
        "source_compute": migration.source,
        "source_node": migration.source,
        "dest_compute": migration.dest or None,
        "dest_node": migration.dest or None,
        "dest_host": migration.dest or None,
        "old_instance_type_id": flavors.get(migration.old_flavor_id),
        "new_instance_type_id": flavors.get(migration.new_flavor_id),
        "created_at": iso_micro(migration.created_at),
        "updated_at": iso_micro(migration.updated_at),
    }
    if minor >= TYPE_SINCE:
        value["migration_type"] = migration.type
        if href:
            value["links"] = [
                {"rel": "self", "href": href},
                {"rel": "bookmark", "href": href.replace("/v2.1/", "/", 1)},
            ]
    return value | _names(migration, minor)


def in_progress(migration: Migration, minor: int) -> dict[str, Any]:
    """For the live migrations of one server."""
    value: dict[str, Any] = {
        "id": migration.number,
        "server_uuid": migration.server_id,
        "status": migration.status,
        "source_compute": migration.source,
        "source_node": migration.source,
        "dest_compute": migration.dest,
        "dest_node": migration.dest,
        "dest_host": migration.dest,
        "created_at": iso_micro(migration.created_at),
        "updated_at": iso_micro(migration.updated_at),
    }
    for what in ("memory", "disk"):
        for part in ("total", "processed", "remaining"):
            key = f"{what}_{part}"
            value[f"{key}_bytes"] = int(migration.figures.get(key, 0))
    return value | _names(migration, minor)


def _names(migration: Migration, minor: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if minor >= UUID_SINCE:
        found["uuid"] = migration.uuid
    if minor >= OWNER_SINCE:
        found |= {
            "user_id": migration.user_id or None,
            "project_id": migration.project_id or None,
        }
    return found
