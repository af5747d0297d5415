"""How many things projects may have."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from compute.core.errors import NotFound, QuotaExceeded
from compute.core.sql.database import Connection
from compute.secret import tables
from compute.secret.model import CONSUMERS, CONTAINERS, COUNTED, ORDERS, SECRETS, Quota
from compute.secret.parts import Parts
from compute.secret.store import count

_TABLES = {
    SECRETS: tables.secrets,
    CONTAINERS: tables.containers,
    ORDERS: tables.orders,
    CONSUMERS: tables.consumers,
}


def check_quota(
    connection: Connection, parts: Parts, project_id: str, what: str, more: int = 1
) -> None:
    """``QuotaExceeded`` when the project can have no more of them."""
    most = effective_quotas(connection, parts, project_id)[what]
    if most < 0:
        return
    table = _TABLES[what]
    mine = sa.select(table.c.id).where(table.c.project_id == project_id)
    if count(connection, mine) + more > most:
        raise QuotaExceeded(
            f"Quota reached for project {project_id}. Only {most} {what} are allowed."
        )


def effective_quotas(
    connection: Connection, parts: Parts, project_id: str
) -> dict[str, int]:
    """What holds for a project."""
    said = _said(connection, parts, project_id)
    usual = parts.settings.quotas()
    if said is None:
        return dict(usual)
    return {name: _or(getattr(said, name), usual[name]) for name in COUNTED}


def said_quota(connection: Connection, parts: Parts, project_id: str) -> Quota:
    """What an administrator said of a project; ``NotFound``."""
    found = _said(connection, parts, project_id)
    if found is None:
        raise nothing_said(project_id)
    return found


def nothing_said(project_id: str) -> NotFound:
    """No administrator said anything of it."""
    return NotFound(f"Project {project_id[:64]} has no quotas of its own")


def quota_of(project_id: str, given: Mapping[str, int | None]) -> Quota:
    """As it is stored; what is not given is as usual."""
    return Quota(project_id, **{name: given.get(name) for name in COUNTED})


def _said(connection: Connection, parts: Parts, project_id: str) -> Quota | None:
    return parts.stores.quotas.find(connection, project_id)


def _or(said: int | None, usual: int) -> int:
    return usual if said is None else said
