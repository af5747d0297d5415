"""MariaDB dies between two statements of a migration: the next start goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import sqlalchemy as sa

from compute.core.sql.database import Database
from compute.core.sql.migration_steps import NOTES, repeatable
from compute.core.sql.migrations import upgrade
from objectstore.kernel.errors import Unavailable
from test.servers.mariadb import MariaDB, installed_mariadb

# Theirs change tables that are there, and write rows between.
ROOMS = ("identity", "network")
TRIES_MAX = 50
CHANGES = ("CREATE", "ALTER", "INSERT", "UPDATE")


class Cut(Exception):
    """Everything ends here."""


@contextmanager
def cut_after(database: Database, count: int, cut: Any) -> Iterator[None]:
    """After so many statements that change something, ``cut`` is called."""
    left = count

    def after(*told: Any) -> None:
        nonlocal left
        left -= str(told[2]).lstrip().startswith(CHANGES)
        if left == 0:
            cut()

    sa.event.listen(database.engine, "after_cursor_execute", after)
    try:
        yield
    finally:
        sa.event.remove(database.engine, "after_cursor_execute", after)


def look(database: Database) -> dict[str, Any]:
    """All tables with columns and indexes; the rules that a migration writes."""
    inspector = sa.inspect(database.engine)
    shape: dict[str, Any] = {
        name: (
            [(each["name"], str(each["type"])) for each in inspector.get_columns(name)],
            sorted(str(each["name"]) for each in inspector.get_indexes(name)),
        )
        for name in inspector.get_table_names()
    }
    with database.engine.connect() as connection:
        rules = sa.text("SELECT id FROM network_default_rules ORDER BY id")
        shape["rules"] = connection.execute(rules).scalars().all()
        applied = sa.text("SELECT version_num FROM alembic_version ORDER BY 1")
        shape["applied"] = connection.execute(applied).scalars().all()
    return shape


@pytest.fixture(scope="module")
def whole(mariadb_server: MariaDB) -> dict[str, Any]:
    database = Database(mariadb_server.new_database())
    upgrade(database, ROOMS)
    found = look(database)
    database.close()
    return found


def test_whichever_statement_was_the_last(
    mariadb_server: MariaDB, whole: dict[str, Any]
) -> None:
    assert NOTES.name not in whole
    database = Database(mariadb_server.new_database())

    def cut() -> None:
        raise Cut

    tries = 0
    while tries < TRIES_MAX:
        tries += 1
        # Each try comes a little further than the one before.
        with cut_after(database, 19, cut), suppress(Cut):
            upgrade(database, ROOMS)
            break
    assert 3 < tries < TRIES_MAX
    assert look(database) == whole
    database.close()


def test_what_a_release_without_notes_has_begun_is_told(
    mariadb_server: MariaDB, whole: dict[str, Any]
) -> None:
    """At each start, until somebody has taken it back; nothing is done twice."""
    database = Database(mariadb_server.new_database())
    tables = sa.MetaData()
    sa.Table("network_subnets", tables, sa.Column("id", sa.Integer))
    tables.create_all(database.engine)
    for _ in range(3):
        words = r"half changed.* begun \S+ of the room network.*already exists"
        with pytest.raises(Unavailable, match=words):
            upgrade(database, ROOMS)
    tables.drop_all(database.engine)
    upgrade(database, ROOMS)
    assert look(database) == whole
    database.close()


def test_what_is_said_twice_is_done_twice(mariadb_server: MariaDB) -> None:
    database = Database(mariadb_server.new_database())
    rows = sa.table("things", sa.column("a", sa.Integer))

    def migrate(connection: sa.Connection, *, is_cut: bool) -> None:
        create = "CREATE TABLE things (a INTEGER)"
        connection.execute(sa.text(create))
        for _ in range(2):
            connection.execute(rows.insert().values(a=1))
            connection.execute(sa.text("INSERT INTO things VALUES (2)"))
        connection.execute(sa.text("ALTER TABLE things ADD COLUMN b INTEGER"))
        if is_cut:
            raise Cut

    for is_cut in (True, True, False):
        with (
            suppress(Cut),
            database.engine.begin() as connection,
            repeatable(connection, "things"),
        ):
            migrate(connection, is_cut=is_cut)
            # The next one says the same: after the first is applied, it is news.
            connection.execute(sa.text("CREATE TABLE alembic_version (v INTEGER)"))
            connection.execute(sa.text("INSERT INTO alembic_version VALUES (1)"))
            connection.execute(rows.insert().values(a=1))
    with database.engine.connect() as connection:
        found = connection.execute(sa.select(rows.c.a).order_by(rows.c.a)).scalars()
        assert list(found) == [1, 1, 1, 2, 2]
    database.close()


def test_the_server_is_killed(whole: dict[str, Any]) -> None:
    with installed_mariadb() as server:
        with server.serving(log_flushed_at=1) as process:
            database = Database(server.new_database())
            # Rules are written, and what is changed next has kept them.
            wanted = "ALTER TABLE network_subnet_pools"

            def kill(*told: Any) -> None:
                if str(told[2]).startswith(wanted):
                    process.kill()
                    process.wait()

            sa.event.listen(database.engine, "after_cursor_execute", kill)
            with pytest.raises(Exception, match=r"Lost connection|gone away|reset"):
                upgrade(database, ROOMS)
            database.close()
            sa.event.remove(database.engine, "after_cursor_execute", kill)
        with server.serving(log_flushed_at=1):
            upgrade(database, ROOMS)
            assert look(database) == whole
            database.close()
