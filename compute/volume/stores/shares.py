"""Whom snapshots are shared with."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.volume.share_tables import SHARES
from compute.volume.tables import SNAPSHOTS

_columns = SHARES.c


class ShareStore:
    """Inside the caller's transaction."""

    def projects(self, connection: Connection, snapshot_id: str) -> list[str]:
        """Those that may use it, beside its own."""
        select = sa.select(_columns.project_id).where(
            _columns.snapshot_id == snapshot_id
        )
        return sorted(connection.execute(select).scalars())

    def has(self, connection: Connection, snapshot_id: str, project_id: str) -> bool:
        """Whether that project may."""
        select = sa.select(_columns.project_id).where(
            _columns.snapshot_id == snapshot_id, _columns.project_id == project_id
        )
        return connection.execute(select).first() is not None

    def set(
        self, connection: Connection, snapshot_id: str, projects: list[str]
    ) -> None:
        """These and no others."""
        self.forget(connection, snapshot_id)
        rows = [{"snapshot_id": snapshot_id, "project_id": each} for each in projects]
        if rows:
            connection.execute(SHARES.insert(), rows)

    def forget(self, connection: Connection, snapshot_id: str) -> None:
        """Nobody may any more."""
        gone = SHARES.delete().where(_columns.snapshot_id == snapshot_id)
        connection.execute(gone)

    def with_project(self, project_id: str) -> sa.ColumnElement[bool]:
        """Of rows of snapshots: those that the project may use as others'."""
        shared = sa.select(_columns.snapshot_id).where(
            _columns.project_id == project_id
        )
        return sa.and_(SNAPSHOTS.c.id.in_(shared), SNAPSHOTS.c.project_id != project_id)
