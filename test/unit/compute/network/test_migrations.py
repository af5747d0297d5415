"""The migrations make exactly the tables that the code knows."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.network.tables import metadata


def test_migrated_tables_are_those_of_the_code(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/cloud.sqlite")
    upgrade(database, ["network"])
    upgrade(database, ["network"])
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            each
            for each in compare_metadata(context, metadata)
            if not (each[0] == "remove_table" and each[1].name == "alembic_version")
        ]
    database.close()
    assert differences == []
