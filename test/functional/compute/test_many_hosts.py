"""`openstack server migrate`, `evacuate` and their neighbours, over many hosts.

Five simulated hosts of one agent, and a sixth of another, which dies.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compute.agent.disks.qcow2 import empty_image
from compute.cli.layout import SERVE_CLOUD
from objectstore.cli.process import ServerProcess
from test.functional.compute.house import RunningCloud, running_cloud
from test.functional.harness.ports import free_ports

GIB = 1 << 30
HOSTS = 5
SERVERS = 8
LONELY = "lonely"
HOME = "many-0001"
SECONDS_MAX = 60.0
POLL_SECONDS = 0.25


@dataclass
class Wide:
    """The cloud, and the agent that may be killed."""

    cloud: RunningCloud
    lonely: ServerProcess
    lonely_guests: Path  # what its simulated hypervisor remembers

    @property
    def sdk(self) -> Any:
        return self.cloud.sdk()

    def ask(self, *words: str) -> Any:
        return self.cloud.openstack("--os-compute-api-version", "2.94", *words)

    def show(self, name: str) -> Any:
        compute = self.sdk.compute
        return compute.get_server(compute.find_server(name).id)

    def wait(self, what: str, found: Callable[[], bool]) -> None:
        until = time.monotonic() + SECONDS_MAX
        while not found():
            assert time.monotonic() < until, what
            time.sleep(POLL_SECONDS)

    def settled(self, name: str, status: str) -> None:
        def is_so() -> bool:
            server = self.show(name)
            return server.task_state is None and server.status == status

        self.wait(f"{name} {status}", is_so)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wide]:
    directory: Path = tmp_path_factory.mktemp("wide")
    sections = {
        "agent": {"hypervisor": "sim", "simulated_hosts": str(HOSTS)},
        "cloud": {"host": HOME.partition("-")[0]},
    }
    with ExitStack() as stack:
        cloud = stack.enter_context(running_cloud(directory / "c", sections))
        (port,) = free_ports(1)
        settings = directory / "lonely.conf"
        urls = [
            f"{room}_url = {cloud.url}/{room}"
            for room in ("identity", "image", "network", "volume", "compute")
        ]
        lines = [
            "[cloud]",
            "roles = agent",
            f"public_address = 127.0.0.1:{port}",
            f"host = {LONELY}",
            f"state = {directory / LONELY}",
            f"service_password_file = {cloud.place.state / 'service-password'}",
            *urls,
            "[agent]",
            "hypervisor = sim",
            "",
        ]
        settings.write_text("\n".join(lines), "utf-8")
        lonely = ServerProcess(
            settings,
            port,
            directory / "lonely.log",
            outlives_us=False,
            command=SERVE_CLOUD,
        )
        stack.enter_context(lonely.running())
        found = Wide(cloud, lonely, directory / LONELY / "agent" / "guests.json")
        sdk = found.sdk
        found.wait(
            "all hosts", lambda: len(list(sdk.compute.hypervisors())) == HOSTS + 1
        )
        image = directory / "tiny.qcow2"
        image.write_bytes(empty_image(GIB))
        sdk.create_image("tiny", filename=str(image), disk_format="qcow2", wait=True)
        sdk.create_flavor("small", ram=512, vcpus=1, disk=1)
        network = sdk.network.create_network(name="net")
        sdk.network.create_subnet(
            network_id=network.id, cidr="10.78.0.0/24", ip_version=4
        )
        yield found


def boot(wide: Wide, name: str, *more: str) -> None:
    made = wide.ask(
        *("server", "create", name, "--flavor", "small", "--image", "tiny"),
        *("--network", "net", "--wait", *more),
    )
    assert made["status"] == "ACTIVE", made


def test_cold_and_live(wide: Wide) -> None:
    boot(wide, "mover", "--availability-zone", f"nova:{HOME}")
    # From one agent's host to the other's, and back: through their doors.
    for wanted in (LONELY, HOME):
        wide.ask("server", "migrate", "--live-migration", "--host", wanted, "mover")
        wide.wait("moved", lambda: wide.show("mover").compute_host == wanted)  # noqa: B023
        wide.settled("mover", "ACTIVE")
    wide.ask("server", "migrate", "mover")
    wide.settled("mover", "VERIFY_RESIZE")
    wide.ask("server", "migration", "confirm", "mover")
    wide.settled("mover", "ACTIVE")
    assert wide.show("mover").compute_host != HOME
    listed = wide.ask("server", "migration", "list", "--server", "mover")
    assert {each["Status"] for each in listed} == {"confirmed", "completed"}
    wide.ask("server", "delete", "--wait", "mover")


def test_cold_from_agent_to_agent(wide: Wide) -> None:
    boot(wide, "carried", "--availability-zone", f"nova:{HOME}")
    wide.sdk.compute.migrate_server(wide.show("carried"), host=LONELY)
    wide.settled("carried", "VERIFY_RESIZE")
    assert wide.show("carried").compute_host == LONELY
    wide.ask("server", "migration", "revert", "carried")
    wide.settled("carried", "ACTIVE")
    assert wide.show("carried").compute_host == HOME
    wide.ask("server", "delete", "--wait", "carried")


def test_a_volume_goes_along(wide: Wide) -> None:
    boot(wide, "keeper")
    volumes = wide.sdk.block_storage
    made = wide.ask("volume", "create", "--size", "1", "data")["id"]

    def volume_is(status: str) -> bool:
        return bool(volumes.get_volume(made).status == status)

    wide.wait("available", lambda: volume_is("available"))
    wide.ask("server", "add", "volume", "keeper", made)
    wide.wait("attached", lambda: volume_is("in-use"))
    before = wide.show("keeper").compute_host
    wide.ask("server", "migrate", "keeper")
    wide.settled("keeper", "VERIFY_RESIZE")
    wide.ask("server", "migration", "confirm", "keeper")
    wide.settled("keeper", "ACTIVE")
    assert wide.show("keeper").compute_host != before
    (attached,) = wide.ask("server", "volume", "list", "keeper")
    assert attached["Device"] == "/dev/vdb"
    wide.ask("server", "remove", "volume", "keeper", made)
    wide.wait("detached", lambda: volume_is("available"))
    wide.ask("volume", "delete", made)
    wide.ask("server", "delete", "--wait", "keeper")


def test_a_host_is_drained_by_live_migration(wide: Wide) -> None:
    names = [f"s{number}" for number in range(SERVERS)]
    for name in names:
        boot(wide, name)
    places = [wide.show(name).compute_host for name in names]
    full = max(places, key=places.count)
    wide.ask("compute", "service", "set", "--disable", full, "nova-compute")
    leaving = [name for name in names if wide.show(name).compute_host == full]
    for name in leaving:
        wide.ask("server", "migrate", "--live-migration", name)
    for name in leaving:
        wide.wait(
            f"{name} away",
            lambda: wide.show(name).compute_host != full,  # noqa: B023
        )
        wide.settled(name, "ACTIVE")
    hypervisor = wide.sdk.compute.find_hypervisor(full)
    wide.wait(
        "nothing claimed",
        lambda: not list(wide.sdk.compute.servers(all_projects=True, host=full)),
    )
    assert hypervisor is not None
    wide.ask("compute", "service", "set", "--enable", full, "nova-compute")
    wide.ask("server", "delete", "--wait", *names)


def test_servers_of_a_dead_host_are_evacuated(wide: Wide) -> None:
    boot(wide, "survivor", "--availability-zone", f"nova:{LONELY}")
    assert wide.show("survivor").compute_host == LONELY
    refused = wide.cloud.run_openstack("server", "evacuate", "survivor", expected=None)
    assert "still in use" in refused.errors
    os.kill(wide.lonely.pid, signal.SIGKILL)
    wide.lonely.stop()
    wide.ask("compute", "service", "set", "--down", LONELY, "nova-compute")
    wide.ask("server", "evacuate", "survivor")
    wide.wait("moved", lambda: wide.show("survivor").compute_host != LONELY)
    wide.settled("survivor", "ACTIVE")
    # The dead host comes back, and finds that its guest is elsewhere.
    guests = wide.lonely_guests
    assert guests.read_text("utf-8") != "{}"
    wide.lonely.start()
    wide.ask("compute", "service", "set", "--up", LONELY, "nova-compute")
    wide.wait("cleared", lambda: guests.read_text("utf-8") == "{}")
    wide.ask("server", "delete", "--wait", "survivor")
