"""Groups of volumes: made, changed, removed; of nothing, or of another group."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.volume import rules
from compute.volume.errors import InvalidStatus
from compute.volume.group_records import Group
from compute.volume.jobs.group_finishing import settle_deletion
from compute.volume.model import (
    AVAILABLE,
    CREATING,
    GROUP_LEAVERS,
    GROUP_STATUSES,
    ZONE,
)
from compute.volume.parts import Parts
from compute.volume.service.create import VolumeCreation
from compute.volume.service.group_members import check_member, check_room
from compute.volume.service.group_rest import check_at_rest
from compute.volume.service.group_types import GroupTypes
from compute.volume.service.hosts import check_can_join, host_of_group
from compute.volume.service.new_volumes import Order
from compute.volume.service.orders import VolumeOrders
from compute.volume.service.quotas import Quotas
from compute.volume.service.sources import of_volume
from compute.volume.service.types import Types

TYPES_MAX = 32
JOIN = "volume:update"  # who may, puts a volume in, and takes it out


class Groups:
    """Each call is one transaction."""

    def __init__(
        self,
        parts: Parts,
        quotas: Quotas,
        types: Types,
        group_types: GroupTypes,
        creation: VolumeCreation,
        orders: VolumeOrders,
    ) -> None:
        self._parts = parts
        self._quotas = quotas
        self._types = types
        self._group_types = group_types
        self._creation = creation
        self._orders = orders
        self._rows = parts.stores.groups

    def create(
        self,
        context: RequestContext,
        group_type: str,
        volume_types: Collection[str],
        zone: str,
        values: Mapping[str, Any],
    ) -> Group:
        """An empty one."""
        parts = self._parts
        parts.enforce(context, "group:create")
        if zone not in ("", ZONE):
            raise BadRequest(f"Availability zone '{zone}' is invalid.")
        if not 0 < len(volume_types) <= TYPES_MAX:
            raise BadRequest(
                "Invalid input received: a group needs volume types, and has at most"
                f" {TYPES_MAX}"
            )

        def write(connection: Connection) -> Group:
            kind = self._group_types.get(connection, context, group_type)
            types = [
                self._types.get(connection, context, each).id for each in volume_types
            ]
            ids = tuple(dict.fromkeys(types))
            return self._add(connection, context, AVAILABLE, kind.id, ids, values)

        return parts.change(write)

    def create_of(
        self,
        context: RequestContext,
        group_snapshot_id: str,
        source_group_id: str,
        values: Mapping[str, Any],
    ) -> Group:
        """One with a copy of each volume that a group has, or had at a snapshot."""
        parts, stores = self._parts, self._parts.stores
        parts.enforce(context, "group:create")
        if bool(group_snapshot_id) == bool(source_group_id):
            raise BadRequest(
                "Invalid input received: give one of group_snapshot_id and"
                " source_group_id"
            )

        def write(connection: Connection) -> Group:
            key, rule = source_group_id, "group:get"
            if group_snapshot_id:
                snapshot = parts.group_snapshot(
                    connection, context, group_snapshot_id, "group:get_group_snapshot"
                )
                rules.check_group_snapshot(snapshot, "use")
                key = snapshot.group_id
            source = parts.group(connection, context, key, rule)
            if source_group_id:
                rules.check_group(source, "clone")
                check_at_rest(connection, stores, source.id)
            more = {
                "group_snapshot_id": group_snapshot_id,
                "source_group_id": source_group_id,
            }
            group = self._add(
                connection,
                context,
                CREATING,
                source.group_type_id,
                source.type_ids,
                {**values, **more},
            )
            self._add_members(connection, context, group)
            arguments = {"group_id": group.id, "of_snapshot": bool(group_snapshot_id)}
            # Jobs of one group run one after the other.
            host = host_of_group(connection, stores, group.id)
            parts.add_job(connection, "create_group", source.id, arguments, host)
            return group

        return parts.order(write)

    def update(
        self,
        context: RequestContext,
        group_id: str,
        values: Mapping[str, Any],
        added: Sequence[str],
        removed: Sequence[str],
    ) -> None:
        """Another name; volumes more or less."""
        parts = self._parts

        def write(connection: Connection) -> None:
            group = parts.group(connection, context, group_id, "group:update")
            rules.check_group(group, "update")
            if added or removed:
                check_at_rest(connection, parts.stores, group.id)
            for key in removed:
                self._remove(connection, context, group, key)
            if added:
                check_room(connection, parts.stores, group, len(added))
            for key in added:
                self._join(connection, context, group, key)
            now = parts.clock.time()
            self._rows.change(connection, group, **values, updated_at=now)
            parts.tell(connection, context, "group.update", group_id)

        parts.change(write)

    def delete(
        self, context: RequestContext, group_id: str, *, with_volumes: bool
    ) -> None:
        """Remove it, and its volumes if that was said; ``BadRequest`` if it has some
        and it was not."""
        parts, stores = self._parts, self._parts.stores

        def write(connection: Connection) -> None:
            group = parts.group(connection, context, group_id, "group:delete")
            found = rules.check_group(group, "delete")
            check_at_rest(connection, stores, group.id)
            if stores.group_snapshots.all(connection, group_id=group.id):
                raise InvalidStatus(
                    f"Invalid Group: Group {group_id} has snapshots: they go first."
                )
            members = stores.volumes.all(connection, group_id=group.id)
            if members and not with_volumes:
                raise InvalidStatus(
                    f"Invalid Group: Group {group_id} is not empty. Say delete-volumes"
                    " to delete it with its volumes."
                )
            now = parts.clock.time()
            self._rows.change(connection, group, status=found.during, updated_at=now)
            parts.tell(connection, context, "group.delete", group_id)
            for volume in members:
                self._orders.begin_deletion(connection, context, volume)
            settle_deletion(connection, parts, group_id)

        parts.order(write)

    def reset_status(self, context: RequestContext, group_id: str, status: str) -> None:
        """Administrators know better."""
        parts = self._parts
        if status not in GROUP_STATUSES:
            raise BadRequest(f"Invalid status: {status} is not a group's")

        def write(connection: Connection) -> None:
            group = parts.group(connection, context, group_id, "group:reset_status")
            now = parts.clock.time()
            self._rows.change(connection, group, status=status, updated_at=now)
            parts.tell(connection, context, "group.reset_status", group_id)

        parts.change(write)

    # ---- inside ----------------------------------------------------------------

    def _add(
        self,
        connection: Connection,
        context: RequestContext,
        status: str,
        group_type_id: str,
        type_ids: tuple[str, ...],
        values: Mapping[str, Any],
    ) -> Group:
        parts = self._parts
        self._quotas.check_groups(connection, context.project_id)
        now = parts.clock.time()
        made = Group(
            id=parts.identifiers.uuid(),
            project_id=context.project_id,
            user_id=context.user_id,
            status=status,
            created_at=now,
            updated_at=now,
            group_type_id=group_type_id,
            type_ids=type_ids,
            availability_zone=ZONE,
            **values,
        )
        self._rows.add(connection, made)
        parts.tell(connection, context, "group.create", made.id)
        return made

    def _add_members(
        self, connection: Connection, context: RequestContext, group: Group
    ) -> None:
        """The rows of the volumes, each from its snapshot or its volume."""
        stores = self._parts.stores
        if group.source_group_id:
            volumes = stores.volumes.all(connection, group_id=group.source_group_id)
            rules.check_members(volumes)
            taken = [("volume", each.id, each.size_gib, each) for each in volumes]
        else:
            found = stores.snapshots.all(
                connection, group_snapshot_id=group.group_snapshot_id
            )
            taken = [
                ("snapshot", each.id, each.size_gib, volume)
                for each in found
                if (volume := stores.volumes.get(connection, each.volume_id))
            ]
        if not taken:
            raise BadRequest("Invalid input received: there are no volumes to copy")
        for kind, key, size_gib, volume in taken:
            order = Order(
                name=volume.name,
                description=volume.description,
                snapshot_id=key if kind == "snapshot" else "",
                source_volume_id=key if kind == "volume" else "",
                metadata=volume.metadata,
                group_id=group.id,
            )
            source = of_volume(kind, key, size_gib, volume)
            self._creation.member(connection, context, order, source)

    def _join(
        self, connection: Connection, context: RequestContext, group: Group, key: str
    ) -> None:
        stores = self._parts.stores
        volume = self._parts.volume(connection, context, key, JOIN)
        if volume.group_id:
            raise InvalidStatus(
                f"Invalid volume: Volume {key} is in group {volume.group_id} already."
            )
        rules.check_members([volume])
        volume_type = self._types.known(connection, volume.type_id)
        check_member(connection, stores, group.id, volume.project_id, volume_type)
        check_can_join(connection, stores, group.id, volume)
        stores.volumes.change(connection, volume, group_id=group.id)

    def _remove(
        self, connection: Connection, context: RequestContext, group: Group, key: str
    ) -> None:
        volume = self._parts.volume(connection, context, key, JOIN)
        if volume.group_id != group.id:
            raise BadRequest(
                f"Invalid volume: Volume {key} is not in group {group.id}."
            )
        if volume.status not in GROUP_LEAVERS:
            raise InvalidStatus(
                f"Invalid volume: Volume {key} is {volume.status}, and stays in its"
                " group until that is done."
            )
        self._parts.stores.volumes.change(connection, volume, group_id="")
