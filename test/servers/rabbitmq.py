"""A private RabbitMQ."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from test.functional.harness.ports import free_ports
from test.servers.program import directory, listens, running

PROGRAMS = Path("/usr/lib/rabbitmq/lib")


@contextmanager
def rabbitmq(port: int = 0) -> Iterator[str]:
    """The URL of a broker; ``port`` to have it where one was before."""
    found = sorted(PROGRAMS.glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    if not found:
        pytest.skip("rabbitmq-server is not installed")
    distribution, mapper = free_ports(2)
    port = port or free_ports(1)[0]
    with directory() as place:
        environment = {
            "HOME": str(place),
            "RABBITMQ_NODENAME": f"test{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(mapper),
            "RABBITMQ_MNESIA_BASE": str(place / "mnesia"),
            "RABBITMQ_LOG_BASE": str(place / "log"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(place / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 -kernel"
            " inet_dist_use_interface {127,0,0,1}",
        }
        try:
            with running(
                [found[-1]], place / "out", lambda: listens(port), environment
            ):
                yield f"amqp://guest:guest@127.0.0.1:{port}//"
        finally:
            _end_port_mapper(mapper)


def _end_port_mapper(port: int) -> None:
    """Erlang leaves one behind, in the background, for the next node."""
    done = subprocess.run(
        ["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True
    )
    for part in done.stdout.split("pid=")[1:]:
        with suppress(ProcessLookupError, ValueError):
            os.kill(int(part.split(",")[0]), signal.SIGTERM)
