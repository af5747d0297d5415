"""The same suites on every database and on every bus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.core.sql.database import Database
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
