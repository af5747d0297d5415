"""Holds as rows: SQL only, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.image.model import DOOMED, HELD
from compute.image.tables import data, holds


def is_held(connection: Connection, image_id: str, now: float) -> bool:
    """Whether some host reads the image."""
    query = sa.select(holds.c.holder).where(
        holds.c.image_id == image_id, holds.c.until > now
    )
    return connection.execute(query.limit(1)).first() is not None


def held(connection: Connection, now: float) -> list[str]:
    """All images that some host reads."""
    query = sa.select(holds.c.image_id).distinct().where(holds.c.until > now)
    return sorted(connection.execute(query).scalars())


def held_by(connection: Connection, holder: str) -> frozenset[str]:
    """The images that one host reads."""
    query = sa.select(holds.c.image_id).where(holds.c.holder == holder)
    return frozenset(connection.execute(query).scalars())


def hold(
    connection: Connection, holder: str, image_ids: Collection[str], until: float
) -> None:
    """Begin or renew a host's holds."""
    old = held_by(connection, holder) & frozenset(image_ids)
    connection.execute(
        holds.update()
        .where(holds.c.holder == holder, holds.c.image_id.in_(sorted(old)))
        .values(until=until)
    )
    new = [
        {"image_id": image_id, "holder": holder, "until": until}
        for image_id in sorted(frozenset(image_ids) - old)
    ]
    if new:
        connection.execute(holds.insert(), new)


def release(connection: Connection, holder: str, image_ids: Collection[str]) -> None:
    """A host reads these no more."""
    mine = holds.c.holder == holder, holds.c.image_id.in_(sorted(image_ids))
    connection.execute(holds.delete().where(*mine))


def expire(connection: Connection, now: float) -> None:
    """Forget hosts that are not heard of; doom what nobody holds any more."""
    connection.execute(holds.delete().where(holds.c.until <= now))
    still = sa.select(holds.c.image_id)
    connection.execute(
        data.update()
        .where(data.c.state == HELD, data.c.image_id.not_in(still))
        .values(state=DOOMED)
    )
