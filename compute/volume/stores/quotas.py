"""Quotas that differ from the usual, and what is used: SQL."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from compute.core.jobs.store import OPEN_STATES
from compute.core.sql.database import Connection
from compute.volume.group_tables import GROUPS
from compute.volume.model import RETYPING
from compute.volume.records import Used
from compute.volume.tables import BACKUPS, JOBS, QUOTAS, SNAPSHOTS, VOLUMES


class QuotaStore:
    """Inside the caller's transactions."""

    def of(self, connection: Connection, owner: str) -> dict[str, int]:
        """What is said of that project, or of ``class:default``."""
        query = QUOTAS.select().where(QUOTAS.c.owner == owner)
        return {row.resource: row.ceiling for row in connection.execute(query)}

    def set(
        self, connection: Connection, owner: str, limits: Mapping[str, int]
    ) -> None:
        """Say more of it."""
        for resource, ceiling in limits.items():
            which = sa.and_(QUOTAS.c.owner == owner, QUOTAS.c.resource == resource)
            connection.execute(QUOTAS.delete().where(which))
            row = {"owner": owner, "resource": resource, "ceiling": ceiling}
            connection.execute(QUOTAS.insert().values(**row))

    def forget(self, connection: Connection, owner: str) -> None:
        """The usual again."""
        connection.execute(QUOTAS.delete().where(QUOTAS.c.owner == owner))

    def used(self, connection: Connection, project_id: str) -> Used:
        """Counted from the things themselves."""
        grown = sa.case(
            (
                VOLUMES.c.extending_to_gib > VOLUMES.c.size_gib,
                VOLUMES.c.extending_to_gib,
            ),
            else_=VOLUMES.c.size_gib,
        )
        by_type = connection.execute(
            sa.select(VOLUMES.c.type_id, sa.func.count(), sa.func.sum(grown))
            .where(VOLUMES.c.project_id == project_id)
            .group_by(VOLUMES.c.type_id)
        ).all()
        snapshots = connection.execute(
            sa.select(
                VOLUMES.c.type_id, sa.func.count(), sa.func.sum(SNAPSHOTS.c.size_gib)
            )
            .select_from(
                SNAPSHOTS.outerjoin(VOLUMES, VOLUMES.c.id == SNAPSHOTS.c.volume_id)
            )
            .where(SNAPSHOTS.c.project_id == project_id)
            .group_by(VOLUMES.c.type_id)
        ).all()
        backups = connection.execute(
            sa.select(sa.func.count(), sa.func.sum(BACKUPS.c.size_gib)).where(
                BACKUPS.c.project_id == project_id
            )
        ).one()
        groups = connection.execute(
            sa.select(sa.func.count()).where(GROUPS.c.project_id == project_id)
        ).scalar()
        volumes_of = {row[0]: row[1] for row in by_type}
        gib_of = {row[0]: int(row[2] or 0) for row in by_type}
        for type_id, _, gib in snapshots:
            gib_of[type_id] = gib_of.get(type_id, 0) + int(gib or 0)
        for type_id, gib in self._retyped(connection, project_id):
            volumes_of[type_id] = volumes_of.get(type_id, 0) + 1
            gib_of[type_id] = gib_of.get(type_id, 0) + gib
        return Used(
            volumes=sum(row[1] for row in by_type),
            volume_gib=sum(int(row[2] or 0) for row in by_type),
            snapshots=sum(row[1] for row in snapshots),
            snapshot_gib=sum(int(row[2] or 0) for row in snapshots),
            backups=int(backups[0]),
            backup_gib=int(backups[1] or 0),
            groups=int(groups or 0),
            volumes_of=volumes_of,
            gib_of=gib_of,
            snapshots_of={row[0]: row[1] for row in snapshots},
        )

    @staticmethod
    def _retyped(connection: Connection, project_id: str) -> list[tuple[str, int]]:
        """Types and sizes of volumes that move to a host which has the type, and are of
        it when they arrive: many at once would all fit, one by one."""
        rows = connection.execute(
            sa.select(JOBS.c.arguments, VOLUMES.c.size_gib)
            .select_from(VOLUMES.join(JOBS, JOBS.c.subject_id == VOLUMES.c.id))
            .where(
                VOLUMES.c.project_id == project_id,
                VOLUMES.c.status == RETYPING,
                JOBS.c.state.in_(OPEN_STATES),
            )
        )
        arriving = [(str(row[0].get("type_id", "")), int(row[1])) for row in rows]
        return [each for each in arriving if each[0]]
