"""Groups of projects that are no more: taken apart, so that their volumes and
snapshots can go one by one, as everybody's do."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.volume.errors import InvalidStatus
from compute.volume.group_records import Group
from compute.volume.group_tables import GROUPS
from compute.volume.model import CREATING, DELETING
from compute.volume.parts import Parts
from compute.volume.service.group_rest import check_at_rest
from compute.volume.stores.whole import Stores


def owners(connection: Connection, after: str, limit: int) -> list[str]:
    """Projects that have groups, after that one, in order."""
    column = GROUPS.c.project_id
    query = sa.select(column).distinct().where(column > after).order_by(column)
    return list(connection.execute(query.limit(limit)).scalars())


def take_apart(parts: Parts, project_id: str) -> None:
    """No group of the project is left; its volumes and snapshots are, each for itself.
    ``InvalidStatus`` while a job is at one: it would not find what it was about."""
    stores = parts.stores

    def write(connection: Connection) -> None:
        for group in stores.groups.all(connection, project_id=project_id):
            _check_no_job(connection, stores, group)
            for volume in stores.volumes.all(connection, group_id=group.id):
                stores.volumes.change(connection, volume, group_id="")
            for whole in stores.group_snapshots.all(connection, group_id=group.id):
                taken = stores.snapshots.all(connection, group_snapshot_id=whole.id)
                for part in taken:
                    stores.snapshots.change(connection, part, group_snapshot_id="")
                stores.group_snapshots.delete(connection, whole.id)
            stores.groups.delete(connection, group.id)

    parts.change(write)


def _check_no_job(connection: Connection, stores: Stores, group: Group) -> None:
    check_at_rest(connection, stores, group.id)
    going = stores.group_snapshots.all(connection, group_id=group.id, status=DELETING)
    if group.status == CREATING or going:
        raise InvalidStatus(
            f"Invalid Group: Group {group.id} is being made, or a snapshot of it"
            " deleted; wait until that is done."
        )
