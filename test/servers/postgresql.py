"""A private PostgreSQL."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

from test.functional.harness.ports import free_ports
from test.servers.program import directory, need, running

PROGRAMS = Path("/usr/lib/postgresql")
AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
_numbers = count()


class PostgreSQL:
    """Makes databases in one server, which can be stopped and started."""

    def __init__(self, programs: Path, port: int, place: Path) -> None:
        self._programs = programs
        self._port = port
        self._place = place
        self._running = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Up, when this returns."""
        command: list[str | Path] = [
            *AS_POSTGRES,
            self._programs / "postgres",
            "-D",
            self._place / "data",
        ]
        command += ["-p", str(self._port), "-k", self._place]
        command += ["-c", "listen_addresses=127.0.0.1"]
        command += ["-c", "fsync=off", "-c", "max_connections=200"]
        up = running(command, self._place / "log", lambda: self.execute("SELECT 1"))
        self._process = self._running.enter_context(up)

    def stop(self) -> None:
        """Down, whoever is connected; what was committed stays."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
        self._running.close()

    def kill(self) -> None:
        """Gone, with all that it has not written down yet (which takes long)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
        self._running.close()

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"test_{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg2://tester@127.0.0.1:{self._port}/{name}"

    def execute(self, statement: str) -> bool:
        """Whether the statement went well."""
        command: list[str | Path] = [
            self._programs / "psql",
            "-h",
            "127.0.0.1",
            "-p",
            str(self._port),
        ]
        command += ["-U", "tester", "-d", "postgres", "-qc", statement]
        return subprocess.run(command, capture_output=True).returncode == 0


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """A server that forgets everything in the end."""
    found = sorted(PROGRAMS.glob("*/bin"))
    if not found:
        pytest.skip("postgresql is not installed")
    need("setpriv")
    programs = found[-1]
    (port,) = free_ports(1)
    with directory() as place:
        data = place / "data"
        subprocess.run(["chown", "postgres", place], check=True)
        initdb: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-A",
            "trust",
            "-U",
            "tester",
        ]
        subprocess.run(
            [*AS_POSTGRES, *initdb], check=True, capture_output=True, cwd="/"
        )
        server = PostgreSQL(programs, port, place)
        server.start()
        try:
            yield server
        finally:
            server.kill()
