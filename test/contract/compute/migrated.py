"""Databases on servers with the tables of every room, which migrations make once for
each process of a run: they take a second, and some two hundred tests want them.

There is one for each server, and each test finds it as the migrations have left it.
"""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Database
from compute.core.sql.migrations import COMPUTE, upgrade

# By the kind of server: rows go in any order, whatever refers to them.
UNCHECKED = {
    "postgresql": "SET session_replication_role = replica",
    "mysql": "SET FOREIGN_KEY_CHECKS = 0",
}


class Migrated:
    """One database, for one test at a time."""

    def __init__(self, url: str) -> None:
        """``url``: of an empty one."""
        self._url = url
        database = Database(url)
        try:
            rooms = [place.parent.name for place in COMPUTE.glob("*/migrations")]
            upgrade(database, sorted(rooms))
        finally:
            database.close()
        # Nothing of a connection, nor of what was said on it, stays for the next.
        self._engine = sa.create_engine(url, poolclass=sa.NullPool)
        tables = sa.MetaData()
        with self._engine.connect() as connection:
            tables.reflect(connection)
            self._written = {
                table: [row._asdict() for row in connection.execute(table.select())]
                for table in tables.tables.values()
            }

    def emptied(self) -> str:
        """Its URL; in it is what migrations have written, and nothing else."""
        with self._engine.begin() as connection:
            connection.execute(sa.text(UNCHECKED[self._engine.dialect.name]))
            for table, rows in self._written.items():
                connection.execute(table.delete())
                if rows:
                    connection.execute(table.insert(), rows)
        return self._url
