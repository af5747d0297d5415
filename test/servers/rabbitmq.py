"""A private RabbitMQ."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from test.functional.harness.ports import free_ports
from test.servers.program import directory, listens, need, running

PROGRAMS = Path("/usr/lib/rabbitmq/lib")


@contextmanager
def rabbitmq(port: int = 0) -> Iterator[str]:
    """The URL of a broker; ``port`` to have it where one was before."""
    found = sorted(PROGRAMS.glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    if not found:
        pytest.skip("rabbitmq-server is not installed")
    need("epmd")
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
        # Erlang would start one itself, in the background, for ever.
        epmd = ["epmd", "-port", str(mapper), "-address", "127.0.0.1"]
        with (
            running(epmd, place / "epmd", lambda: listens(mapper)),
            running(
                [found[-1]],
                place / "out",
                lambda: listens(port),
                environment,
                with_descendants=True,
            ),
        ):
            yield f"amqp://guest:guest@127.0.0.1:{port}//"
