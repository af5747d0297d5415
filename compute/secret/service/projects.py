"""What projects that are no more have left: found, and taken away for good."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.secret import tables
from compute.secret.parts import Parts

_OWNED = (tables.secrets, tables.containers, tables.orders, tables.quotas)
# In one transaction: others wait for it.
AT_ONCE = 100


def owners(connection: Connection, after: str, limit: int) -> list[str]:
    """Projects of which there is something, after that one, in order."""
    each = [sa.select(table.c.project_id.label("id")) for table in _OWNED]
    known = sa.union(*each).subquery()
    select = sa.select(known.c.id).where(known.c.id > after)
    return list(connection.execute(select.order_by(known.c.id).limit(limit)).scalars())


def forget(parts: Parts, project_id: str) -> None:
    """Nothing of a project is left, and nothing that it kept."""
    while parts.run(lambda connection: _forget_some(connection, parts, project_id)):
        pass


def _forget_some(connection: Connection, parts: Parts, project_id: str) -> bool:
    stores = parts.stores
    secrets = _ids(connection, tables.secrets, project_id)
    if secrets:
        stores.delete_secrets(connection, secrets)
        return True
    containers = _ids(connection, tables.containers, project_id)
    for container_id in containers:
        stores.delete_container(connection, container_id)
    if containers:
        return True
    orders = stores.orders
    orders.delete_where(connection, orders.columns.project_id == project_id)
    stores.quotas.delete(connection, project_id)
    return False


def _ids(connection: Connection, table: sa.Table, project_id: str) -> list[str]:
    select = sa.select(table.c.id).where(table.c.project_id == project_id)
    return list(connection.execute(select.limit(AT_ONCE)).scalars())
