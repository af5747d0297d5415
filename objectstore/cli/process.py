"""Start a server as a child process, wait until it answers, end it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS_MAX = 60.0
# A drained server has finished its requests long before; then it is killed.
STOP_SECONDS_MAX = 15.0
POLL_SECONDS = 0.02
LOG_LINES_SHOWN = 15
HEALTH_REQUEST = b"GET /healthcheck HTTP/1.0\r\nHost: localhost\r\n\r\n"


class StartFailed(Exception):
    """The server ended, or did not answer in time; the message holds its words."""


SERVE_STORE = ("objectstore.cli", "serve")


class ServerProcess:
    """One ``objectstore serve`` in the background, its output in a log file.

    ``command``: another module's command that serves a settings file the same way.
    """

    def __init__(
        self,
        settings_file: Path,
        port: int,
        log: Path,
        *,
        outlives_us: bool = True,
        command: Sequence[str] = SERVE_STORE,
    ) -> None:
        self._command = command
        self._settings_file = settings_file
        self._port = port
        self._log = log
        self._outlives_us = outlives_us
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id while it runs."""
        assert self._child is not None, "not started"
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers.  Raises ``StartFailed``."""
        self.launch()
        self.wait_until_up()

    def launch(self) -> None:
        """Start it.  One that does not outlive us ends with the *thread* that does
        this: let it be one that lasts.  Raises ``StartFailed``."""
        if is_taken(self._port):
            raise StartFailed(f"port {self._port} is in use by something else")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", *self._command]
        if not self._outlives_us:
            command += ["--parent", str(os.getpid())]
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                [*command, str(self._settings_file)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for the parent, which ends this one in order.
                start_new_session=True,
            )

    def wait_until_up(self) -> None:
        """Wait until it answers.  Raises ``StartFailed``."""
        assert self._child is not None, "not started"
        last = time.monotonic() + START_SECONDS_MAX
        while not answers(self._port):
            if self._child.poll() is not None:
                raise StartFailed(f"the server ended at once:\n{self._last_words()}")
            if time.monotonic() > last:
                self.stop()
                raise StartFailed(f"the server does not answer:\n{self._last_words()}")
            time.sleep(POLL_SECONDS)

    def wait(self) -> None:
        """Wait until it ends by itself; raises ``StartFailed`` when it does."""
        assert self._child is not None, "not started"
        self._child.wait()
        raise StartFailed(f"the server has ended:\n{self._last_words()}")

    def stop(self) -> None:
        """Ask it to finish what it is doing and end; harmless when it has."""
        if self._child is None or not self.is_running:
            return
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Started inside, stopped afterwards."""
        try:
            self.start()
            yield
        finally:
            self.stop()

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self._log.read_text("utf-8", "replace").splitlines()
            return "\n".join(lines[-LOG_LINES_SHOWN:])
        return ""


def is_taken(port: int) -> bool:
    """Whether somebody listens on that port of loopback, whoever it is."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(port: int) -> bool:
    """Whether somebody on loopback says that he is healthy on that port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(HEALTH_REQUEST)
            return bool(connection.recv(1))
    except OSError:
        return False
