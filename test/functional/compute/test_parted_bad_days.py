"""What happens to a cloud whose database or broker is away, or whose agent hangs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from compute.cli.layout import SERVE_CLOUD
from compute.core.jobs.lease import LEASE_SECONDS
from objectstore.cli.process import ServerProcess
from test.functional.compute.parted import AGENT, Parted, log_of
from test.functional.harness.ports import free_ports
from test.functional.harness.store import children

SECONDS_MAX = 60.0
POLL_SECONDS = 0.25
AWAY_SECONDS = 4.0
# More than the agent needs to see a job that no message told of.
LATENCY_SECONDS_MAX = 30.0
REFUSAL = "another agent looks after this host"


class BadCloud:
    """The cloud, what it stands on, and what its servers are made of."""

    def __init__(self, parted: Parted, disk: str) -> None:
        self.cloud, self.broker = parted.cloud, parted.broker
        self.database = parted.database
        self.sdk = sdk = self.cloud.sdk()
        image = sdk.create_image(
            "bad", filename=disk, disk_format="raw", container_format="bare"
        )
        network = sdk.network.create_network(name="bad")
        sdk.network.create_subnet(
            network_id=network.id, cidr="10.11.0.0/24", ip_version=4
        )
        flavor = sdk.compute.create_flavor(name="bad", ram=64, vcpus=1, disk=1)
        self._order = {
            "image_id": image.id,
            "flavor_id": flavor.id,
            "networks": [{"uuid": network.id}],
        }

    def boot(self, name: str) -> Any:
        return self.sdk.compute.create_server(name=name, **self._order)

    def status(self, server: Any) -> str:
        return str(self.sdk.compute.get_server(server.id).status)

    def wait_for(self, what: str, found: Callable[[], bool]) -> float:
        """Seconds until it was so."""
        began = time.monotonic()
        while not found():
            assert time.monotonic() < began + SECONDS_MAX, f"not in time: {what}"
            time.sleep(POLL_SECONDS)
        return time.monotonic() - began

    def wait_until_active(self, server: Any) -> float:
        """Seconds it took."""
        seconds = self.wait_for(
            "stable", lambda: self.status(server) in ("ACTIVE", "ERROR")
        )
        assert self.status(server) == "ACTIVE"
        return seconds

    def delete(self, server: Any) -> None:
        self.sdk.compute.delete_server(server)
        self.wait_for("gone", lambda: self.sdk.compute.find_server(server.id) is None)
        assert list(self.sdk.network.ports(device_id=server.id)) == []

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """The block begins when it has been away for a while."""
        self.database.stop()
        try:
            time.sleep(AWAY_SECONDS)
            yield
        finally:
            self.database.start()


@pytest.fixture(scope="module")
def bad(parted: Parted, tmp_path_factory: pytest.TempPathFactory) -> BadCloud:
    disk = tmp_path_factory.mktemp("image") / "disk.raw"
    disk.write_bytes(bytes(1 << 20))
    return BadCloud(parted, str(disk))


def test_the_database_is_away(bad: BadCloud) -> None:
    token = bad.cloud.token()
    server = bad.boot("orphan")
    with bad.without_database():
        for path in ("compute/v2.1/servers", "network/v2.0/ports", "image/v2/images"):
            room = path.partition("/")[0]
            url = f"http://127.0.0.1:{bad.cloud.ports[room]}/{path}"
            answer = bad.sdk.session.get(
                url, headers={"X-Auth-Token": token}, raise_exc=False
            )
            assert answer.status_code == 503, (path, answer.status_code, answer.text)
    bad.wait_until_active(server)
    bad.delete(server)


def test_the_broker_is_away(bad: BadCloud) -> None:
    """Messages are hints: without them everything takes some seconds longer."""
    bad.broker.stop()
    try:
        server = bad.boot("unheard")
        assert bad.wait_until_active(server) < LATENCY_SECONDS_MAX
    finally:
        bad.broker.start()
    bad.delete(server)
    another = bad.boot("heard")
    bad.wait_until_active(another)
    bad.delete(another)


def test_an_agent_that_hangs_keeps_its_host(bad: BadCloud) -> None:
    """Past its lease another agent may want the jobs: it must not start beside it."""
    supervisor = bad.cloud.parts[AGENT].pid
    workers = children(supervisor)
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        server = bad.boot("sleeper")
        slept = time.monotonic() + LEASE_SECONDS + 2
        second = _second_agent(bad)
        second.launch()
        try:
            bad.wait_for("its words", lambda: REFUSAL in bad.cloud.log("second"))
        finally:
            second.stop()
        time.sleep(max(0.0, slept - time.monotonic()))
        assert bad.status(server) == "BUILD"
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
    bad.wait_until_active(server)
    bad.delete(server)


def _second_agent(bad: BadCloud) -> ServerProcess:
    """As the first one, with another port."""
    directory = bad.cloud.place.store.settings_directory
    (port,) = free_ports(1)
    text = (directory / f"{AGENT}.conf").read_text("utf-8")
    file = directory / "second.conf"
    file.write_text(text.replace(str(bad.cloud.ports[AGENT]), str(port)), "utf-8")
    file.chmod(0o600)
    return ServerProcess(
        file,
        port,
        log_of(bad.cloud.place, "second"),
        outlives_us=False,
        command=SERVE_CLOUD,
    )
