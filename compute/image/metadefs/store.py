"""The rows of metadata definitions: SQL only, inside the caller's transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from compute.core.api.pagination import Page, paginate
from compute.core.errors import NotFound
from compute.core.sql.database import Connection
from compute.core.sql.revisions import update_revision
from compute.image.metadefs.model import PUBLIC, RESOURCE_TYPE, Definition, Namespace
from compute.image.tables import definitions, namespaces


def get(connection: Connection, name: str) -> Namespace | None:
    """A namespace by its name."""
    query = namespaces.select().where(namespaces.c.name == name)
    row = connection.execute(query).first()
    return None if row is None else Namespace(**row._mapping)


def page(
    connection: Connection,
    page: Page,
    *,
    owner: str,
    sees_all: bool,
    visibility: str = "",
    resource_types: Collection[str] = (),
) -> list[Namespace]:
    """Those that somebody of that project may see; ``NotFound`` for the marker."""
    where = _seen(owner, sees_all=sees_all)
    if visibility:
        where.append(namespaces.c.visibility == visibility)
    if resource_types:
        meant = sa.select(definitions.c.namespace_id).where(
            definitions.c.kind == RESOURCE_TYPE.name,
            definitions.c.name.in_(list(resource_types)),
        )
        where.append(namespaces.c.id.in_(meant))
    order = [(namespaces.c[key], down) for key, down in page.sort]
    order.append((namespaces.c.id, page.sort[-1][1]))
    after = None
    if page.marker:
        query = namespaces.select().where(namespaces.c.name == page.marker, *where)
        row = connection.execute(query).first()
        if row is None:
            raise NotFound(f"Metadata definition namespace not found: {page.marker}")
        after = [row._mapping[column.name] for column, _ in order]
    query = paginate(namespaces.select().where(*where), order, after, page.limit)
    return [Namespace(**row._mapping) for row in connection.execute(query)]


def count(connection: Connection) -> int:
    """How many namespaces there are."""
    query = sa.select(sa.func.count()).select_from(namespaces)
    return int(connection.execute(query).scalar() or 0)


def add(connection: Connection, namespace: Namespace) -> None:
    """A new one; ``Duplicate``."""
    connection.execute(namespaces.insert().values(**dataclasses.asdict(namespace)))


def change(connection: Connection, namespace: Namespace, **values: Any) -> Namespace:
    """Set these fields; ``Stale``, ``Duplicate``."""
    key = {"id": namespace.id}
    revision = update_revision(
        connection, namespaces, key, namespace.revision, dict(values)
    )
    return dataclasses.replace(namespace, **values, revision=revision)


def delete(connection: Connection, namespace: Namespace) -> None:
    """With all its definitions."""
    mine = definitions.c.namespace_id == namespace.id
    connection.execute(definitions.delete().where(mine))
    here = namespaces.c.id == namespace.id
    connection.execute(namespaces.delete().where(here))


# ---- definitions ----------------------------------------------------------------


def definitions_of(
    connection: Connection, namespace_ids: Collection[str], kind: str = ""
) -> list[Definition]:
    """Of these namespaces, by name; of all kinds unless one is given."""
    if not namespace_ids:
        return []
    query = definitions.select().where(
        definitions.c.namespace_id.in_(list(namespace_ids))
    )
    if kind:
        query = query.where(definitions.c.kind == kind)
    rows = connection.execute(query.order_by(definitions.c.name))
    return [Definition(**row._mapping) for row in rows]


def definition(
    connection: Connection, namespace_id: str, kind: str, name: str
) -> Definition | None:
    """One."""
    row = connection.execute(
        definitions.select().where(*_here(namespace_id, kind, name))
    ).first()
    return None if row is None else Definition(**row._mapping)


def resource_types(
    connection: Connection, *, owner: str, sees_all: bool
) -> list[Definition]:
    """Every association of a namespace that somebody of that project may see with a
    resource type, the oldest first."""
    seen = sa.select(namespaces.c.id).where(*_seen(owner, sees_all=sees_all))
    query = definitions.select().where(
        definitions.c.kind == RESOURCE_TYPE.name,
        definitions.c.namespace_id.in_(seen),
    )
    rows = connection.execute(query.order_by(definitions.c.created_at))
    return [Definition(**row._mapping) for row in rows]


def define(connection: Connection, definition: Definition) -> None:
    """A new definition; ``Duplicate``."""
    values = {**dataclasses.asdict(definition), "document": dict(definition.document)}
    connection.execute(definitions.insert().values(**values))


def forget(
    connection: Connection, namespace_id: str, kind: str, name: str = ""
) -> bool:
    """Remove one, or all of a kind; whether there was any."""
    gone = definitions.delete().where(*_here(namespace_id, kind, name))
    return connection.execute(gone).rowcount > 0


def _seen(owner: str, *, sees_all: bool) -> list[sa.ColumnElement[bool]]:
    if sees_all:
        return []
    own = namespaces.c.owner == owner
    return [sa.or_(namespaces.c.visibility == PUBLIC, own)]


def _here(namespace_id: str, kind: str, name: str) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [
        definitions.c.namespace_id == namespace_id,
        definitions.c.kind == kind,
    ]
    if name:
        found.append(definitions.c.name == name)
    return found
