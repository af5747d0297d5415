"""Whether a group is at rest: while it is copied, nothing else is done to its bytes."""

from __future__ import annotations

from compute.core.sql.database import Connection
from compute.volume.errors import InvalidStatus
from compute.volume.model import CREATING
from compute.volume.stores.whole import Stores


def check_at_rest(connection: Connection, stores: Stores, group_id: str) -> None:
    """``InvalidStatus`` while a snapshot or a copy of the group is made; fine for a
    volume that is in none (``group_id`` "")."""
    if not group_id:
        return
    snapshots = stores.group_snapshots.all(
        connection, group_id=group_id, status=CREATING
    )
    copies = stores.groups.all(connection, source_group_id=group_id, status=CREATING)
    if snapshots or copies:
        raise InvalidStatus(
            f"Invalid Group: Group {group_id} is being copied; wait until that is done."
        )
