"""Flavors, keypairs, server groups and aggregates in SQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.instance.records import Aggregate, Flavor, KeyPair, ServerGroup
from compute.instance.tables import AGGREGATES, FLAVORS, GROUPS, KEYPAIRS


class FlavorStore:
    """Flavors, inside the caller's transactions."""

    def all(self, connection: Connection) -> list[Flavor]:
        """Every flavor, the oldest first."""
        rows = connection.execute(FLAVORS.select().order_by(FLAVORS.c.number))
        return [Flavor(**row._mapping) for row in rows]

    def get(self, connection: Connection, flavor_id: str) -> Flavor | None:
        """By its public id."""
        row = connection.execute(
            FLAVORS.select().where(FLAVORS.c.flavor_id == flavor_id)
        ).first()
        return None if row is None else Flavor(**row._mapping)

    def named(self, connection: Connection, name: str) -> Flavor | None:
        """By its name."""
        row = connection.execute(FLAVORS.select().where(FLAVORS.c.name == name)).first()
        return None if row is None else Flavor(**row._mapping)

    def add(self, connection: Connection, **values: Any) -> None:
        """A new one; ``Duplicate``."""
        connection.execute(FLAVORS.insert().values(**values))

    def set(self, connection: Connection, flavor_id: str, **values: Any) -> None:
        """Change one."""
        connection.execute(
            sa.update(FLAVORS).where(FLAVORS.c.flavor_id == flavor_id).values(**values)
        )

    def remove(self, connection: Connection, flavor_id: str) -> bool:
        """Whether it was there."""
        statement = sa.delete(FLAVORS).where(FLAVORS.c.flavor_id == flavor_id)
        return bool(connection.execute(statement).rowcount)


class KeyPairStore:
    """Keypairs, inside the caller's transactions."""

    def of_user(self, connection: Connection, user_id: str) -> list[KeyPair]:
        """A user's, by name."""
        rows = connection.execute(
            KEYPAIRS.select()
            .where(KEYPAIRS.c.user_id == user_id)
            .order_by(KEYPAIRS.c.name)
        )
        return [KeyPair(**row._mapping) for row in rows]

    def get(self, connection: Connection, user_id: str, name: str) -> KeyPair | None:
        """One of a user's."""
        row = connection.execute(
            KEYPAIRS.select().where(
                KEYPAIRS.c.user_id == user_id, KEYPAIRS.c.name == name
            )
        ).first()
        return None if row is None else KeyPair(**row._mapping)

    def add(self, connection: Connection, **values: Any) -> None:
        """A new one; ``Duplicate``."""
        connection.execute(KEYPAIRS.insert().values(**values))

    def remove(self, connection: Connection, user_id: str, name: str) -> bool:
        """Whether it was there."""
        statement = sa.delete(KEYPAIRS).where(
            KEYPAIRS.c.user_id == user_id, KEYPAIRS.c.name == name
        )
        return bool(connection.execute(statement).rowcount)


class GroupStore:
    """Server groups, inside the caller's transactions."""

    def get(self, connection: Connection, group_id: str) -> ServerGroup | None:
        """One."""
        row = connection.execute(GROUPS.select().where(GROUPS.c.id == group_id)).first()
        return None if row is None else ServerGroup(**row._mapping)

    def all(self, connection: Connection, project_id: str = "") -> list[ServerGroup]:
        """A project's, or everybody's, the oldest first."""
        select = GROUPS.select()
        if project_id:
            select = select.where(GROUPS.c.project_id == project_id)
        rows = connection.execute(select.order_by(GROUPS.c.created_at, GROUPS.c.id))
        return [ServerGroup(**row._mapping) for row in rows]

    def add(self, connection: Connection, group: ServerGroup) -> None:
        """A new one."""
        connection.execute(
            GROUPS.insert().values(
                id=group.id,
                project_id=group.project_id,
                user_id=group.user_id,
                name=group.name,
                policy=group.policy,
                rules=dict(group.rules),
                created_at=group.created_at,
            )
        )

    def remove(self, connection: Connection, group_id: str) -> None:
        """Its members stay, without it."""
        connection.execute(sa.delete(GROUPS).where(GROUPS.c.id == group_id))


class AggregateStore:
    """Aggregates, inside the caller's transactions."""

    def all(self, connection: Connection) -> list[Aggregate]:
        """Every one."""
        rows = connection.execute(AGGREGATES.select().order_by(AGGREGATES.c.number))
        return [Aggregate(**row._mapping) for row in rows]

    def get(self, connection: Connection, key: str) -> Aggregate | None:
        """By number, or uuid."""
        where = AGGREGATES.c.uuid == key
        if key.isdigit() and len(key) < 10:
            where = AGGREGATES.c.number == int(key)
        row = connection.execute(AGGREGATES.select().where(where)).first()
        return None if row is None else Aggregate(**row._mapping)

    def add(self, connection: Connection, **values: Any) -> None:
        """A new one; ``Duplicate``."""
        connection.execute(AGGREGATES.insert().values(**values))

    def set(self, connection: Connection, number: int, **values: Any) -> None:
        """Change one."""
        connection.execute(
            sa.update(AGGREGATES).where(AGGREGATES.c.number == number).values(**values)
        )

    def remove(self, connection: Connection, number: int) -> None:
        """Forget one."""
        connection.execute(sa.delete(AGGREGATES).where(AGGREGATES.c.number == number))
