"""Bringing a database's tables up to date: one line of migrations for each room.

A room keeps its migrations in ``compute/<room>/migrations/`` as alembic revisions.
Each room's first one has no predecessor and carries the room's name as its branch
label, so rooms can be added, and started alone, without knowing of each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from compute.core.database import WRITES, Database
from objectstore.kernel import concurrency

COMPUTE = Path(__file__).resolve().parent.parent
ENVIRONMENT = COMPUTE / "core" / "migration_environment"


def alembic_config(rooms: Iterable[str]) -> Config:
    """Alembic's settings for these rooms (no file on disk)."""
    places = [str(COMPUTE / room / "migrations") for room in rooms]
    config = Config()
    config.set_main_option("script_location", str(ENVIRONMENT))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", ":".join(places))
    return config


def upgrade(database: Database, rooms: Iterable[str]) -> None:
    """Run what is missing.  Safe when several processes start at once: one does it
    while the others wait."""
    config = alembic_config(rooms)
    concurrency.offload(_upgrade, database, config)


def _upgrade(database: Database, config: Config) -> None:
    heads = set(ScriptDirectory.from_config(config).get_heads())
    if heads <= _applied(database):
        return
    with database.engine.connect() as plain:
        connection = plain.execution_options(**{WRITES: True})
        with connection.begin():
            _wait_for_turn(database, connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "heads")


def _applied(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return set()
        return set(
            connection.execute(sa.text("SELECT version_num FROM alembic_version"))
            .scalars()
            .all()
        )


def _wait_for_turn(database: Database, connection: sa.Connection) -> None:
    """Whoever comes second waits here, and then finds nothing left to do.

    (SQLite's transaction is the lock.)
    """
    if database.url.get_backend_name() == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(726337001)"))
    elif not database.is_sqlite:
        connection.execute(sa.text("SELECT GET_LOCK('ringstack.migrations', 120)"))
