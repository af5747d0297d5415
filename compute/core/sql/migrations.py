"""Bringing a database's tables up to date: one line of migrations for each room.

A room keeps its migrations in ``compute/<room>/migrations/`` as alembic revisions.
Each room's first one has no predecessor and carries the room's name as its branch
label, so rooms can be added, and started alone, without knowing of each other.  They
may share a database: what is applied of all of them stands in one table.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from compute.core.sql.database import Database
from compute.core.sql.migration_steps import HalfDone, forget, repeatable
from compute.core.sql.sqlite import WRITES
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

COMPUTE = Path(__file__).resolve().parents[2]
ENVIRONMENT = Path(__file__).resolve().parent / "migration_environment"
# Any number that nobody else takes for a lock of this database server.
POSTGRESQL_LOCK = 726337001
MYSQL_LOCK = "ringstack.migrations"
# A process that waited so long for others' migrations says so and ends.
TURN_SECONDS_MAX = 120


def alembic_config() -> Config:
    """Alembic's settings (no file on disk).  It must know the migrations of every
    room: it meets those of others in a database that rooms share."""
    places = sorted(str(place) for place in COMPUTE.glob("*/migrations"))
    config = Config()
    config.set_main_option("script_location", str(ENVIRONMENT))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", ":".join(places))
    return config


def upgrade(database: Database, rooms: Collection[str]) -> None:
    """Run what is missing for these rooms.  Safe when several processes start at
    once: one does it while the others wait.  ``Unavailable`` when the database is away,
    of a newer release, or half changed."""
    concurrency.offload(_upgrade, database, list(rooms))


def unknown_migrations(applied: Collection[str]) -> list[str]:
    """Those of a newer release."""
    script = ScriptDirectory.from_config(alembic_config())
    known = {each.revision for each in script.walk_revisions()}
    return sorted(set(applied) - known)


def _upgrade(database: Database, rooms: list[str]) -> None:
    _reach(database)
    applied = _applied(database)
    if {_head(room) for room in rooms} <= applied:
        return
    if unknown := unknown_migrations(applied):
        names = ", ".join(unknown)
        raise Unavailable(f"the database is of a newer release: {names}")
    # The turn first, on a connection of its own: a transaction that is there before
    # would not see what others have done meanwhile.
    with _turn(database), database.engine.connect() as plain:
        config = alembic_config()
        connection = plain.execution_options(**{WRITES: True})
        with connection.begin():
            config.attributes["connection"] = connection
            for room in rooms:
                try:
                    with _whole(database, connection, room):
                        command.upgrade(config, f"{room}@head")
                except HalfDone as half:
                    raise Unavailable(_half_changed(database, room, half)) from half
        if _commits_by_itself(database):
            with connection.begin():
                forget(connection)


def _reach(database: Database) -> None:
    """What hinders that is told in the driver's words: they name the host, the file of
    its authority, the user, or whatever else the URL has wrong."""
    try:
        database.engine.connect().close()
    except OperationalError as error:
        words = " ".join(str(error.orig).split())
        raise Unavailable(f"the database does not answer: {words}") from error


def _commits_by_itself(database: Database) -> bool:
    return database.url.get_backend_name() in ("mysql", "mariadb")


def _whole(
    database: Database, connection: sa.Connection, room: str
) -> AbstractContextManager[None]:
    """All of a room's migrations, whatever dies on the way; elsewhere the transaction
    is all of them or none."""
    return (
        repeatable(connection, room) if _commits_by_itself(database) else nullcontext()
    )


def _half_changed(database: Database, room: str, half: HalfDone) -> str:
    script, applied = ScriptDirectory.from_config(alembic_config()), _applied(database)
    line = reversed(list(script.iterate_revisions(f"{room}@head", "base")))
    under_way = next(each.revision for each in line if each.revision not in applied)
    return (
        "the database's tables are half changed: an older release has begun"
        f" {under_way} of the room {room}, and was cut short ({half}).  Bring the"
        " database back as it was before that upgrade, or take back by hand what was"
        " begun, and start again (doc/cloud-bad-days.md)"
    )


@functools.cache
def _head(room: str) -> str:
    """The newest revision of the room's migrations, which are read once a process."""
    script = ScriptDirectory.from_config(alembic_config())
    return script.get_revisions(f"{room}@head")[0].revision


def _applied(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return set()
        return set(
            connection.execute(sa.text("SELECT version_num FROM alembic_version"))
            .scalars()
            .all()
        )


@contextmanager
def _turn(database: Database) -> Iterator[None]:
    """Whoever comes second waits here, and then finds nothing left to do.

    (SQLite's transaction is the lock.)
    """
    if database.is_sqlite:
        yield
        return
    is_postgresql = database.url.get_backend_name() == "postgresql"
    with database.engine.connect() as plain:
        holder = plain.execution_options(isolation_level="AUTOCOMMIT")
        if is_postgresql:
            take = sa.select(sa.func.pg_advisory_lock(POSTGRESQL_LOCK))
            give = sa.select(sa.func.pg_advisory_unlock(POSTGRESQL_LOCK))
        else:
            take = sa.select(sa.func.get_lock(MYSQL_LOCK, TURN_SECONDS_MAX))
            give = sa.select(sa.func.release_lock(MYSQL_LOCK))
        taken = holder.execute(take).scalar()
        if not is_postgresql and taken != 1:
            raise Unavailable("others' migrations take too long")
        try:
            yield
        finally:
            holder.execute(give)
