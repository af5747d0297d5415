"""The migrations make the tables that the code believes in."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compute.core.sql.database import Database
from compute.core.sql.migrations import alembic_config, upgrade
from compute.core.sql.sqlite import WRITES
from compute.identity import tables
from compute.identity.changes.credentials import access_digest, find_ec2


def test_migrated_tables_are_those_of_the_metadata(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/identity.sqlite")
    upgrade(database, ["identity"])
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, tables.metadata)
    database.close()
    assert [item for item in differences if "alembic_version" not in str(item)] == []


def test_keys_of_before_are_found(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/identity.sqlite")
    config = alembic_config()
    with database.engine.connect() as plain:
        connection = plain.execution_options(**{WRITES: True})
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "identity_0003")
            for key, kind in ((access_digest("mine"), "ec2"), ("other", "totp")):
                connection.execute(
                    sa.text(
                        "INSERT INTO identity_credentials"
                        " (id, type, user_id, project_id, sealed_blob, extra)"
                        " VALUES (:key, :kind, 'u', 'p', '', '{}')"
                    ),
                    {"key": key, "kind": kind},
                )
    upgrade(database, ["identity"])
    found = database.read(lambda connection: find_ec2(connection, "mine"))
    assert found is not None
    assert found.id == access_digest("mine")
    assert database.read(lambda connection: find_ec2(connection, "other")) is None
    database.close()
