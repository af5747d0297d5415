"""The same suites on every database and on every bus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.core.sql.database import Database
from test.contract.compute.migrated import Migrated
from test.fakes.hasty_database import migrated_file
from test.servers.mariadb import MariaDB, mariadb
from test.servers.postgresql import PostgreSQL, postgresql

DATABASES = ("sqlite", "postgresql", "mariadb")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    with postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDB]:
    with mariadb() as server:
        yield server


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/test.db"
    else:
        server = request.getfixturevalue(f"{request.param}_server")
        url = server.new_database()
    found = Database(url)
    yield found
    found.close()


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: PostgreSQL) -> Migrated:
    return Migrated(postgresql_server.new_database())


@pytest.fixture(scope="session")
def migrated_mariadb(mariadb_server: MariaDB) -> Migrated:
    return Migrated(mariadb_server.new_database())


@pytest.fixture(params=DATABASES)
def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of each kind with the tables of every room, as migrations leave it."""
    if request.param == "sqlite":
        file = tmp_path / "test.db"
        file.write_bytes(migrated_file())
        url = f"sqlite:///{file}"
    else:
        url = request.getfixturevalue(f"migrated_{request.param}").emptied()
    found = Database(url)
    yield found
    found.close()
