"""Snapshots of several volumes at one moment, and copies of snapshots.

What groups of volumes are for (``group_snapshots``), without a group: each snapshot of
a set is one like others, and goes alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.volume import rules
from compute.volume.model import CREATING, GROUP_VOLUMES_MAX
from compute.volume.parts import Parts
from compute.volume.records import Snapshot, Volume
from compute.volume.service.group_rest import check_at_rest
from compute.volume.service.hosts import host_of
from compute.volume.service.quotas import Quotas
from compute.volume.service.types import Types

_RULE = "volume:create_snapshot"
Values = Mapping[str, Any]


class SnapshotSets:
    """Each call is one transaction."""

    def __init__(self, parts: Parts, quotas: Quotas, types: Types) -> None:
        self._parts = parts
        self._quotas = quotas
        self._types = types

    def create(
        self, context: RequestContext, wanted: Sequence[tuple[str, Values]]
    ) -> list[Snapshot]:
        """Begin to take one of each volume, attached or not: all, or none."""
        parts, stores = self._parts, self._parts.stores
        if not 0 < len(wanted) <= GROUP_VOLUMES_MAX:
            raise BadRequest(f"A set has 1 to {GROUP_VOLUMES_MAX} snapshots")
        if len({volume_id for volume_id, _ in wanted}) < len(wanted):
            raise BadRequest("A volume is named twice")
        for _, values in wanted:
            rules.check_metadata_count(values.get("metadata") or {})

        def write(connection: Connection) -> list[Snapshot]:
            volumes = [
                parts.volume(connection, context, volume_id, _RULE)
                for volume_id, _ in wanted
            ]
            rules.check_members(volumes)
            for volume in volumes:
                check_at_rest(connection, stores, volume.group_id)
            if len({volume.host for volume in volumes}) > 1:
                raise BadRequest(
                    "Volumes of several hosts have no moment in common: migrate them"
                    " to one, or take their snapshots one after the other"
                )
            made = [
                self._add(connection, context, volume, values)
                for volume, (_, values) in zip(volumes, wanted, strict=True)
            ]
            arguments = {"snapshot_ids": [each.id for each in made]}
            first = volumes[0]
            kind = "create_snapshots"
            parts.add_job(connection, kind, first.id, arguments, first.host)
            return made

        return parts.order(write)

    def copy(
        self, context: RequestContext, snapshot_id: str, values: Values
    ) -> Snapshot:
        """Begin to make one with the same bytes, which goes when the other stays."""
        parts = self._parts
        rules.check_metadata_count(values.get("metadata") or {})

        def write(connection: Connection) -> Snapshot:
            source = parts.snapshot(connection, context, snapshot_id, _RULE)
            rules.check_snapshot(source, "use")
            volume = parts.stores.volumes.get(connection, source.volume_id)
            if volume is None:
                raise BadRequest("The snapshot's volume is gone")
            made = self._add(connection, context, volume, values, source.size_gib)
            arguments = {"snapshot_id": made.id, "source_id": source.id}
            host = host_of(connection, parts.stores, source)
            parts.add_job(
                connection, "copy_snapshot", source.volume_id, arguments, host
            )
            return made

        return parts.order(write)

    def _add(
        self,
        connection: Connection,
        context: RequestContext,
        volume: Volume,
        values: Values,
        size_gib: int = 0,
    ) -> Snapshot:
        parts, size = self._parts, size_gib or volume.size_gib
        volume_type = self._types.known(connection, volume.type_id)
        self._quotas.check(
            connection, volume.project_id, volume_type, snapshots=1, gigabytes=size
        )
        now = parts.clock.time()
        snapshot = Snapshot(
            id=parts.identifiers.uuid(),
            project_id=volume.project_id,
            user_id=context.user_id,
            volume_id=volume.id,
            status=CREATING,
            size_gib=size,
            created_at=now,
            updated_at=now,
            name=values.get("name") or "",
            description=values.get("description"),
            metadata=values.get("metadata") or {},
        )
        parts.stores.snapshots.add(connection, snapshot)
        parts.tell(connection, context, "snapshot.create", snapshot.id)
        return snapshot
