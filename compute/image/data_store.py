"""The rows of images' bytes: who writes them, who should remove them.  SQL only."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.image.model import DOOMED, WRITING, Data
from compute.image.tables import data


def add_data(connection: Connection, new: Data) -> None:
    """An attempt to write bytes, before the first of them."""
    connection.execute(
        data.insert().values(
            id=new.id,
            image_id=new.image_id,
            store=new.store,
            key=new.key,
            state=new.state,
            lease_until=new.lease_until,
            created_at=new.created_at,
        )
    )


def move_data(connection: Connection, data_id: str, before: str, after: str) -> bool:
    """Change the state of data; False when it is not in ``before`` any more."""
    moved = (
        data.update()
        .where(data.c.id == data_id, data.c.state == before)
        .values(state=after, lease_until=0.0)
    )
    return connection.execute(moved).rowcount == 1


def doom(connection: Connection, *where: sa.ColumnElement[bool]) -> None:
    """Have the sweeper remove these data."""
    connection.execute(data.update().where(*where).values(state=DOOMED))


def renew_leases(
    connection: Connection, ids: Iterable[str], until: float
) -> frozenset[str]:
    """The writers of these data are alive; those that should stop, for their data are
    doomed.  (Until they do, nobody may clear away behind them.)"""
    wanted = list(ids)
    connection.execute(
        data.update().where(data.c.id.in_(wanted)).values(lease_until=until)
    )
    still = connection.execute(
        sa.select(data.c.id).where(data.c.id.in_(wanted), data.c.state == WRITING)
    ).scalars()
    return frozenset(wanted) - frozenset(still)


def release_data(connection: Connection, data_id: str) -> None:
    """The writer has stopped in vain: what it wrote can be removed at once."""
    connection.execute(
        data.update().where(data.c.id == data_id).values(state=DOOMED, lease_until=0.0)
    )


def abandoned(connection: Connection, now: float, limit: int) -> list[Data]:
    """Data whose writer has died."""
    return _data(connection, limit, data.c.state == WRITING, data.c.lease_until <= now)


def doomed(
    connection: Connection, now: float, limit: int, stores: Iterable[str]
) -> list[Data]:
    """Data to be removed from these stores, that nobody is writing any more."""
    return _data(
        connection,
        limit,
        data.c.state == DOOMED,
        data.c.lease_until <= now,
        data.c.store.in_(list(stores)),
    )


def forget_data(connection: Connection, data_id: str) -> None:
    """The bytes are gone."""
    connection.execute(
        data.delete().where(data.c.id == data_id, data.c.state == DOOMED)
    )


def _data(
    connection: Connection, limit: int, *where: sa.ColumnElement[bool]
) -> list[Data]:
    query = data.select().where(*where).order_by(data.c.created_at, data.c.id)
    rows = connection.execute(query.limit(limit))
    return [Data(**row._mapping) for row in rows]
