"""A store that grows between measurements, and stays where it is: one device, one
replica, one worker.

It is filled below HTTP, by opening its device in this process while no server runs, and
measured through a server, its sockets and its restarts.  ``points.json`` in its
directory has what was measured so far, ``counts.json`` how much is in it, so that the
work can be broken off and gone on with.
"""

from __future__ import annotations

import configparser
import json
import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import swiftclient

from objectstore.cli.layout import (
    LOOPBACK,
    MIN_PART_HOURS,
    PART_POWER,
    RING_NAMES,
    NodePlan,
    lay_out,
)
from objectstore.cli.process import ServerProcess, is_taken
from ring.builder import Builder
from ring.device import Device
from ring.file import save_builder, save_ring
from ring.hashing import hash_path
from test.bench.driver import Outcome, drive, request
from test.bench.processes import cpu_seconds, family, resident_megabytes
from test.bench.store import free_port

ACCOUNT = "AUTH_test"
DEVICE = "d1"
CONNECTIONS = 16
GONE_SECONDS_MAX = 60.0


class GrownStore:
    """See the module."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        plan = NodePlan("store", free_port(), free_port(), (DEVICE,))
        self.port = plan.public_port
        _write_rings(directory / "etc", plan)
        place = lay_out(directory, [plan])
        self.device_path = str(place.devices(plan) / DEVICE)
        settings = configparser.ConfigParser()
        settings.read(place.settings_directory / "cluster.conf")
        self._suffix = settings["cluster"]["hash_suffix"].encode()
        self._place = place
        self._server = self._new_server()
        self.token = ""

    def _new_server(self) -> ServerProcess:
        settings, log = self._place.settings_file("store"), self._place.log("store")
        return ServerProcess(settings, self.port, log, outlives_us=False)

    # ---- what is kept of earlier runs --------------------------------------------

    def kept(self, name: str, default: object) -> object:
        """A file of the directory."""
        path = self.directory / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else default

    def keep(self, name: str, value: object) -> None:
        """Write it."""
        path = self.directory / f"{name}.json"
        path.with_suffix(".new").write_text(json.dumps(value, indent=1) + "\n")
        path.with_suffix(".new").replace(path)

    # ---- names -----------------------------------------------------------------------

    def key(self, container: str, name: str | None = None) -> bytes:
        """Where the ring has it."""
        return hash_path(ACCOUNT, container, name, suffix=self._suffix)

    def path(self, container: str, name: str = "") -> str:
        """Its path in requests."""
        return f"/v1/{ACCOUNT}/{container}" + (f"/{name}" if name else "")

    # ---- the server ------------------------------------------------------------------

    def start(self, first: str = "") -> float:
        """Start it; seconds until ``first``, a path, is answered with 200."""
        began = time.perf_counter()
        self._server = self._new_server()
        self._server.start()
        _, self.token = swiftclient.get_auth(
            f"http://{LOOPBACK}:{self.port}/auth/v1.0", "test:tester", "testing"
        )
        if first:
            outcome = drive(self.port, [request("GET", first, self.token)], 1)
            assert not outcome.errors, f"no {first}"
        return time.perf_counter() - began

    def stop(self) -> None:
        """In order."""
        self._server.stop()

    def kill(self) -> None:
        """As a crash of the processes does, in the middle of writing."""
        writes = (
            request("PUT", self.path("killed", f"k{number}"), self.token, b"x" * 1024)
            for number in range(10**9)
        )
        drive(self.port, writes, CONNECTIONS, 3.0)
        members = family(self._server.pid)
        # The supervisor first: it would start a new worker for one that died.
        for pid in sorted(members, key=lambda pid: pid != self._server.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._server.stop()
        until = time.monotonic() + GONE_SECONDS_MAX
        while time.monotonic() < until and (
            is_taken(self.port) or any(map(_is_alive, members))
        ):
            time.sleep(0.02)

    @contextmanager
    def running(self, *containers: str) -> Iterator[None]:
        """Started inside, with these containers; stopped afterwards."""
        try:
            self.start()
            self.ask([request("PUT", self.path(c), self.token) for c in containers])
            yield
        finally:
            self.stop()

    def ask(self, requests: Iterable[bytes]) -> tuple[Outcome, float]:
        """The outcome, and CPU seconds of the server."""
        before = cpu_seconds(self._server.pid)
        outcome = drive(self.port, requests, CONNECTIONS)
        assert not outcome.errors, f"{outcome.errors} requests failed"
        return outcome, cpu_seconds(self._server.pid) - before

    def memory_megabytes(self) -> float:
        """Of all its processes."""
        return resident_megabytes(self._server.pid)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def _write_rings(directory: Path, plan: NodePlan) -> None:
    """Rings of one replica, which ``lay_out`` then takes as they are."""
    if (directory / "object.ring.gz").exists():
        return
    directory.mkdir(parents=True, exist_ok=True)
    for name in RING_NAMES:
        builder = Builder(PART_POWER, 1, MIN_PART_HOURS)
        device = Device(0, 1, 1, LOOPBACK, plan.node_port, DEVICE, 100.0)
        builder.add(device)
        builder.rebalance(Random(1), now=int(time.time()))
        save_builder(builder, directory / f"{name}.builder")
        save_ring(builder.ring(), directory / f"{name}.ring.gz")
