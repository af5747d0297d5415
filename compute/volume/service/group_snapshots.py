"""Snapshots of groups: all volumes at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.volume import rules
from compute.volume.errors import InvalidStatus
from compute.volume.group_records import GroupSnapshot
from compute.volume.model import CREATING, GROUP_STATUSES
from compute.volume.parts import Parts
from compute.volume.records import Snapshot, Volume
from compute.volume.service.group_rest import check_at_rest
from compute.volume.service.hosts import host_of, host_of_group
from compute.volume.service.quotas import Quotas
from compute.volume.service.types import Types


class GroupSnapshots:
    """Each call is one transaction."""

    def __init__(self, parts: Parts, quotas: Quotas, types: Types) -> None:
        self._parts = parts
        self._quotas = quotas
        self._types = types
        self._rows = parts.stores.group_snapshots

    def create(
        self, context: RequestContext, group_id: str, values: Mapping[str, Any]
    ) -> GroupSnapshot:
        """Begin to take one, of volumes that are attached, too."""
        parts, stores = self._parts, self._parts.stores

        def write(connection: Connection) -> GroupSnapshot:
            rule = "group:create_group_snapshot"
            group = parts.group(connection, context, group_id, rule)
            rules.check_group(group, "create_snapshot")
            check_at_rest(connection, stores, group.id)
            members = stores.volumes.all(connection, group_id=group.id)
            if not members:
                raise BadRequest(
                    f"Invalid Group: Group {group_id} has no volumes to snapshot."
                )
            rules.check_members(members)
            now = parts.clock.time()
            made = GroupSnapshot(
                id=parts.identifiers.uuid(),
                project_id=group.project_id,
                user_id=context.user_id,
                group_id=group.id,
                group_type_id=group.group_type_id,
                status=CREATING,
                created_at=now,
                updated_at=now,
                **values,
            )
            self._rows.add(connection, made)
            for volume in members:
                self._add_member(connection, context, made, volume)
            self._add_job(connection, "create_group_snapshot", made)
            parts.tell(connection, context, "group.snapshot", made.id)
            return made

        return parts.order(write)

    def delete(self, context: RequestContext, key: str) -> None:
        """Begin to remove it, and all of its snapshots."""
        parts, stores = self._parts, self._parts.stores

        def write(connection: Connection) -> None:
            rule = "group:delete_group_snapshot"
            found = parts.group_snapshot(connection, context, key, rule)
            during = rules.check_group_snapshot(found, "delete").during
            used = stores.groups.all(connection, group_snapshot_id=key, status=CREATING)
            if used:
                raise InvalidStatus(
                    f"Invalid GroupSnapshot: group {used[0].id} is being made of it."
                )
            now = parts.clock.time()
            self._rows.change(connection, found, status=during, updated_at=now)
            for each in stores.snapshots.all(connection, group_snapshot_id=key):
                rules.check_snapshot(each, "delete")
                stores.snapshots.change(connection, each, status=during, updated_at=now)
            self._add_job(connection, "delete_group_snapshot", found)
            parts.tell(connection, context, "group.delete_snapshot", key)

        parts.order(write)

    def reset_status(self, context: RequestContext, key: str, status: str) -> None:
        """Administrators know better."""
        parts = self._parts
        if status not in GROUP_STATUSES:
            raise BadRequest(f"Invalid status: {status} is not a group snapshot's")

        def write(connection: Connection) -> None:
            rule = "group:reset_group_snapshot_status"
            found = parts.group_snapshot(connection, context, key, rule)
            now = parts.clock.time()
            self._rows.change(connection, found, status=status, updated_at=now)
            parts.tell(connection, context, "group.reset_snapshot_status", key)

        parts.change(write)

    def _add_member(
        self,
        connection: Connection,
        context: RequestContext,
        whole: GroupSnapshot,
        volume: Volume,
    ) -> None:
        volume_type = self._types.known(connection, volume.type_id)
        self._quotas.check(
            connection,
            volume.project_id,
            volume_type,
            snapshots=1,
            gigabytes=volume.size_gib,
        )
        snapshot = Snapshot(
            id=self._parts.identifiers.uuid(),
            project_id=volume.project_id,
            user_id=context.user_id,
            volume_id=volume.id,
            status=CREATING,
            size_gib=volume.size_gib,
            created_at=whole.created_at,
            updated_at=whole.created_at,
            name=whole.name,
            description=whole.description,
            group_snapshot_id=whole.id,
        )
        self._parts.stores.snapshots.add(connection, snapshot)

    def _add_job(self, connection: Connection, kind: str, of: GroupSnapshot) -> None:
        """Jobs of one group run one after the other."""
        arguments = {"group_id": of.group_id, "group_snapshot_id": of.id}
        stores = self._parts.stores
        host = host_of_group(connection, stores, of.group_id)
        if not host:
            pieces = stores.snapshots.all(connection, group_snapshot_id=of.id)
            host = next((host_of(connection, stores, each) for each in pieces), "")
        self._parts.add_job(connection, kind, of.group_id, arguments, host)
