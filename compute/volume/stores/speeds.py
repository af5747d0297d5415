"""How fast hosts were told that volumes may be, beside what says how fast they may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.volume.qos import Told, limits_of
from compute.volume.tables import ATTACHMENTS, QOS_SPECS, TYPES, VOLUMES

# Rows that one transaction reads: some ten milliseconds.
PART_ROWS = 500


@dataclass(frozen=True, slots=True)
class Some:
    """``found``; ``after``: the attachment after which there may be more, "": none."""

    found: tuple[Told, ...]
    after: str


@dataclass(frozen=True, slots=True)
class SpeedStore:
    """Reads several tables at once."""

    def told(self, connection: Connection, host: str, after: str = "") -> Some:
        """Of the next attachments that a server's host has asked for, of volumes that
        are on that volume host."""
        joined = (
            ATTACHMENTS.join(VOLUMES, VOLUMES.c.id == ATTACHMENTS.c.volume_id)
            .outerjoin(TYPES, TYPES.c.id == VOLUMES.c.type_id)
            .outerjoin(QOS_SPECS, QOS_SPECS.c.id == TYPES.c.qos_id)
        )
        query = (
            sa.select(
                ATTACHMENTS.c.id,
                ATTACHMENTS.c.instance_id,
                ATTACHMENTS.c.volume_id,
                ATTACHMENTS.c.connection,
                VOLUMES.c.size_gib,
                QOS_SPECS.c.specs,
            )
            .select_from(joined)
            .where(ATTACHMENTS.c.instance_id != "", ATTACHMENTS.c.host != "")
            .where(VOLUMES.c.host == host, ATTACHMENTS.c.id > after)
            .order_by(ATTACHMENTS.c.id)
            .limit(PART_ROWS)
        )
        rows = connection.execute(query).all()
        found = tuple(_told(row) for row in rows if row.connection)
        return Some(found, rows[-1].id if len(rows) == PART_ROWS else "")


def _told(row: Any) -> Told:
    return Told(
        server_id=row.instance_id,
        volume_id=row.volume_id,
        told=dict(row.connection.get("qos_specs") or {}),
        wanted=limits_of(row.specs or {}, row.size_gib),
    )
