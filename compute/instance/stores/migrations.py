"""Migrations in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from compute.core.api.pagination import Page, paginate
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.instance.moves import ENDED
from compute.instance.records import Migration
from compute.instance.tables import MIGRATIONS


@dataclass(frozen=True, slots=True)
class MigrationFilter:
    """Which ones.  ``equal``: columns; ``host``: on either side."""

    equal: Mapping[str, Any] = field(default_factory=dict)
    host: str = ""
    changed_since: float | None = None
    changed_before: float | None = None


class MigrationStore:
    """All of it inside the caller's transactions."""

    def add(self, connection: Connection, **values: Any) -> Migration:
        """A new one."""
        connection.execute(MIGRATIONS.insert().values(figures={}, **values))
        found = self.get(connection, values["uuid"])
        assert found is not None
        return found

    def get(self, connection: Connection, uuid: str) -> Migration | None:
        """By uuid."""
        return self._one(connection, MIGRATIONS.c.uuid == uuid)

    def numbered(self, connection: Connection, number: int) -> Migration | None:
        """By number, as clients name it."""
        return self._one(connection, MIGRATIONS.c.number == number)

    def of_token(self, connection: Connection, digest: str) -> Migration | None:
        """The one that the token is for."""
        return self._one(connection, MIGRATIONS.c.token_digest == digest)

    def open_of(self, connection: Connection, server_id: str) -> list[Migration]:
        """The server's that have not ended, the oldest first."""
        return self._open(connection, MIGRATIONS.c.server_id == server_id)

    def open_among(
        self, connection: Connection, server_ids: Collection[str]
    ) -> list[Migration]:
        """Those of any of these servers that have not ended."""
        return self._open(connection, MIGRATIONS.c.server_id.in_(list(server_ids)))

    def open_on(self, connection: Connection, host: str) -> list[Migration]:
        """Those from or to the host that have not ended."""
        where = sa.or_(MIGRATIONS.c.source == host, MIGRATIONS.c.dest == host)
        return self._open(connection, where)

    def _open(
        self, connection: Connection, where: sa.ColumnElement[bool]
    ) -> list[Migration]:
        ended = [status.value for status in ENDED]
        rows = connection.execute(
            MIGRATIONS.select()
            .where(where, MIGRATIONS.c.status.not_in(ended))
            .order_by(MIGRATIONS.c.number)
        )
        return [Migration(**row._mapping) for row in rows]

    def set(self, connection: Connection, uuid: str, now: float, **values: Any) -> None:
        """Change one."""
        connection.execute(
            sa.update(MIGRATIONS)
            .where(MIGRATIONS.c.uuid == uuid)
            .values(updated_at=now, **values)
        )

    def page(
        self, connection: Connection, wanted: MigrationFilter, page: Page
    ) -> list[Migration]:
        """One page of a list.  ``BadRequest`` for a marker that is no migration."""
        columns = MIGRATIONS.c
        where = [columns[name] == value for name, value in wanted.equal.items()]
        if wanted.host:
            where.append(
                sa.or_(columns.source == wanted.host, columns.dest == wanted.host)
            )
        if wanted.changed_since is not None:
            where.append(columns.updated_at >= wanted.changed_since)
        if wanted.changed_before is not None:
            where.append(columns.updated_at <= wanted.changed_before)
        order = [(columns[key], descending) for key, descending in page.sort]
        after = None
        if page.marker:
            found = self.get(connection, page.marker)
            if found is None:
                raise BadRequest(f"Marker {page.marker} could not be found.")
            after = [getattr(found, key) for key, _ in page.sort]
        select = paginate(MIGRATIONS.select().where(*where), order, after, page.limit)
        return [Migration(**row._mapping) for row in connection.execute(select)]

    def _one(
        self, connection: Connection, where: sa.ColumnElement[bool]
    ) -> Migration | None:
        row = connection.execute(MIGRATIONS.select().where(where)).first()
        return None if row is None else Migration(**row._mapping)
