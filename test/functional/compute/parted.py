"""A cloud whose rooms and agent are processes of their own.

They share a database server, a broker, the service user's password, and the URLs of
each other: what ``doc/cloud.md`` says about running parts alone.
"""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from compute.cli.layout import (
    SERVE_CLOUD,
    STORE,
    CloudPlan,
    LaidOutCloud,
    lay_out_cloud,
)
from objectstore.cli.process import ServerProcess, answers
from test.functional.compute.house import RunningCloud
from test.functional.harness.ports import free_ports
from test.servers.postgresql import PostgreSQL, postgresql
from test.servers.rabbitmq import rabbitmq

ROOMS = ("identity", "image", "network", "volume", "compute")
SECOND = "compute-2"  # another process of the same room
# Two processes of EC2's API, which know nothing of each other.
EC2_FACES = ("ec2", "ec2-2")
AGENT = "agent"
HOSTS = 3
GONE_SECONDS_MAX = 10.0
POLL_SECONDS = 0.05
# No room is there when the agent starts.
START_ORDER = (
    AGENT,
    SECOND,
    "compute",
    "volume",
    "network",
    "image",
    "identity",
    *EC2_FACES,
    STORE,
)


@dataclass(frozen=True, slots=True)
class PartedCloud(RunningCloud):
    """The processes by name."""

    parts: dict[str, ServerProcess]
    ports: dict[str, int]

    def kill(self, name: str) -> None:
        """As a power cut would; its worker notices that its parent is gone."""
        part = self.parts[name]
        os.kill(part.pid, signal.SIGKILL)
        part.stop()
        until = time.monotonic() + GONE_SECONDS_MAX
        while answers(self.ports[name]):
            assert time.monotonic() < until, f"{name} outlives its parent"
            time.sleep(POLL_SECONDS)

    def start(self, name: str) -> None:
        """Bring it back."""
        self.parts[name].start()

    def log(self, name: str) -> str:
        """What it has said."""
        return log_of(self.place, name).read_text("utf-8")


def log_of(place: LaidOutCloud, name: str) -> Path:
    """Where a part's words go."""
    return place.store.log(name)


@contextmanager
def parted_cloud(
    directory: Path,
    database: str,
    bus: str,
    *,
    order: Sequence[str] = START_ORDER,
) -> Iterator[PartedCloud]:
    """Everything apart, on loopback, with simulated hosts."""
    names = [*ROOMS, SECOND, AGENT, *EC2_FACES]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    store_port, node_port = free_ports(2)
    plan = CloudPlan(ports["identity"], store_port, node_port)
    place = lay_out_cloud(directory, plan)
    ports[STORE] = store_port
    password = place.state / "service-password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(32), "utf-8")
    parts: dict[str, ServerProcess] = {
        STORE: ServerProcess(
            place.store.settings_file(STORE),
            store_port,
            log_of(place, STORE),
            outlives_us=False,
        )
    }
    shared = _shared(place, ports, database, bus, password)
    for name in names:
        file = place.store.settings_directory / f"{name}.conf"
        file.touch(mode=0o600)
        file.write_text(_settings(place, name, ports, shared), "utf-8")
        log = log_of(place, name)
        parts[name] = ServerProcess(
            file, ports[name], log, outlives_us=False, command=SERVE_CLOUD
        )
    cloud = PartedCloud(place, parts, ports)
    with ExitStack() as stack:
        for name in order:
            stack.enter_context(parts[name].running())
        yield cloud


class Broker:
    """RabbitMQ, which can be away."""

    def __init__(self) -> None:
        self._running = ExitStack()
        self.url = self._running.enter_context(rabbitmq())

    def stop(self) -> None:
        self._running.close()

    def start(self) -> None:
        self._running.enter_context(rabbitmq(urlsplit(self.url).port or 0))


@dataclass(frozen=True, slots=True)
class Parted:
    """A cloud in parts, and the servers that it stands on."""

    cloud: PartedCloud
    database: PostgreSQL
    broker: Broker


@contextmanager
def parted_on_servers(directory: Path) -> Iterator[Parted]:
    """A cloud in parts on a PostgreSQL and a RabbitMQ of its own."""
    with postgresql() as database:
        broker = Broker()
        try:
            url = database.new_database()
            with parted_cloud(directory, url, broker.url) as cloud:
                yield Parted(cloud, database, broker)
        finally:
            broker.stop()


def _shared(
    place: LaidOutCloud,
    ports: dict[str, int],
    database: str,
    bus: str,
    password: Path,
) -> str:
    lines = [f"{name}_url = http://127.0.0.1:{ports[name]}/{name}" for name in ROOMS]
    lines += [
        f"object_store_url = http://127.0.0.1:{place.plan.store_port}",
        f"database = {database}",
        f"bus = {bus}",
        f"service_password_file = {password}",
    ]
    return "\n".join(lines)


def _settings(
    place: LaidOutCloud, name: str, ports: dict[str, int], shared: str
) -> str:
    # The administrator's password is looked for where identity keeps it.
    state = place.state if name == "identity" else place.store.directory / name
    role = name.removesuffix("-2")
    return f"""[cloud]
roles = {role}
public_address = 127.0.0.1:{ports[name]}
state = {state}
host = host
{shared}

[agent]
hypervisor = sim
simulated_hosts = {HOSTS}

[volume]
ends_with_us = yes
"""
