"""The migrations make the tables that the code believes in."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.core.database import Database
from compute.core.migrations import upgrade
from compute.identity import tables


def test_migrated_tables_are_those_of_the_metadata(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/identity.sqlite")
    upgrade(database, ["identity"])
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, tables.metadata)
    database.close()
    assert [item for item in differences if "alembic_version" not in str(item)] == []
