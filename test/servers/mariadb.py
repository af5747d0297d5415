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

    def __init__(self, place: Path, port: int) -> None:
        self._place = place
        self._socket = place / "sock"
        self._port = port

    @contextmanager
    def serving(self, log_flushed_at: int = 0) -> Iterator[subprocess.Popen[bytes]]:
        """It runs; ``log_flushed_at`` 1: what it says is done outlives its death."""
        command = ["mariadbd", "--no-defaults", f"--datadir={self._place}/data"]
        command += ["--user=root", f"--socket={self._socket}", f"--port={self._port}"]
        command += ["--bind-address=127.0.0.1", f"--pid-file={self._place}/pid"]
        command += [f"--innodb-flush-log-at-trx-commit={log_flushed_at}"]
        # Nobody pulls the plug: what the kernel has outlives the server.
        command += ["--innodb-flush-method=nosync", "--skip-innodb-doublewrite"]
        log = self._place / "log"
        with running(command, log, lambda: self.execute("SELECT 1")) as process:
            yield process

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
    with installed_mariadb() as server, server.serving() as process:
        try:
            yield server
        finally:
            # An end in good order takes long: everything would be written down.
            process.kill()


@contextmanager
def installed_mariadb() -> Iterator[MariaDB]:
    """One that does not run yet."""
    need("mariadbd", "mariadb-install-db", "setpriv")
    (port,) = free_ports(1)
    with directory() as place:
        data = place / "data"
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}"]
        install += ["--user=root", "--auth-root-authentication-method=normal"]
        subprocess.run([*install, "--skip-test-db"], check=True, capture_output=True)
        yield MariaDB(place, port)
