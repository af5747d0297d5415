"""A cloud of two real hosts on one machine: each in namespaces of its own.

A host has its own network, name and ``/run`` (so each has a libvirtd, bridges and
sockets that the other cannot see); a wire joins both with the control plane.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from compute.cli.layout import SERVE_CLOUD, CloudPlan, LaidOutCloud, lay_out_cloud
from objectstore.cli.process import ServerProcess
from test.functional.compute.house import RunningCloud
from test.functional.compute.real_guests import wait_for
from test.functional.harness.ports import free_ports

WIRE = "wire"
NETWORK = "192.168.77"
HOUSE_ADDRESS = f"{NETWORK}.1"
AGENT_PORT = 7001
ROOMS = ("identity", "image", "network", "volume", "compute")
HOST_ROLES = ("agent", "network-agent")
STOP_SECONDS_MAX = 60.0
_SUCCEEDED = re.compile('" [23]\\d\\d ')


@dataclass(frozen=True, slots=True)
class HostPlace:
    """Where one host is."""

    name: str
    address: str
    settings: Path
    log: Path
    names: Path  # what it knows of names: libvirt asks for its own
    pid: int = 0  # of its agents, once they run

    def inside(self, *command: str) -> list[str]:
        """The command in the host's network."""
        return ["nsenter", f"--net=/run/netns/{self.name}", *command]

    def start(self) -> subprocess.Popen[bytes]:
        """Its agents, with a ``/run`` and a name of their own."""
        serve = [sys.executable, "-m", "compute", "serve", str(self.settings)]
        script = (
            "mount -t tmpfs none /run && mkdir /run/netns"
            f" && mount --bind {shlex.quote(str(self.names))} /etc/hosts"
            f" && hostname {self.name} && exec {shlex.join(serve)}"
        )
        # What others unmount meanwhile is not held here.
        own = ["--mount", "--propagation=slave", "--uts"]
        apart = ["unshare", *own, "sh", "-c", script]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.inside(*apart), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def within(self, *command: str) -> list[str]:
        """The command in all that the host has of its own; it must run."""
        return ["nsenter", "-t", str(self.pid), "--mount", "--net", *command]

    def doctor(self) -> subprocess.CompletedProcess[str]:
        """What he finds on the host, asked there."""
        # Entering a mount namespace leads to its root: say where we want to be.
        place = f"--wd={Path.cwd()}"
        there = ["nsenter", "-t", str(self.pid), "--mount", "--net", "--uts", place]
        module = "test.functional.compute.host_doctor"
        ask = [sys.executable, "-m", module, str(self.settings)]
        return subprocess.run([*there, *ask], capture_output=True, text=True)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run something in the host's network."""
        return subprocess.run(self.inside(*command), capture_output=True, text=True)


def run(*command: str) -> None:
    """It must succeed."""
    subprocess.run(command, check=True)


def lay_wire(names: list[str]) -> dict[str, str]:
    """A bridge with the house's address, and a namespace for each host on it; their
    addresses.  They end with the namespace that this runs in."""
    run("ip", "link", "add", WIRE, "type", "bridge")
    run("ip", "address", "add", f"{HOUSE_ADDRESS}/24", "dev", WIRE)
    run("ip", "link", "set", WIRE, "up")
    found = {}
    for number, name in enumerate(names, 11):
        address = f"{NETWORK}.{number}"
        run("ip", "netns", "add", name)
        outer = f"to-{name}"
        run("ip", "link", "add", outer, "type", "veth", "peer", "wire0", "netns", name)
        run("ip", "link", "set", outer, "master", WIRE, "up")
        for words in (
            ("link", "set", "lo", "up"),
            ("address", "add", f"{address}/24", "dev", "wire0"),
            ("link", "set", "wire0", "up"),
            ("route", "add", "default", "via", HOUSE_ADDRESS),
        ):
            run("ip", "-n", name, *words)
        found[name] = address
    return found


@contextmanager
def two_hosts(
    directory: Path,
    rooms: tuple[str, ...] = ROOMS,
    roles: tuple[str, ...] = HOST_ROLES,
    more: Mapping[str, Mapping[str, str]] | None = None,
    hypervisor: str = "libvirt",
) -> Iterator[tuple[RunningCloud, dict[str, HostPlace]]]:
    """The control plane (``rooms``, with ``more`` settings) here, a host with these
    ``roles`` and that ``hypervisor`` in each of two namespaces."""
    addresses = lay_wire(["alpha", "beta"])
    port, store_port, node_port = free_ports(3)
    url = f"http://{HOUSE_ADDRESS}:{port}"
    sections = {
        "cloud": {"public_address": f"0.0.0.0:{port}", "public_url": url},
        **(more or {"compute": {"down_after": "20"}}),
    }
    plan = CloudPlan(port, store_port, node_port, roles=rooms, sections=sections)
    place = lay_out_cloud(directory / "c", plan)
    with ExitStack() as stack:
        stack.enter_context(place.server(outlives_us=False).running())
        cloud = RunningCloud(place)
        hosts = {
            name: _host(
                directory, place, name, address, (url, rooms, roles), hypervisor
            )
            for name, address in addresses.items()
        }
        try:
            processes = {name: host.start() for name, host in hosts.items()}
            stack.callback(_stop, list(processes.values()))
            # Each command becomes the next one: their process is the agents'.
            hosts = {
                name: replace(host, pid=processes[name].pid)
                for name, host in hosts.items()
            }
            sdk = cloud.sdk()
            heard = sdk.compute.hypervisors if "agent" in roles else sdk.network.agents
            wait_for("two hosts", lambda: len({_name(one) for one in heard()}) == 2)
            yield cloud, hosts
        except BaseException:
            for log in [place.log, *(host.log for host in hosts.values())]:
                lines = log.read_text("utf-8").splitlines()
                told = [line for line in lines if not _SUCCEEDED.search(line)]
                print(f"==== {log.name}", *told[-60:], sep="\n")
            raise


@contextmanager
def second_volume_host(
    directory: Path,
    cloud: RunningCloud,
    rooms: tuple[str, ...] = ("identity", "image", "compute"),
) -> Iterator[ServerProcess]:
    """One beside the house's own, with files of its own; it asks these ``rooms``."""
    (port,) = free_ports(1)
    state = cloud.place.state
    settings = directory / "volumes.conf"
    urls = [f"{room.replace('-', '_')}_url = {cloud.url}/{room}" for room in rooms]
    settings.write_text(
        "\n".join(
            [
                "[cloud]",
                "roles = volume",
                f"public_address = 0.0.0.0:{port}",
                f"agent_url = http://127.0.0.1:{port}",
                "host = volumes",
                f"state = {directory / 'volumes-state'}",
                f"database = sqlite:///{state / 'cloud.db'}",
                f"service_password_file = {state / 'service-password'}",
                f"volume_url = {cloud.url}/volume",
                f"object_store_url = {cloud.store_url}",
                *urls,
                "[volume]",
                f"directory = {directory / 'volumes'}",
                "ends_with_us = yes",
                "jobs_looked_for = 0.2",
                "",
            ]
        ),
        "utf-8",
    )
    log = directory / "volumes.log"
    process = ServerProcess(settings, port, log, outlives_us=False, command=SERVE_CLOUD)
    process.launch()
    try:
        pools = cloud.sdk().block_storage.backend_pools
        wait_for("two volume hosts", lambda: len(list(pools())) == 2)
        yield process
    except BaseException:
        print(f"==== {log.name}", *log.read_text().splitlines()[-60:], sep="\n")
        raise
    finally:
        process.stop()


def _host(
    directory: Path,
    place: LaidOutCloud,
    name: str,
    address: str,
    served: tuple[str, tuple[str, ...], tuple[str, ...]],
    hypervisor: str,
) -> HostPlace:
    url, rooms, roles = served
    state = directory / name
    state.mkdir()
    settings = directory / f"{name}.conf"
    lines = [f"{room.replace('-', '_')}_url = {url}/{room}" for room in rooms]
    settings.write_text(
        "\n".join(
            [
                "[cloud]",
                f"roles = {', '.join(roles)}",
                f"public_address = {address}:{AGENT_PORT}",
                f"host = {name}",
                f"state = {state}",
                f"service_password_file = {place.state / 'service-password'}",
                *lines,
                "[agent]",
                f"hypervisor = {hypervisor}",
                "ends_with_us = yes",
                "look = 0.5",
                "[network-agent]",
                "look = 0.5",
                "[balancer-agent]",
                "look = 0.5",
                "",
            ]
        ),
        "utf-8",
    )
    names = directory / f"{name}.hosts"
    names.write_text(f"127.0.0.1 localhost\n{address} {name}\n", "utf-8")
    return HostPlace(name, address, settings, directory / f"{name}.log", names)


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()


def _name(heard: Any) -> str:
    """Of the host of an agent, or of a hypervisor."""
    return str(getattr(heard, "host", None) or heard.name)
