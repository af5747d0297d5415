"""A cloud in four processes: object store, rooms, agent of guests, agent of networks.

Each can be stopped, killed and brought back while the others run on.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from compute.cli.layout import SERVE_CLOUD, STORE, CloudPlan, lay_out_cloud
from objectstore.cli.process import ServerProcess, answers
from test.functional.compute.house import RunningCloud
from test.functional.harness.ports import free_ports
from test.functional.harness.store import children

ROOMS, AGENT, NETWORK_AGENT = "rooms", "agent", "network-agent"
ROLES = {
    ROOMS: "identity, image, network, volume, compute, load-balancer, orchestration,"
    " alarming, dashboard",
    AGENT: "agent",
    NETWORK_AGENT: "network-agent",
}
GONE_SECONDS_MAX = 15.0
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class HalvedCloud(RunningCloud):
    """The processes by name."""

    parts: dict[str, ServerProcess]
    ports: dict[str, int]

    def pids(self, name: str) -> list[int]:
        """Supervisor and workers."""
        supervisor = self.parts[name].pid
        return [supervisor, *children(supervisor)]

    def signal(self, name: str, number: int) -> None:
        """To all of its processes."""
        for pid in self.pids(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self, name: str) -> None:
        """As a power cut would."""
        self.signal(name, signal.SIGKILL)
        self.parts[name].stop()
        until = time.monotonic() + GONE_SECONDS_MAX
        while answers(self.ports[name]):
            assert time.monotonic() < until, f"{name} outlives its parent"
            time.sleep(POLL_SECONDS)

    def start(self, name: str) -> None:
        """Bring it back."""
        self.parts[name].start()

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """It hangs in the block, and goes on afterwards."""
        self.signal(name, signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(name, signal.SIGCONT)

    def log(self, name: str) -> str:
        """What it has said."""
        return self.place.store.log(name).read_text("utf-8", "replace")


@contextmanager
def halved_cloud(
    directory: Path,
    sections: Mapping[str, Mapping[str, str]] | None = None,
    roles_of: Mapping[str, str] = ROLES,
) -> Iterator[HalvedCloud]:
    """All of it, on loopback.  ``sections``: as in ``CloudPlan``; ``roles_of``: which
    processes there are beside the store, the first with the rooms."""
    ports = dict(zip(roles_of, free_ports(len(roles_of)), strict=True))
    store_port, node_port = free_ports(2)
    place = lay_out_cloud(directory, CloudPlan(ports[ROOMS], store_port, node_port))
    ports[STORE] = store_port
    password = place.state / "service-password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(32), "utf-8")
    parts: dict[str, ServerProcess] = {
        STORE: ServerProcess(
            place.store.settings_file(STORE),
            store_port,
            place.store.log(STORE),
            outlives_us=False,
        )
    }
    everything: dict[str, dict[str, str]] = {
        "cloud": {
            "public_url": f"http://127.0.0.1:{ports[ROOMS]}",
            "object_store_url": f"http://127.0.0.1:{store_port}",
            "state": str(place.state),
            "host": "host",
        }
    }
    for name, options in (sections or {}).items():
        everything.setdefault(name, {}).update(options)
    # The doctor is to look at all of it.
    _write(place.settings_file, everything, "", ports[ROOMS])
    for name, roles in roles_of.items():
        file = place.store.settings_directory / f"{name}.conf"
        _write(file, everything, roles, ports[name])
        parts[name] = ServerProcess(
            file,
            ports[name],
            place.store.log(name),
            outlives_us=False,
            command=SERVE_CLOUD,
        )
    with ExitStack() as stack:
        # Each is patient with the others, and takes seconds of a processor to import.
        for part in parts.values():
            stack.callback(part.stop)
            part.launch()
        for part in parts.values():
            part.wait_until_up()
        yield HalvedCloud(place, parts, ports)


def _write(
    file: Path, sections: Mapping[str, Mapping[str, str]], roles: str, port: int
) -> None:
    lines: list[str] = []
    for name, options in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {value}" for key, value in options.items()]
        if name == "cloud":
            lines.append(f"public_address = 127.0.0.1:{port}")
            lines += [f"roles = {roles}"] if roles else []
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n", "utf-8")
