"""Servers in SQL: one at a time by compare and swap, many by filters in pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from compute.core.api.pagination import Page, paginate
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.core.sql.revisions import update_revision
from compute.instance.records import Server
from compute.instance.states import TaskState, VmState
from compute.instance.stores.server_filter import SORT_COLUMNS, ServerFilter
from compute.instance.tables import SERVERS

# How many rows one transaction looks at when a filter cannot be said in SQL.
CHUNK_ROWS = 1000
# A short page is likely full after few of them.
CHUNK_ROWS_MIN = 100
# Ids in one IN (...): well under what every database allows.
IDS_IN_ONE_QUERY = 500
# Metadata by which telemetry of the field knows the servers of one stack.
METERING_GROUP = "metering.server_group"

Place = list[Any]
"""Where a list goes on: the values of the columns that it is in the order of."""


@dataclass(frozen=True, slots=True)
class Some:
    """Some servers of a list; ``place``: where others may follow, None: nowhere."""

    found: list[Server]
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What servers take of their owner's quota."""

    servers: int = 0
    vcpus: int = 0
    memory_mib: int = 0


def _record(row: Any) -> Server:
    return Server(**row._mapping)


class ServerStore:
    """All of it inside the caller's transactions."""

    def add(self, connection: Connection, server: Server) -> None:
        """A new server."""
        connection.execute(SERVERS.insert().values(**dataclasses.asdict(server)))

    def get(
        self, connection: Connection, server_id: str, *, deleted: bool | None = False
    ) -> Server | None:
        """One server; ``deleted`` None: whether or not it is."""
        select = SERVERS.select().where(SERVERS.c.id == server_id)
        if deleted is not None:
            select = select.where(SERVERS.c.deleted == deleted)
        row = connection.execute(select).first()
        return None if row is None else _record(row)

    def several(
        self, connection: Connection, server_ids: Collection[str]
    ) -> dict[str, Server]:
        """Servers by id, deleted ones too."""
        found: dict[str, Server] = {}
        for part in _parts(server_ids):
            rows = connection.execute(SERVERS.select().where(SERVERS.c.id.in_(part)))
            found |= {row.id: _record(row) for row in rows}
        return found

    def update(
        self, connection: Connection, server: Server, now: float, **values: Any
    ) -> Server:
        """The server with these values; ``Stale`` when it was changed meanwhile."""
        values = {"updated_at": now, **values}
        revision = update_revision(
            connection, SERVERS, {"id": server.id}, server.revision, values
        )
        return dataclasses.replace(server, revision=revision, **values)

    def some(
        self,
        connection: Connection,
        wanted: ServerFilter,
        page: Page,
        place: Place | None = None,
    ) -> Some:
        """One page of a list, or what is found of it among the next rows after
        ``place`` (None: after the page's marker) when SQL cannot tell all that is
        wanted.  ``BadRequest`` for a marker that is no server."""
        columns = [
            (SERVERS.c[SORT_COLUMNS[key]], descending) for key, descending in page.sort
        ]
        order = [*columns, (SERVERS.c.id, True)]
        after = place or self._after(connection, wanted, page, order)
        if wanted.matches is None:
            return Some(self._rows(connection, wanted, order, after, page.limit))
        rows_max = min(CHUNK_ROWS, max(CHUNK_ROWS_MIN, page.limit))
        rows = self._rows(connection, wanted, order, after, rows_max)
        found = [server for server in rows if wanted.matches(server)]
        if len(rows) < rows_max:
            return Some(found)
        return Some(found, [getattr(rows[-1], column.name) for column, _ in order])

    def _after(
        self, connection: Connection, wanted: ServerFilter, page: Page, order: Any
    ) -> Place | None:
        """Where the marker stands; another project's tells nothing, not even that it
        is there.  (One that matches no filter any more still stands somewhere.)"""
        if not page.marker:
            return None
        marker = self.get(connection, page.marker, deleted=None)
        if marker is None or (
            wanted.equal.get("project_id", marker.project_id) != marker.project_id
        ):
            raise BadRequest(f"marker [{page.marker}] not found")
        return [getattr(marker, column.name) for column, _ in order]

    def _rows(
        self,
        connection: Connection,
        wanted: ServerFilter,
        order: Any,
        after: Place | None,
        limit: int,
    ) -> list[Server]:
        select = SERVERS.select().where(*wanted.clauses())
        select = paginate(select, order, after, limit)
        return [_record(row) for row in connection.execute(select)]

    def matching(self, connection: Connection, wanted: ServerFilter) -> list[Server]:
        """All that SQL can tell of (not ``matches``), the oldest first."""
        select = SERVERS.select().where(*wanted.clauses())
        rows = connection.execute(select.order_by(SERVERS.c.created_at, SERVERS.c.id))
        return [_record(row) for row in rows]

    def briefs(self, connection: Connection, host: str | None = None) -> list[Any]:
        """Rows of what agents and the doctor need of every live server."""
        columns = SERVERS.c
        select = sa.select(
            columns.id,
            columns.host,
            columns.vm_state,
            columns.task_state,
            columns.power_state,
            columns.project_id,
            columns.image_id,
            columns.block_devices,
            columns.name,
            columns.user_id,
            columns.flavor_id,
            columns.vcpus,
            columns.created_at,
            columns.metadata,
        ).where(columns.deleted == sa.false())
        if host is not None:
            select = select.where(columns.host == host)
        return [_brief(row._mapping) for row in connection.execute(select)]

    def power_states(
        self, connection: Connection, server_ids: Collection[str]
    ) -> list[Any]:
        """Rows of id, host, vm_state, task_state, power_state."""
        columns = SERVERS.c
        found: list[Any] = []
        for part in _parts(server_ids):
            found += connection.execute(
                sa.select(
                    columns.id,
                    columns.host,
                    columns.vm_state,
                    columns.task_state,
                    columns.power_state,
                ).where(columns.id.in_(part), columns.deleted == sa.false())
            )
        return found

    def usage(
        self, connection: Connection, project_id: str, user_id: str = ""
    ) -> Usage:
        """What counts against the quota: every server that is not deleted."""
        columns = SERVERS.c
        select = sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(columns.vcpus), 0),
            sa.func.coalesce(sa.func.sum(columns.memory_mib), 0),
        ).where(
            columns.project_id == project_id,
            columns.deleted == sa.false(),
            columns.vm_state != VmState.SOFT_DELETED.value,
        )
        if user_id:
            select = select.where(columns.user_id == user_id)
        count, vcpus, memory = connection.execute(select).one()
        return Usage(int(count), int(vcpus), int(memory))

    def stuck(self, connection: Connection, before: float) -> list[Server]:
        """Servers on which something has been under way, or which are being built,
        without any change since ``before``."""
        columns = SERVERS.c
        rows = connection.execute(
            SERVERS.select()
            .where(
                columns.deleted == sa.false(),
                columns.updated_at < before,
                sa.or_(
                    columns.task_state != TaskState.NONE.value,
                    columns.vm_state == VmState.BUILDING.value,
                ),
            )
            .order_by(columns.updated_at)
            .limit(CHUNK_ROWS)
        )
        return [_record(row) for row in rows]

    def of_group(self, connection: Connection, group_id: str) -> list[Any]:
        """Rows of id, host, user_id of a group's live members."""
        columns = SERVERS.c
        return list(
            connection.execute(
                sa.select(columns.id, columns.host, columns.user_id)
                .where(columns.group_id == group_id, columns.deleted == sa.false())
                .order_by(columns.created_at)
            )
        )

    def hosts_of(
        self, connection: Connection, server_ids: Collection[str], project_id: str
    ) -> list[str]:
        """The hosts of these servers of that project."""
        rows = connection.execute(
            sa.select(SERVERS.c.host).where(
                SERVERS.c.id.in_(list(server_ids)[:IDS_IN_ONE_QUERY]),
                SERVERS.c.project_id == project_id,
                SERVERS.c.deleted == sa.false(),
            )
        )
        return [row.host for row in rows if row.host]


def _parts(ids: Collection[str]) -> Iterable[list[str]]:
    listed = list(ids)
    for start in range(0, len(listed), IDS_IN_ONE_QUERY):
        yield listed[start : start + IDS_IN_ONE_QUERY]


def _brief(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Of the metadata only what measures are searched by."""
    found = {str(name): value for name, value in row.items() if name != "metadata"}
    return {**found, "server_group": row["metadata"].get(METERING_GROUP, "")}
