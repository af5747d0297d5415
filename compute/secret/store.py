"""The room's rows.  SQL only.

A payload is sealed in its row (``compute/core/keys/sealing.py``) together with the id
of its secret: one that was moved below another secret, by whoever could write the
database, is opened for nobody.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from compute.core.keys.sealing import SealedColumns, Vault
from compute.core.sql.database import Connection
from compute.core.sql.rows import Rows, portions, values_of
from compute.secret import tables
from compute.secret.model import (
    Access,
    Consumer,
    Container,
    Member,
    Order,
    Payload,
    Quota,
    Secret,
)
from objectstore.kernel.errors import Corrupt

Thing = TypeVar("Thing", Secret, Container)
_ACCESS = ("project_access", "access_created_at", "access_changed_at")


class Stores:
    """All of the room's tables, inside the caller's transaction."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.orders = Rows(Order, tables.orders)
        self.quotas = Rows(Quota, tables.quotas, key="project_id")
        self._sealed = SealedColumns(
            tables.payloads, {"sealed"}, vault, key="secret_id"
        )

    def sealed(self) -> Sequence[SealedColumns]:
        """Of the tables that have something sealed."""
        return (self._sealed,)

    # ---- secrets -----------------------------------------------------------------

    def secret(self, connection: Connection, secret_id: str) -> Secret | None:
        """By its id."""
        select = tables.secrets.select().where(tables.secrets.c.id == secret_id)
        found = self.secrets(connection, select)
        return found[0] if found else None

    def secrets(self, connection: Connection, select: sa.Select[Any]) -> list[Secret]:
        """What a select of whole rows finds."""
        return _with_access(connection, Secret, connection.execute(select).all())

    def insert_secret(
        self, connection: Connection, secret: Secret, payload: Payload | None
    ) -> None:
        """A new one."""
        connection.execute(tables.secrets.insert().values(**_row(secret)))
        if payload is not None:
            self._keep(connection, secret.id, payload)

    def save_secret(
        self, connection: Connection, secret: Secret, payload: Payload | None = None
    ) -> None:
        """One that is there, as it is now; ``payload``: its first."""
        where = tables.secrets.c.id == secret.id
        connection.execute(
            sa.update(tables.secrets).where(where).values(**_row(secret))
        )
        if payload is not None:
            self._keep(connection, secret.id, payload)

    def payload(self, connection: Connection, secret: Secret) -> Payload | None:
        """What it keeps.  ``Corrupt`` when that is none of its own."""
        where = tables.payloads.c.secret_id == secret.id
        row = connection.execute(tables.payloads.select().where(where)).first()
        if row is None:
            return None
        opened = self._sealed.opened(row._asdict())["sealed"]
        if not isinstance(opened, dict) or opened.get("secret") != secret.id:
            raise Corrupt(f"the payload of secret {secret.id} is not its own")
        return Payload(secret.content_type, base64.b64decode(opened["payload"]))

    def delete_secrets(self, connection: Connection, ids: Sequence[str]) -> None:
        """They are no more, whatever knew of them."""
        connection.execute(
            sa.delete(tables.secrets).where(tables.secrets.c.id.in_(ids))
        )
        for column in (tables.payloads.c.secret_id, tables.members.c.secret_id):
            connection.execute(sa.delete(column.table).where(column.in_(ids)))
        _forget_subjects(connection, ids)

    def _keep(self, connection: Connection, secret_id: str, payload: Payload) -> None:
        text = base64.b64encode(payload.content).decode()
        value = {"secret": secret_id, "payload": text}
        values = self._sealed.closed({"secret_id": secret_id, "sealed": value})
        connection.execute(tables.payloads.insert().values(**values))

    # ---- containers --------------------------------------------------------------

    def container(self, connection: Connection, container_id: str) -> Container | None:
        """By its id."""
        where = tables.containers.c.id == container_id
        found = self.containers(connection, tables.containers.select().where(where))
        return found[0] if found else None

    def containers(
        self, connection: Connection, select: sa.Select[Any]
    ) -> list[Container]:
        """What a select of whole rows finds."""
        rows = connection.execute(select).all()
        found = _with_access(connection, Container, rows)
        inside = tables.members.c
        members: dict[str, list[Member]] = {each.id: [] for each in found}
        for ids in portions(members):
            wanted = tables.members.select().where(inside.container_id.in_(ids))
            for row in connection.execute(wanted.order_by(inside.position)):
                members[row.container_id].append(Member(row.name, row.secret_id))
        return [dataclasses.replace(it, members=members[it.id]) for it in found]

    def insert_container(self, connection: Connection, container: Container) -> None:
        """A new one."""
        connection.execute(tables.containers.insert().values(**_row(container)))
        self._keep_members(connection, container)

    def save_container(self, connection: Connection, container: Container) -> None:
        """One that is there, as it is now."""
        statement = sa.update(tables.containers).values(**_row(container))
        connection.execute(statement.where(tables.containers.c.id == container.id))
        where = tables.members.c.container_id == container.id
        connection.execute(sa.delete(tables.members).where(where))
        self._keep_members(connection, container)

    def delete_container(self, connection: Connection, container_id: str) -> None:
        """It is no more; its secrets stay."""
        for column in (tables.containers.c.id, tables.members.c.container_id):
            connection.execute(sa.delete(column.table).where(column == container_id))
        _forget_subjects(connection, [container_id])

    def _keep_members(self, connection: Connection, container: Container) -> None:
        values = [
            {
                "container_id": container.id,
                "secret_id": each.secret_id,
                "name": each.name,
                "position": position,
            }
            for position, each in enumerate(container.members)
        ]
        if values:
            connection.execute(tables.members.insert(), values)

    # ---- access ------------------------------------------------------------------

    def set_readers(
        self, connection: Connection, subject_id: str, users: Iterable[str]
    ) -> None:
        """Who reads it by its access list, and nobody else."""
        readers = tables.readers
        where = readers.c.subject_id == subject_id
        connection.execute(sa.delete(readers).where(where))
        values = [{"subject_id": subject_id, "user_id": each} for each in users]
        if values:
            connection.execute(readers.insert(), values)

    # ---- consumers ---------------------------------------------------------------

    def consumers(
        self, connection: Connection, subject_ids: Iterable[str]
    ) -> dict[str, list[Consumer]]:
        """By what they use, the oldest first."""
        rows = tables.consumers.c
        found: dict[str, list[Consumer]] = {each: [] for each in subject_ids}
        for ids in portions(found):
            select = tables.consumers.select().where(rows.subject_id.in_(ids))
            ordered = select.order_by(rows.created_at, rows.id)
            for row in connection.execute(ordered):
                found[row.subject_id].append(Consumer(**row._mapping))
        return found

    def insert_consumer(self, connection: Connection, consumer: Consumer) -> None:
        """A new one."""
        values = dataclasses.asdict(consumer)
        connection.execute(tables.consumers.insert().values(**values))

    def delete_consumer(self, connection: Connection, consumer_id: str) -> None:
        """It uses it no more."""
        where = tables.consumers.c.id == consumer_id
        connection.execute(sa.delete(tables.consumers).where(where))


def count(connection: Connection, select: sa.Select[Any]) -> int:
    """How many rows a select finds."""
    counted = sa.select(sa.func.count()).select_from(select.order_by(None).subquery())
    return int(connection.execute(counted).scalar_one())


def _row(thing: Secret | Container) -> dict[str, Any]:
    values = values_of(thing)
    access = values.pop("access")
    values.pop("members", None)
    said = (access.project_access, access.created_at, access.changed_at)
    return {**values, **dict(zip(_ACCESS, said, strict=True))}


def _with_access(
    connection: Connection, kind: type[Thing], rows: Sequence[Any]
) -> list[Thing]:
    readers = tables.readers.c
    users: dict[str, list[str]] = {row.id: [] for row in rows}
    for ids in portions(users):
        select = tables.readers.select().where(readers.subject_id.in_(ids))
        for row in connection.execute(select.order_by(readers.user_id)):
            users[row.subject_id].append(row.user_id)
    found = []
    for row in rows:
        values = row._asdict()
        project_access, created_at, changed_at = (values.pop(it) for it in _ACCESS)
        access = Access(project_access, users[row.id], created_at, changed_at)
        found.append(kind(**values, access=access))
    return found


def _forget_subjects(connection: Connection, ids: Sequence[str]) -> None:
    for column in (tables.readers.c.subject_id, tables.consumers.c.subject_id):
        connection.execute(sa.delete(column.table).where(column.in_(ids)))
