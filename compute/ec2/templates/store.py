"""The rows of launch templates.  SQL only, inside the caller's transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.ec2 import tables
from compute.ec2.templates.model import Template, Version

_templates, _versions = tables.templates.c, tables.versions.c


def templates_of(connection: Connection, project_id: str) -> list[Template]:
    """A project's."""
    select = tables.templates.select().where(_templates.project_id == project_id)
    return [Template(**row._asdict()) for row in connection.execute(select)]


def versions_of(
    connection: Connection, template_id: str, numbers: Iterable[int] | None = None
) -> list[Version]:
    """A template's, the newest first: all, or those with these numbers."""
    select = tables.versions.select().where(_versions.template_id == template_id)
    if numbers is not None:
        select = select.where(_versions.number.in_(sorted(numbers)))
    rows = connection.execute(select.order_by(_versions.number.desc()))
    return [Version(**row._asdict()) for row in rows]


def numbers_of(connection: Connection, template_id: str) -> list[int]:
    """The numbers of a template's versions."""
    select = sa.select(_versions.number).where(_versions.template_id == template_id)
    return [int(number) for number in connection.execute(select).scalars()]


def ordered_with(connection: Connection, template_id: str, token: str) -> int:
    """The number of the version that was ordered with a token, or 0."""
    select = sa.select(_versions.number).where(
        _versions.template_id == template_id, _versions.client_token == token
    )
    return int(connection.execute(select).scalar() or 0) if token else 0


def insert_template(connection: Connection, template: Template) -> None:
    """A new one."""
    values = dataclasses.asdict(template)
    connection.execute(tables.templates.insert().values(**values))


def insert_version(connection: Connection, version: Version) -> None:
    """A new one."""
    values = dataclasses.asdict(version)
    connection.execute(tables.versions.insert().values(**values))


def change_template(connection: Connection, template_id: str, **values: Any) -> None:
    """Write some of its values."""
    statement = sa.update(tables.templates).where(_templates.id == template_id)
    connection.execute(statement.values(**values))


def delete_template(connection: Connection, template_id: str) -> None:
    """With its versions."""
    connection.execute(
        sa.delete(tables.versions).where(_versions.template_id == template_id)
    )
    connection.execute(sa.delete(tables.templates).where(_templates.id == template_id))


def delete_version(connection: Connection, template_id: str, number: int) -> None:
    """One version."""
    connection.execute(
        sa.delete(tables.versions).where(
            _versions.template_id == template_id, _versions.number == number
        )
    )
