"""A private MariaDB."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from test.functional.harness.ports import free_ports
from test.servers.program import directory, need, running

PASSWORD = "testing"
_numbers = count()


class MariaDB:
    """Makes databases in one server."""

    def __init__(self, socket: Path, port: int) -> None:
        self._socket = socket
        self._port = port

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"test_{next(_numbers)}"
        self.execute(
            f"CREATE DATABASE {name} CHARACTER SET utf8mb4;"
            f"CREATE USER IF NOT EXISTS t@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';"
            f"GRANT ALL ON *.* TO t@'127.0.0.1'"
        )
        return f"mysql+pymysql://t:{PASSWORD}@127.0.0.1:{self._port}/{name}"

    def execute(self, statement: str) -> bool:
        """Whether the statement went well."""
        socket = str(self._socket)
        command = ["mariadb", "--no-defaults", "-uroot", "-S", socket]
        done = subprocess.run([*command, "-e", statement], capture_output=True)
        return done.returncode == 0


@contextmanager
def mariadb() -> Iterator[MariaDB]:
    """A server that forgets everything in the end."""
    need("mariadbd", "mariadb-install-db", "setpriv")
    (port,) = free_ports(1)
    with directory() as place:
        data, socket = place / "data", place / "sock"
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}"]
        install += ["--user=root", "--auth-root-authentication-method=normal"]
        subprocess.run([*install, "--skip-test-db"], check=True, capture_output=True)
        command = ["mariadbd", "--no-defaults", f"--datadir={data}", "--user=root"]
        command += [f"--socket={socket}", f"--port={port}", "--bind-address=127.0.0.1"]
        command += ["--innodb-flush-log-at-trx-commit=0", f"--pid-file={place}/pid"]
        server = MariaDB(socket, port)
        with running(command, place / "log", lambda: server.execute("SELECT 1")):
            yield server
