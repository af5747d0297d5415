"""Who may be in a group."""

from __future__ import annotations

from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.volume import rules
from compute.volume.group_records import Group
from compute.volume.model import GROUP_VOLUMES_MAX
from compute.volume.records import VolumeType
from compute.volume.service.group_rest import check_at_rest
from compute.volume.stores.whole import Stores


def check_room(
    connection: Connection, stores: Stores, group: Group, more: int = 1
) -> None:
    """Whether so many volumes more may come into it now.  ``InvalidStatus``,
    ``BadRequest``."""
    rules.check_group(group, "add_volume")
    check_at_rest(connection, stores, group.id)
    there = len(stores.volumes.all(connection, group_id=group.id))
    if there + more > GROUP_VOLUMES_MAX:
        raise BadRequest(
            f"Invalid input received: a group has at most {GROUP_VOLUMES_MAX} volumes"
        )


def check_member(
    connection: Connection,
    stores: Stores,
    group_id: str,
    project_id: str,
    volume_type: VolumeType,
) -> None:
    """``BadRequest`` for a type that the group's volumes do not have, ``NotFound`` for
    a volume of another project than the group's, which would delete it with its own;
    fine for a volume of no group."""
    group = stores.groups.get(connection, group_id) if group_id else None
    if group is None:
        return
    if group.project_id != project_id:
        raise NotFound(f"Group {group_id} could not be found.")
    if volume_type.id not in group.type_ids:
        raise BadRequest(
            f"Invalid input received: Volume type {volume_type.name} is not among those"
            f" of group {group.id}"
        )
